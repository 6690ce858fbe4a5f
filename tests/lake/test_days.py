"""Business days: where they end, in every zone and as clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from pydantic import TypeAdapter, ValidationError

from jobs.lake.days import Zone, day_end, last_ended, next_time


@pytest.mark.parametrize(
    ("day", "zone", "end", "hours"),
    [
        ("2026-03-29", "Europe/London", "2026-03-29T23:00", 23),
        ("2026-10-25", "Europe/London", "2026-10-26T00:00", 25),
        ("2026-03-08", "America/Los_Angeles", "2026-03-09T07:00", 23),
        ("2026-11-01", "America/Los_Angeles", "2026-11-02T08:00", 25),
        ("2026-04-05", "Pacific/Auckland", "2026-04-05T12:00", 25),
        ("2026-09-27", "Pacific/Auckland", "2026-09-27T11:00", 23),
        ("2026-12-31", "Asia/Tokyo", "2026-12-31T15:00", 24),
        ("2028-02-28", "UTC", "2028-02-29T00:00", 24),
        ("2028-02-29", "UTC", "2028-03-01T00:00", 24),
    ],
)
def test_a_day_ends_where_the_next_one_begins(day: str, zone: str, end: str, hours: int) -> None:
    found = day_end(date.fromisoformat(day), zone)
    assert found == datetime.fromisoformat(end).replace(tzinfo=UTC)
    before = day_end(date.fromisoformat(day) - timedelta(days=1), zone)
    assert found - before == timedelta(hours=hours)
    # Half-open: the moment itself is of the next day.
    assert last_ended(found, zone) == date.fromisoformat(day)
    assert last_ended(found - timedelta(seconds=1), zone) < date.fromisoformat(day)


@pytest.mark.parametrize(
    ("clock", "after", "zone", "expected"),
    [
        ("04:00", "2026-08-29T23:00", "Europe/London", "2026-08-30T03:00"),
        ("04:00", "2026-08-30T03:00", "Europe/London", "2026-08-30T03:00"),
        ("04:00", "2026-08-30T03:01", "Europe/London", "2026-08-31T03:00"),
        # Left out: an hour later.
        ("01:30", "2026-03-29T00:00", "Europe/London", "2026-03-29T01:30"),
        # There twice: the first.
        ("01:30", "2026-10-24T23:00", "Europe/London", "2026-10-25T00:30"),
        ("23:59", "2028-02-29T00:00", "UTC", "2028-02-29T23:59"),
    ],
)
def test_the_next_time_of_a_clock(clock: str, after: str, zone: str, expected: str) -> None:
    found = next_time(
        time.fromisoformat(clock), datetime.fromisoformat(after).replace(tzinfo=UTC), zone
    )
    assert found == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_a_zone_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValidationError, match="no time zone 'Europe/Lodon'"):
        TypeAdapter(Zone).validate_python("Europe/Lodon")
