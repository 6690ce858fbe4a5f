"""History: which version a past night reads, and which nights stand on one done again."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from jobs.lake.history import LAST_JOB, Success, outdated, version_then
from jobs.lake.tables.gold import RFM
from jobs.lake.tables.silver import PRODUCTS

FIRST, SECOND, THIRD = (date(2026, 3, day) for day in (1, 2, 3))


def ran(job: str, *told: tuple[date, int, int]) -> list[Success]:
    """A job on nights, each an hour after the one before; with the version read, rows brought."""
    start = datetime(2026, 3, 10, tzinfo=UTC)
    return [
        Success(job, night, start + timedelta(hours=n), {PRODUCTS.id: version}, brought)
        for n, (night, version, brought) in enumerate(told)
    ]


def test_the_newest_night_reads_the_latest() -> None:
    done = ran("score", (FIRST, 3, 0), (SECOND, 5, 0))
    assert version_then(done, "score", SECOND, PRODUCTS) is None
    assert version_then(done, "score", THIRD, PRODUCTS) is None


def test_a_past_night_reads_what_it_read_when_it_was_run_last() -> None:
    done = ran("score", (FIRST, 3, 0), (FIRST, 4, 0), (SECOND, 5, 0))
    assert version_then(done, "score", FIRST, PRODUCTS) == 4
    assert version_then(done, "publish", FIRST, PRODUCTS) is None, "it never ran on that night"


def test_a_table_that_holds_its_nights_by_themselves_is_read_as_it_is() -> None:
    done = ran("score", (FIRST, 3, 0), (SECOND, 5, 0))
    done = [Success(s.job, s.as_of, s.started_at, {RFM.id: 1}, 0) for s in done]
    assert version_then(done, "score", FIRST, RFM) is None


@pytest.mark.parametrize(
    ("night", "rows", "version"), [(FIRST, 7, None), (FIRST, 0, 3), (SECOND, 7, 3)]
)
def test_a_past_night_that_got_rows_of_its_own_since_reads_the_latest(
    night: date, rows: int, version: int | None
) -> None:
    done = ran("score", (FIRST, 3, 0), (SECOND, 5, 0))
    late = datetime(2026, 3, 11, tzinfo=UTC)
    done.append(Success("ingest", night, late, {}, rows))
    assert version_then(done, "score", FIRST, PRODUCTS) == version


@pytest.mark.parametrize(
    ("night", "hours", "version"), [(FIRST, 9, None), (SECOND, 9, 3), (FIRST, -9, 3)]
)
def test_so_does_one_of_which_a_file_was_read_since(
    night: date, hours: int, version: int | None
) -> None:
    done = ran("score", (FIRST, 3, 0), (SECOND, 5, 0))
    files = [(night, done[0].started_at + timedelta(hours=hours))]
    assert version_then(done, "score", FIRST, PRODUCTS, files) == version


@pytest.mark.parametrize(
    ("nights", "found"),
    [
        ([], []),
        ([FIRST, SECOND, THIRD], []),
        ([FIRST, SECOND, THIRD, THIRD], []),
        ([FIRST, SECOND, THIRD, FIRST], [SECOND, THIRD]),
        ([FIRST, SECOND, THIRD, SECOND, FIRST], [SECOND, THIRD]),
        ([FIRST, SECOND, THIRD, FIRST, SECOND], [THIRD]),
        ([FIRST, SECOND, THIRD, FIRST, SECOND, THIRD], []),
        ([FIRST, THIRD, SECOND], [THIRD]),
    ],
)
def test_nights_that_stand_on_one_done_again_are_outdated(
    nights: list[date], found: list[date]
) -> None:
    assert outdated(ran(LAST_JOB, *((night, 1, 0) for night in nights))) == found
