"""Decisions that a person takes at the command."""

from __future__ import annotations

from datetime import date

from jobs.lake.decisions import ABANDON, NIGHT, RESUME, decide, given_up, release
from jobs.lake.errors import BespokeError
from jobs.lake.folders import lake_root
from jobs.lake.history import LAST_JOB, successes
from jobs.lake.lock import writer
from jobs.lake.opening import open_lake
from jobs.lake.run import Record, Run
from jobs.lake.settings import conf_folder, settings
from jobs.lake.store import Lake
from jobs.lake.tables import TABLES
from jobs.lake.tables.ops import RUNS


class DecisionError(BespokeError):
    """A decision would be about nothing."""


def record_release(subject: str, as_of: date, why: str, rule: str | None) -> str:
    """Record that a table or feed may pass; return the decision's id.

    Raises
    ------
    DecisionError
        There is no such table or feed, or no reason is given.
    DataError, ClockError
        The lake may not be written.
    """
    from jobs.ingest.catalogue import load_catalogue

    why = _reason(why, "a release")
    feeds = [
        name
        for sources in load_catalogue(conf_folder() / "sources").values()
        for name, _, _ in sources.feeds()
    ]
    if subject not in TABLES and subject not in feeds:
        raise DecisionError(
            f"{subject!r} is neither a table (`bespoke tables`) nor a feed (`bespoke sources`)"
        )
    return release(_opened(), subject, as_of, why, rule)


def abandon(as_of: date, why: str) -> str:
    """Record that a night is given up, in ``ops.decisions`` and ``ops.runs``.

    Raises
    ------
    DecisionError
        It is published, or given up already, or no reason is given.
    LockedError
        A run writes the lake.
    """
    why = _reason(why, "giving a night up")
    with writer(lake_root(), f"giving up the night of {as_of}"):
        lake = _opened()
        if as_of in given_up(lake):
            raise DecisionError(f"the night of {as_of} is given up already")
        if lake.exists(RUNS) and any(
            s.job == LAST_JOB and s.as_of == as_of for s in successes(lake)
        ):
            raise DecisionError(
                f"the night of {as_of} is published: `bespoke publish rollback` shows an earlier "
                "one again"
            )
        return _recorded(lake, ABANDON, as_of, why)


def resume(as_of: date, why: str) -> str:
    """Record that a night is not given up any more.

    Raises
    ------
    DecisionError
        It was not given up, or no reason is given.
    LockedError
        A run writes the lake.
    """
    why = _reason(why, "taking a decision back")
    with writer(lake_root(), f"taking up the night of {as_of} again"):
        lake = _opened()
        if as_of not in given_up(lake):
            raise DecisionError(f"the night of {as_of} is not given up")
        return _recorded(lake, RESUME, as_of, why)


def _recorded(lake: Lake, kind: str, as_of: date, why: str) -> str:
    # The decision last: it is what counts.
    Run(settings(), lake, as_of, "manual").write(Record(kind, error=why))
    return decide(lake, kind, NIGHT, as_of, why)


def _reason(why: str, what: str) -> str:
    if not why.strip():
        raise DecisionError(f'{what} is recorded with its reason: --why "…"')
    return why.strip()


def _opened() -> Lake:
    """Return the lake, looked at as before a night."""
    lake = Lake(lake_root())
    open_lake(lake)
    return lake
