"""Business days: each is a day of one time zone, of 23 to 25 hours, half-open in UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator


def _known(name: str) -> str:
    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        raise ValueError(f"no time zone {name!r}; one is named as Europe/London") from None
    return name


Zone = Annotated[str, AfterValidator(_known)]
"""Name of a time zone, as the IANA has it."""


def day_end(day: date, zone: str) -> datetime:
    """Return the moment (UTC) at which a business day ends; it is no part of the day.

    >>> day_end(date(2026, 3, 29), "Europe/London").isoformat()
    '2026-03-29T23:00:00+00:00'
    """
    midnight = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone))
    return midnight.astimezone(UTC)


def last_ended(at: datetime, zone: str) -> date:
    """Return the last business day that had ended at a moment.

    >>> last_ended(datetime(2026, 8, 30, 2, tzinfo=UTC), "America/Los_Angeles").isoformat()
    '2026-08-28'
    """
    return at.astimezone(ZoneInfo(zone)).date() - timedelta(days=1)


def next_time(clock: time, after: datetime, zone: str) -> datetime:
    """Return the first moment (UTC), not before another one, at which clocks of a zone show a time.

    A time that is there twice counts when it comes first; one that is left out, as the clocks are
    put forward, counts an hour later.
    """
    there = ZoneInfo(zone)
    day = after.astimezone(there).date()
    # Compared in UTC: two times of one zone are compared by what clocks show.
    found = datetime.combine(day, clock, there).astimezone(UTC)
    if found < after:
        found = datetime.combine(day + timedelta(days=1), clock, there).astimezone(UTC)
    return found
