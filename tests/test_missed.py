"""Nights that were missed: which they are, in what order they come, and what they read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

import jobs.nights
from jobs.cli.schedule import has_run
from jobs.ingest.ingest import ingest
from jobs.lake.errors import DataError
from jobs.lake.history import Success
from jobs.lake.run import Run
from jobs.lake.settings import NightsSettings, load_settings, settings
from jobs.lake.store import Lake
from jobs.lake.tables.silver import ORDER_LINES
from jobs.nights import NIGHTLY, missed, missed_nights
from tests.ingest.shop import DAY, SOURCE, Shop, lines, silver

FRIDAY = date(2028, 2, 25)
LEAP = date(2028, 2, 29)
AFTER = date(2028, 3, 2)


def published(*nights: date) -> list[Success]:
    return [Success("publish", n, datetime(2028, 3, 3, tzinfo=UTC), {}, 0) for n in nights]


def days(*names: str) -> list[date]:
    return [date.fromisoformat(name) for name in names]


def test_every_night_between_the_last_published_one_and_this_one_was_missed() -> None:
    found = missed(published(FRIDAY), AFTER, (), lambda _: True)
    assert found == days("2028-02-26", "2028-02-27", "2028-02-28", "2028-02-29", "2028-03-01")
    ended = published(date(2026, 12, 30))
    assert missed(ended, date(2027, 1, 1), (), lambda _: True) == days("2026-12-31")


@pytest.mark.parametrize(
    "done",
    [
        published(),
        published(AFTER - timedelta(days=1)),
        published(FRIDAY, AFTER),
        published(FRIDAY, AFTER + timedelta(days=7)),
    ],
)
def test_the_first_night_the_next_one_and_a_past_one_miss_none(done: list[Success]) -> None:
    assert missed(done, AFTER, (), lambda _: True) == []


def test_a_night_that_is_given_up_is_not_caught_up() -> None:
    found = missed(published(date(2028, 2, 27)), AFTER, {LEAP}, lambda _: True)
    assert found == days("2028-02-28", "2028-03-01")


@pytest.fixture
def schedule(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    monkeypatch.delenv("BESPOKE_SOURCE", raising=False)
    yield monkeypatch
    settings.cache_clear()


@pytest.mark.parametrize(
    ("cron", "day", "expected"),
    [
        ("0 2 * * *", "2028-02-29", True),
        # A run on Tuesday morning is of Monday.
        ("0 2 * * tue", "2028-02-28", True),
        ("0 2 * * tue", "2028-02-29", False),
        ("0 0 1 * *", "2028-02-29", True),
        ("0 0 1 * *", "2028-02-28", False),
        # The hour that London leaves out.
        ("30 1 * * *", "2028-03-25", True),
        ("30 1 * * *", "2028-10-28", True),
    ],
)
def test_only_days_of_the_schedule_are_missed(
    schedule: pytest.MonkeyPatch, cron: str, day: str, expected: bool
) -> None:
    schedule.setenv("BESPOKE__AIRFLOW__SCHEDULE", cron)
    settings.cache_clear()
    assert has_run(date.fromisoformat(day)) is expected


class _Ran(Run):
    """A run before which some nights were published."""

    @property
    def done(self) -> list[Success]:  # type: ignore[override]
        return published(date(2028, 2, 27))


def a_run(tmp_path: Path, **wanted: Any) -> Run:
    own = load_settings(environment={})
    nights = NightsSettings.model_validate(wanted)
    return _Ran(own.model_copy(update={"nights": nights}), Lake(tmp_path / "lake"), AFTER)


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    monkeypatch.setattr(jobs.nights, "run_stage", lambda *a: found.append(a))
    return found


def test_by_default_one_night_takes_all(tmp_path: Path, ran: list[tuple[Any, ...]]) -> None:
    missed_nights(a_run(tmp_path))
    assert ran == []


def test_each_missed_night_is_run_whole_before_the_next(
    tmp_path: Path, ran: list[tuple[Any, ...]]
) -> None:
    missed_nights(a_run(tmp_path, catch_up="each"))
    nights = days("2028-02-28", "2028-02-29", "2028-03-01")
    assert ran == [(stage, night, "nightly", AFTER) for night in nights for stage in NIGHTLY]
    ran.clear()
    missed_nights(a_run(tmp_path, catch_up="each", catch_up_most=1))
    assert {night for _, night, *_ in ran} == {date(2028, 3, 1)}


def test_a_missed_night_that_is_stopped_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise DataError("demo.orders: 12 of 100 rows are bad")

    monkeypatch.setattr(jobs.nights, "run_stage", stop)
    with pytest.raises(DataError, match="the night of 2028-02-28, missed before 2028-03-02: demo"):
        missed_nights(a_run(tmp_path, catch_up="each"))


@pytest.mark.slow
@pytest.mark.parametrize("each", [True, False])
def test_files_of_missed_days_are_read_once_and_known_from_their_days(
    tmp_path: Path, spark: SparkSession, monkeypatch: pytest.MonkeyPatch, each: bool
) -> None:
    shop = Shop(tmp_path / "home", spark)
    monkeypatch.setenv("BESPOKE_CONF", str(shop.conf))
    feed = {**SOURCE["feeds"]["lines"], "path": "*/lines*.csv"}  # type: ignore[index]
    shop.catalogue({**SOURCE, "feeds": {"lines": feed}})
    nights = [DAY + timedelta(days=n) for n in range(3)]
    for night in nights:
        shop.drop(
            f"lines-{night}.csv", lines(f"A-{night},1,{night} 09:00:00,7,P1,1,1.00,sale,"), night
        )
    undated = shop.landing / "all" / "lines.csv"
    undated.parent.mkdir()
    undated.write_text(lines(f"B,1,{DAY} 09:00:00,7,P1,1,1.00,sale,"))
    for night in nights[:-1] if each else ():
        ingest(Run(shop.settings(), shop.lake, night, leads_to=nights[-1]))
    shop.night(nights[-1])
    found = {
        row["order_id"]: (row["known_from"], row["loaded_on"])
        for row in silver(shop, ORDER_LINES, "shop.lines")
    }
    last = nights[-1]
    # What names no day came with the last night, whose sight it was the first to be in.
    expected = {f"A-{night}": (night, night if each else last) for night in nights}
    assert found == {**expected, "B": (last, last)}
