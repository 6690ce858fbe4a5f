"""Activity: events are summed up once, and again where a night has others."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from jobs.lake import faults
from jobs.lake.run import Run
from jobs.lake.settings import load_settings
from jobs.lake.store import Lake
from jobs.lake.tables.gold import TOUCHPOINTS, VISITS
from jobs.lake.tables.silver import EVENTS
from jobs.profiles.activity import activity
from tests.rows import dicts, rows

FIRST, SECOND = date(2026, 3, 1), date(2026, 3, 2)
VIEW: dict[str, Any] = {
    "source": "shop.events",
    "type": "product_view",
    "identifier": "login:ann",
    "session_id": "s1",
    "product_id": "tea",
    "occurred_at": "2026-03-01 10:00",
    "event_date": "2026-03-01",
    "dwell_ms": 100,
    "known_from": "2026-03-01",
    "version": "1",
    "file_id": "f1",
    "line": 1,
    "loaded_on": "2026-03-01",
}
LATER = {"occurred_at": "2026-03-02 10:00", "event_date": "2026-03-02", "loaded_on": "2026-03-02"}


class Shop:
    """A lake of which the events change."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake
        self._units = 0

    def bring(self, *events: dict[str, Any], without: str = "") -> None:
        """Merge events; those of a file that was replaced go."""
        self._units += 1
        frame = rows(self.lake.spark, EVENTS, events)
        gone = f"t.file_id = '{without}'" if without else ""
        self.lake.merge(EVENTS, frame, unit=str(self._units), delete=gone)

    def sum_up(self, night: date) -> None:
        settings = load_settings(environment={"BESPOKE_SOURCE": "demo"})
        activity(Run(settings, self.lake, night))

    def views(self) -> list[tuple[Any, ...]]:
        """Identifier, night and number of views, as both tables say."""
        visits = dicts(self.lake.read(VISITS), "identifier", "loaded_on", "product_views")
        touched = dicts(self.lake.read(TOUCHPOINTS), "identifier", "loaded_on", "times")
        found = [tuple(row.values()) for row in visits if row["product_views"]]
        assert found == [tuple(row.values()) for row in touched]
        return found


@pytest.fixture
def shop(tmp_path: Path, spark: SparkSession) -> Shop:
    return Shop(Lake(tmp_path / "home" / "lake", spark))


def test_a_night_sums_up_what_came_and_no_more(shop: Shop) -> None:
    shop.bring(
        VIEW | {"event_id": "1"},
        VIEW | {"event_id": "2"},
        VIEW | {"event_id": "3", "type": "search", "product_id": None, "dwell_ms": 7},
        VIEW | {"event_id": "4", "type": "email_open", "identifier": None, "product_id": None},
    )
    shop.sum_up(FIRST)
    assert shop.views() == [("login:ann", FIRST, 2)]
    (known, nobody) = sorted(dicts(shop.lake.read(VISITS)), key=lambda row: -row["events"])
    assert (known["events"], known["searches"], known["dwell_ms"]) == (3, 1, 200)
    assert (nobody["events"], nobody["identifier"]) == (1, None)
    files = set(DeltaTable(shop.lake.path(VISITS)).file_uris())
    shop.bring(VIEW | LATER | {"event_id": "5", "identifier": "cookie:x"})
    shop.sum_up(SECOND)
    assert shop.views() == [("cookie:x", SECOND, 1), ("login:ann", FIRST, 2)]
    # The first night's sums lie where they lay.
    assert files < set(DeltaTable(shop.lake.path(VISITS)).file_uris())
    before = shop.views()
    for night in (FIRST, SECOND, SECOND):
        shop.sum_up(night)
        assert shop.views() == before


def test_a_night_whose_events_have_changed_is_summed_up_anew(shop: Shop) -> None:
    shop.bring(VIEW | {"event_id": "1"}, VIEW | {"event_id": "2", "file_id": "f2"})
    shop.sum_up(FIRST)
    shop.bring(VIEW | LATER | {"event_id": "3", "file_id": "f3"}, without="f2")
    shop.sum_up(SECOND)
    assert shop.views() == [("login:ann", FIRST, 1), ("login:ann", SECOND, 1)]


def test_nights_that_were_left_out_are_caught_up(shop: Shop) -> None:
    shop.bring(VIEW | {"event_id": "1"})
    shop.bring(VIEW | LATER | {"event_id": "2"})
    shop.sum_up(SECOND)
    assert shop.views() == [("login:ann", FIRST, 1), ("login:ann", SECOND, 1)]


def test_stopped_between_both_tables_it_is_done_again(shop: Shop) -> None:
    shop.bring(VIEW | {"event_id": "1"})

    def stop(job: str, committed: str) -> None:
        if committed == TOUCHPOINTS.id:
            raise faults.StoppedError(job)

    with pytest.raises(faults.StoppedError), faults.watched(stop):
        shop.sum_up(FIRST)
    shop.bring(VIEW | LATER | {"event_id": "2"})
    shop.sum_up(SECOND)
    assert shop.views() == [("login:ann", FIRST, 1), ("login:ann", SECOND, 1)]


def test_touchpoints_that_were_made_anew_are_filled(shop: Shop) -> None:
    shop.bring(VIEW | {"event_id": "1"})
    shop.sum_up(FIRST)
    table = Path(shop.lake.path(TOUCHPOINTS))
    table.rename(table.with_name("gone"))
    shop.bring(VIEW | LATER | {"event_id": "2"})
    shop.sum_up(SECOND)
    assert shop.views() == [("login:ann", FIRST, 1), ("login:ann", SECOND, 1)]


def test_touchpoints_of_an_earlier_release_get_their_times(shop: Shop) -> None:
    shop.bring(VIEW | {"event_id": "1"})
    shop.sum_up(FIRST)
    untimed = dicts(shop.lake.read(TOUCHPOINTS))[0] | {"session_id": None, "last_event_at": None}
    timeless = rows(shop.lake.spark, TOUCHPOINTS, [untimed])
    shop.lake.replace(TOUCHPOINTS, timeless, dates=[FIRST], unit="an earlier release")
    shop.bring(VIEW | LATER | {"event_id": "2"})
    shop.sum_up(SECOND)
    touched = dicts(shop.lake.read(TOUCHPOINTS), "last_event_at", "session_id")
    assert [(f"{row['last_event_at']:%d %H}", row["session_id"]) for row in touched] == [
        ("01 10", "s1"),
        ("02 10", "s1"),
    ]
