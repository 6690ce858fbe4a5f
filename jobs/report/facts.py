"""The facts of the report: all that its page says, read without a JVM."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from jobs.cli.shown import in_force
from jobs.lake.errors import first_line
from jobs.lake.folders import lake_root
from jobs.lake.lock import owner
from jobs.lake.outage import without_password
from jobs.lake.query import records
from jobs.lake.settings import Settings, held_set
from jobs.report.durations import Duration, durations
from jobs.report.exports import Export, read_exports
from jobs.report.feeds import Feed, read_feeds
from jobs.report.nights import Night, read_nights
from jobs.report.quality import Quality, read_quality
from jobs.report.segments import Segment, read_segments
from jobs.report.storage import Stored, read_storage
from jobs.report.trainings import Training, read_trainings
from jobs.report.verdict import Verdict, verdict

log = logging.getLogger("bespoke")

NIGHTS = 90
"""Nights that are looked at: a quarter of a year, and as many as a plot on a telephone can show."""

_KINDS = "SELECT kind, count(*) AS n FROM identity.persons GROUP BY 1 ORDER BY 2 DESC, 1"


@dataclass(frozen=True)
class Facts:
    """What the page says.

    Attributes
    ----------
    made_at : datetime
        When it was read (UTC).
    source : str or None
        The source set of the home.
    verdict : Verdict
        Whether the last night is sound, in words.
    shown : date or None
        The night whose lists people are shown.
    nights : list of Night
        Oldest first; what is by night elsewhere is in their order.
    durations, feeds, quality, segments, exports, storage
        As their modules describe them.
    trainings : list of Training or None
        None where MLflow does not answer.
    kinds : dict of str to int
        Kind of person to their number, as identity has them now.
    small_bytes : int
        A file below this size is small.
    """

    made_at: datetime
    source: str | None
    verdict: Verdict
    shown: date | None
    nights: list[Night]
    durations: list[Duration]
    feeds: list[Feed]
    quality: Quality
    segments: list[Segment]
    kinds: dict[str, int]
    trainings: list[Training] | None
    exports: list[Export]
    storage: list[Stored]
    small_bytes: int


def gather(home: Path, now: datetime, settings: Settings) -> Facts:
    """Read the facts of a home.

    Parameters
    ----------
    home : Path
        Folder of all data; it may be empty.
    now : datetime
        When the report is made.
    settings : Settings
        Where models are tracked, and by which size a file is small.
    """
    lake, small_bytes = lake_root(home), settings.maintenance.small_bytes
    nights = read_nights(lake, NIGHTS)
    since = nights[0].night if nights else date.min
    shown = in_force(lake)
    feeds, quality = read_feeds(lake, nights), read_quality(lake, since)
    exports, took = read_exports(home, since), durations(nights)
    in_use = None if shown is None else shown.night
    return Facts(
        now,
        held_set(home),
        verdict(nights, in_use, took, feeds, quality, exports, at_work=owner(lake)[1]),
        in_use,
        nights,
        took,
        feeds,
        quality,
        read_segments(lake, _dates(nights)),
        {row["kind"]: row["n"] for row in records(_KINDS, lake)},
        _trainings(home, settings),
        exports,
        read_storage(lake, [night.ended_at for night in nights], small_bytes),
        small_bytes,
    )


def _trainings(home: Path, settings: Settings) -> list[Training] | None:
    try:
        return read_trainings(home, settings.models.tracking_uri)
    except Exception as error:
        # Of whatever kind: MLflow's stores raise what their libraries do.
        why = without_password(first_line(error))
        log.warning("the report lacks the figures of the model: MLflow does not answer: %s", why)
        return None


def _dates(nights: Sequence[Night]) -> list[date]:
    return [night.night for night in nights]
