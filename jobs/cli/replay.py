"""Replay of quarantined rows, by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from jobs.cli.logs import to_file
from jobs.cli.nights import night_of
from jobs.cli.schedule import business_day
from jobs.lake.errors import BespokeError
from jobs.lake.folders import lake_root
from jobs.lake.lock import writer
from jobs.lake.query import records
from jobs.lake.run import open_run
from jobs.lake.settings import home, settings


class ReplayError(BespokeError):
    """It was not said what to replay."""


def replay_rows(row_ids: list[str] | None, source: str | None) -> tuple[int, int]:
    """Replay some rows, or all of a feed; return how many were accepted and how many not.

    They come with the next night, as rows do that arrive after the last one: jobs that read what is
    new then find them.

    Raises
    ------
    ReplayError
        Neither rows nor a feed were named, or both.
    """
    if (row_ids is None) == (source is None):
        raise ReplayError("name the rows to replay, or a feed with --source")
    from jobs.ingest.replay import replay

    lake = lake_root()
    with to_file(home() / "logs" / "replay.log"), writer(lake, "bespoke quarantine replay"):
        last = records("SELECT max(as_of) AS night FROM ops.runs WHERE job = 'ingest'", lake)
        night = (last[0]["night"] if last else None) or business_day(datetime.now(UTC))
        # Of a set that has ended that is its last night again.
        coming = night_of(night + timedelta(days=1), settings())
        return replay(open_run(settings(), coming, "manual"), row_ids, source)
