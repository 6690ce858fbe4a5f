"""The schedule: which business day a run has, in every zone and as clocks change."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from jobs.cli.airflow import logical_date
from jobs.cli.schedule import business_day, schedule_zone
from jobs.lake.settings import conf_folder, settings


@pytest.fixture
def shop_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Put the demo's shop into another zone."""
    conf = tmp_path / "conf"
    shutil.copytree(conf_folder(), conf)

    def move(zone: str) -> None:
        path = conf / "sources" / "demo.yaml"
        path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), "time_zone": zone}))

    monkeypatch.setenv("BESPOKE_CONF", str(conf))
    settings.cache_clear()
    yield move
    settings.cache_clear()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "end", "expected"),
    [
        ("Europe/London", "2026-08-30T02:00", "2026-08-29"),
        # There it is still the evening of the 29th: the 28th is the last day that has ended.
        ("America/Los_Angeles", "2026-08-30T02:00", "2026-08-28"),
        ("America/Los_Angeles", "2026-08-30T07:00", "2026-08-29"),
        ("Asia/Tokyo", "2026-08-30T02:00", "2026-08-29"),
        ("Asia/Tokyo", "2026-08-29T15:00", "2026-08-29"),
        ("Pacific/Auckland", "2026-08-30T02:00", "2026-08-29"),
        ("Pacific/Auckland", "2026-08-29T14:00", "2026-08-29"),
        ("UTC", "2028-03-01T02:00", "2028-02-29"),
        ("UTC", "2027-01-01T00:00", "2026-12-31"),
    ],
)
def test_the_day_of_a_run_is_the_last_that_has_ended_where_the_shop_is(
    shop_in: Callable[[str], None], zone: str, end: str, expected: str
) -> None:
    shop_in(zone)
    assert business_day(at(end)).isoformat() == expected


@pytest.mark.parametrize("schedule", ["0 2 * * *", "30 1 * * *", "0 0 * * *"])
@pytest.mark.parametrize(
    ("zone", "first"),
    [
        ("Europe/London", "2028-03-25"),
        ("Europe/London", "2028-10-28"),
        ("America/Los_Angeles", "2028-03-11"),
        ("America/Los_Angeles", "2028-11-04"),
        ("Pacific/Auckland", "2028-04-01"),
        ("Pacific/Auckland", "2028-09-23"),
        ("Asia/Tokyo", "2028-02-28"),
        ("Asia/Tokyo", "2027-12-30"),
    ],
)
def test_each_day_has_one_run_whatever_clocks_do(
    shop_in: Callable[[str], None], zone: str, first: str, schedule: str
) -> None:
    shop_in(zone)
    begin = date.fromisoformat(first)
    found = [business_day(end) for end in ends(schedule, zone, begin, 4)]
    assert found == [begin + timedelta(days=n) for n in range(4)]


def ends(schedule: str, zone: str, first: date, runs: int) -> list[datetime]:
    """Ends of the data intervals of a schedule, as Airflow's scheduler makes one after another."""
    from airflow.sdk import CronDataIntervalTimetable
    from airflow.serialization.encoders import coerce_to_core_timetable
    from airflow.timetables.base import TimeRestriction
    from pendulum import datetime as moment

    core = coerce_to_core_timetable(CronDataIntervalTimetable(schedule, timezone=zone))
    start = moment(first.year, first.month, first.day, tz=zone)
    span: Any = TimeRestriction(earliest=start, latest=None, catchup=True)
    found, last = [], None
    for _ in range(runs):
        info = core.next_dagrun_info(last_automated_data_interval=last, restriction=span)
        assert info is not None
        last = info.data_interval
        found.append(last.end)
    assert all(a < b for a, b in pairwise(found))
    return found


@pytest.mark.parametrize(
    ("zone", "as_of", "end"),
    [
        ("America/Los_Angeles", "2026-03-07", "2026-03-08T10:00"),
        ("America/Los_Angeles", "2026-10-31", "2026-11-01T10:00"),
        ("Asia/Tokyo", "2026-08-29", "2026-08-29T17:00"),
        ("Pacific/Auckland", "2028-02-29", "2028-02-29T13:00"),
        ("Europe/London", "2026-12-31", "2027-01-01T02:00"),
    ],
)
def test_a_run_by_hand_has_its_day(
    shop_in: Callable[[str], None], zone: str, as_of: str, end: str
) -> None:
    from airflow.sdk import CronDataIntervalTimetable

    shop_in(zone)
    assert schedule_zone() == zone
    timetable = CronDataIntervalTimetable("0 2 * * *", timezone=schedule_zone())
    found = logical_date(timetable, date.fromisoformat(as_of))
    assert found == at(end) + timedelta(seconds=1)


def test_the_schedule_may_have_a_zone_of_its_own(
    shop_in: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop_in("America/Los_Angeles")
    monkeypatch.setenv("BESPOKE__AIRFLOW__TIME_ZONE", "UTC")
    settings.cache_clear()
    assert schedule_zone() == "UTC"


def test_dates_at_airflows_command_are_the_schedules(shop_in: Callable[[str], None]) -> None:
    from jobs.cli.airflow import environment

    shop_in("Pacific/Auckland")
    assert environment(8080)["AIRFLOW__CORE__DEFAULT_TIMEZONE"] == "Pacific/Auckland"


def test_a_fault_in_the_file_of_another_set_takes_no_dag_away(
    shop_in: Callable[[str], None],
) -> None:
    shop_in("Asia/Tokyo")
    (conf_folder() / "sources" / "other.yaml").write_text("set: other\nfeeds: [\n")
    assert schedule_zone() == "Asia/Tokyo"
