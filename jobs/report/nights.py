"""Nights: how each of them went, from ``ops.runs``.

A job that was tried again counts with its latest try that had something to do. Rows of feeds are
added up over all tries, since a try takes only what the ones before it left.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from jobs.lake.decisions import NIGHT, in_force
from jobs.lake.folders import Folder
from jobs.lake.tables.ops import DECISIONS, RUNS
from jobs.report.discreet import discreet
from jobs.report.ledger import recent
from jobs.stages import STAGES

COUNTED = ("read", "accepted", "quarantined", "duplicate")
STAGE_OF = {
    step.partition(":")[2]: stage.name
    for stage in STAGES
    for group in stage.steps
    for step in group
} | {"derive": "ingest"}
"""Job to stage. What a person runs beside a night, as a replay, is in none."""

_ORDER = [stage.name for stage in STAGES]
AFTERWARDS = frozenset(
    job for job, name in STAGE_OF.items() if _ORDER.index(name) > _ORDER.index("publish")
)
"""Jobs that run when the lists are published: that one of them fails takes nothing back."""

_RUNS = """
    SELECT as_of, job, source, state, started_at, ended_at, rows_written, error,
        rows_read, rows_accepted, rows_quarantined, rows_duplicate
    FROM ledger
    WHERE as_of IN (SELECT DISTINCT as_of FROM ledger ORDER BY 1 DESC LIMIT ?) AND repeats IS NULL
    ORDER BY started_at
"""

_DECISIONS = "SELECT kind, as_of, why, recorded_at FROM ledger WHERE subject = ?"


@dataclass(frozen=True)
class Trouble:
    """A job that failed, was stopped, or had something to say; of a sound night it is a remark.

    Attributes
    ----------
    job : str
        The job.
    source : str or None
        The feed it read.
    state : str
        failed, stopped, or succeeded: then it is a remark in any case.
    text : str
        What it said, without values of rows.
    """

    job: str
    source: str | None
    state: str
    text: str


@dataclass(frozen=True)
class Night:
    """One night.

    Attributes
    ----------
    night : date
        Business day.
    state : str
        published; failed; stopped, by a rule or a limit; unfinished; or given up by a decision.
    started_at, ended_at : datetime
        First start and last end of its jobs (UTC).
    seconds : float
        Time in which at least one job was at work: the hours between two tries are not in it.
    rows : dict of str to int
        Rows read, accepted, quarantined and duplicate, of all feeds; empty before ingest.
    persons : int or None
        Profiles written.
    last_job : str
        The job that ended last.
    troubles : tuple of Trouble
        What the latest tries said.
    jobs : dict of str to float
        Job to seconds, of those that succeeded.
    stages : dict of str to float
        Stage to seconds, of those whose jobs succeeded.
    feeds : dict of str to dict of str to int
        Feed to its rows.
    """

    night: date
    state: str
    started_at: datetime
    ended_at: datetime
    seconds: float
    rows: dict[str, int]
    persons: int | None
    last_job: str
    troubles: tuple[Trouble, ...] = ()
    jobs: dict[str, float] = field(default_factory=dict)
    stages: dict[str, float] = field(default_factory=dict)
    feeds: dict[str, dict[str, int]] = field(default_factory=dict)

    @property
    def sound(self) -> bool:
        """Whether its lists were published."""
        return self.state == "published"


def read_nights(lake: Folder, limit: int) -> list[Night]:
    """Return the last nights, oldest first."""
    by_night: dict[date, list[dict[str, Any]]] = defaultdict(list)
    for row in recent(lake, RUNS, _RUNS, [limit], nights=limit):
        if row["job"] in STAGE_OF:
            by_night[row["as_of"]].append(row)
    decided = in_force(recent(lake, DECISIONS, _DECISIONS, [NIGHT]))
    found = [_night(night, by_night[night]) for night in sorted(by_night)]
    return [_given_up(night, decided.get(night.night)) for night in found]


def _given_up(night: Night, why: str | None) -> Night:
    if why is None or night.sound:
        return night
    said = Trouble("abandon", None, "succeeded", discreet(why))
    return replace(night, state="given up", troubles=(said, *night.troubles))


def _night(night: date, rows: list[dict[str, Any]]) -> Night:
    latest = list({(row["job"], row["source"]): row for row in rows}.values())
    jobs, stages = _by(latest, lambda job: job), _by(latest, STAGE_OF.__getitem__)
    feeds = _feeds(rows)
    profiles = [row["rows_written"] for row in latest if row["job"] == "profiles"]
    return Night(
        night,
        _state(latest),
        min(row["started_at"] for row in latest),
        max(_end(row) for row in latest),
        _at_work(latest),
        {c: sum(feed[c] for feed in feeds.values()) for c in COUNTED} if feeds else {},
        profiles[0] if profiles else None,
        max(latest, key=_end)["job"],
        tuple(
            Trouble(row["job"], row["source"], row["state"], discreet(row["error"] or ""))
            for row in latest
            if row["error"] or row["state"] != "succeeded"
        ),
        jobs,
        stages,
        feeds,
    )


def _state(latest: Iterable[Mapping[str, Any]]) -> str:
    before = [row for row in latest if row["job"] not in AFTERWARDS]
    states = {row["state"] for row in before}
    for bad in ("failed", "stopped"):
        if bad in states:
            return bad
    return "published" if any(row["job"] == "publish" for row in before) else "unfinished"


def _by(latest: list[dict[str, Any]], named: Any) -> dict[str, float]:
    """Return the time at work of each group of jobs that succeeded."""
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in latest:
        groups[named(row["job"])].append(row)
    return {
        name: _at_work(rows)
        for name, rows in groups.items()
        if all(row["state"] == "succeeded" for row in rows)
    }


def _end(row: Mapping[str, Any]) -> datetime:
    end: datetime = row["ended_at"] or row["started_at"]
    return end


def _at_work(rows: Iterable[Mapping[str, Any]]) -> float:
    """Return the seconds in which at least one of these jobs ran; many run side by side."""
    seconds, reached = 0.0, None
    for start, end in sorted((row["started_at"], _end(row)) for row in rows):
        begin = start if reached is None else max(start, reached)
        seconds += max((end - begin).total_seconds(), 0.0)
        reached = end if reached is None else max(end, reached)
    return seconds


def _feeds(rows: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    feeds: dict[str, dict[str, int]] = {}
    for row in rows:
        if row["job"] == "ingest" and row["source"]:
            feed = feeds.setdefault(row["source"], dict.fromkeys(COUNTED, 0))
            for name in COUNTED:
                feed[name] += row[f"rows_{name}"] or 0
    return dict(sorted(feeds.items()))
