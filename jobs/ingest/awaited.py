"""Awaited feeds: whether a night's files have come, until when it waits, and what it then does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from jobs.ingest.feeds import FeedNight
from jobs.ingest.landing import Landed, find_files, holds_something
from jobs.ingest.parts import WEEKDAYS, Late
from jobs.lake.days import day_end, next_time
from jobs.lake.decisions import released
from jobs.lake.notice import notice
from jobs.lake.tables.late import LATE_FEEDS

RULE = "late"
"""By this name somebody lets a night go on without a feed whose policy is to stop."""


@dataclass(frozen=True)
class Awaited:
    """A feed whose files of a night have not all come.

    Attributes
    ----------
    name, owner : str
        The feed, and who keeps it.
    as_of : date
        Business day of the files.
    policy : Late
        What its catalogue says of this.
    found : int
        Files of the day that are there and can be read.
    wait_until : datetime or None
        Until when a night waits for the others (UTC).
    time_zone : str
        Zone of the feed, in which that time is told.
    """

    name: str
    owner: str
    as_of: date
    policy: Late
    found: int
    wait_until: datetime | None
    time_zone: str

    def __str__(self) -> str:
        """Say what has not come, and until when it was waited for."""
        many = f"{self.found} of {self.policy.files} files" if self.policy.files > 1 else "no file"
        by = f" by {self.policy.wait_until} {self.time_zone}" if self.wait_until else ""
        return f"{self.name}: {many} of {self.as_of} had come{by}"

    def waits(self, now: datetime) -> bool:
        """Whether a night still waits for it."""
        return self.wait_until is not None and now < self.wait_until


def awaited(night: FeedNight) -> Awaited | None:
    """Return what a feed still owes its night; None where all is there or nothing was to come."""
    mapping, as_of = night.mapping, night.run.as_of
    policy = mapping.feed.late
    if policy is None or WEEKDAYS[as_of.weekday()] not in policy.weekdays:
        return None
    found = len(_of_the_day(night)) if night.landing.is_dir() else 0
    if found >= policy.files:
        return None
    until = None
    if policy.clock is not None:
        until = next_time(policy.clock, day_end(as_of, mapping.main.time_zone), mapping.time_zone)
    return Awaited(mapping.name, mapping.feed.owner, as_of, policy, found, until, mapping.time_zone)


def judge_lateness(night: FeedNight) -> tuple[str | None, bool]:
    """Judge a feed by its policy, as its night takes what has come.

    A past night, after which others have been, goes on without a word: what it lacks is not coming.

    Returns
    -------
    str or None
        What is to be said of the feed in ``ops.runs``; None where it is not late.
    bool
        Whether the night stops for it.
    """
    feed = awaited(night)
    if feed is None:
        return None, False
    if any(s.job == "ingest" and s.as_of > feed.as_of for s in night.run.done):
        return f"{feed}; a past night goes on without", False
    outcome = "went_on"
    if feed.policy.then == "stop":
        outcome = "released" if released(night.run, feed.name, RULE) else "stopped"
    _record_once(night, feed, outcome)
    if outcome == "stopped":
        return (
            f"{feed}: the night stops for it. Run the night again when it has come; or go on "
            f"without it: bespoke release {feed.name} --rule {RULE} --date {feed.as_of} "
            '--why "…"',
            True,
        )
    return f"{feed}; the night went on without", False


def _record_once(night: FeedNight, feed: Awaited, outcome: str) -> None:
    """Record what became of a night, and tell the owner; a night that is run again tells nothing.

    Recorded last: a night that is killed in between tells twice.
    """
    lake = night.run.lake
    known = [("source", "=", feed.name), ("as_of", "=", feed.as_of), ("found", "=", feed.found)]
    if outcome in lake.rows(LATE_FEEDS, known, ["outcome"]).column("outcome").to_pylist():
        return
    said = "stops for it" if outcome == "stopped" else "goes on without"
    notice(
        {
            "text": f"{feed}; the night {said}. Owner of the feed: {feed.owner}",
            "feed": feed.name,
            "owner": feed.owner,
            "outcome": outcome,
            "date": feed.as_of.isoformat(),
        },
        night.run.settings.airflow.alert_webhook,
    )
    lake.append_rows(
        LATE_FEEDS,
        [
            {
                "source": feed.name,
                "as_of": feed.as_of,
                "wanted": feed.policy.files,
                "found": feed.found,
                "wait_until": feed.wait_until,
                "outcome": outcome,
                "run_id": night.run.id,
                "recorded_at": datetime.now(UTC),
            }
        ],
    )


def _of_the_day(night: FeedNight) -> list[Landed]:
    """Return the files of the night's own day: their paths name it, or it is the first to see them.

    Of files whose path names no day those count that no earlier night has taken. One that is empty
    or cannot be read has not come.
    """
    feed, as_of = night.mapping.feed, night.run.as_of
    files = [f for f in find_files(night.landing, feed, as_of) if f.known_from == as_of]
    mine = [f for f in files if f.dated or not night.ledger.taken_before(f, as_of)]
    return [f for f in mine if _has_come(night, f)]


def _has_come(night: FeedNight, landed: Landed) -> bool:
    """Whether a file is more than a name; one that was refused is looked at again."""
    state = night.ledger.state(landed)
    if state in ("done", "planned", "empty"):
        return state != "empty"
    return holds_something(landed, night.mapping.feed)
