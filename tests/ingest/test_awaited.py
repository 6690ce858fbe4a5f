"""Feeds whose files have not come: how long a night waits, what it then does, who is told."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from jobs.ingest.awaited import awaited
from jobs.ingest.catalogue import source_set
from jobs.ingest.feeds import FeedNight, nights
from jobs.lake.decisions import release
from jobs.lake.errors import DataError
from jobs.lake.tables.late import LATE_FEEDS
from jobs.lake.tables.ops import RUNS
from jobs.lake.tables.silver import ORDER_LINES
from tests.ingest.shop import DAY, NEXT, SOURCE, Shop, lines, silver

LINE = "A{n},1,{day} 09:00:00,7,P1,1,1.00,sale,"


@pytest.fixture
def shop(tmp_path: Path, spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> Shop:
    made = Shop(tmp_path / "home", spark)
    monkeypatch.setenv("BESPOKE_CONF", str(made.conf))
    return made


def with_policy(shop: Shop, zone: str = "Europe/London", path: str = "", **late: Any) -> FeedNight:
    feeds: Any = SOURCE["feeds"]
    feed = {**feeds["lines"], "late": late} | ({"path": path} if path else {})
    shop.catalogue({**SOURCE, "time_zone": zone, "feeds": {"lines": feed}})
    return feed_of(shop, DAY)


def feed_of(shop: Shop, day: date) -> FeedNight:
    (found,) = nights(shop.run(day), source_set(shop.conf / "sources", "shop"))
    return found


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def outcomes(shop: Shop) -> list[tuple[date, str]]:
    rows = shop.lake.rows(LATE_FEEDS).to_pylist()
    return [(r["as_of"], r["outcome"]) for r in sorted(rows, key=lambda r: r["recorded_at"])]


def test_a_night_waits_until_the_file_is_there_or_its_time_is_over(shop: Shop) -> None:
    feed = with_policy(shop, wait_until="04:00")
    found = awaited(feed)
    assert str(found) == "shop.lines: no file of 2026-03-02 had come by 04:00 Europe/London"
    assert found is not None
    assert found.waits(at("2026-03-03T03:59"))
    assert not found.waits(at("2026-03-03T04:00"))
    shop.drop("lines.csv.part", "")
    assert awaited(feed) is not None
    shop.drop("lines.csv", lines())
    assert awaited(feed) is None


def test_what_is_empty_or_cannot_be_read_has_not_come(shop: Shop) -> None:
    feed = with_policy(shop, wait_until="04:00")
    shop.drop("lines.csv", b"\xef\xbb\xbf")
    cut = shop.drop("lines-cut.csv.gz", lines(*[LINE.format(n=n, day=DAY) for n in range(99)]))
    whole = cut.read_bytes()
    cut.write_bytes(whole[:-40])
    assert awaited(feed) is not None
    cut.write_bytes(whole)
    assert awaited(feed) is None


@pytest.mark.parametrize(
    ("zone", "until"),
    [
        ("Asia/Tokyo", "2026-03-02T19:00"),
        ("America/Los_Angeles", "2026-03-03T12:00"),
        ("Pacific/Auckland", "2026-03-02T15:00"),
    ],
)
def test_the_time_is_one_after_the_end_of_the_shops_day(shop: Shop, zone: str, until: str) -> None:
    feed = awaited(with_policy(shop, zone, wait_until="04:00"))
    assert feed is not None
    assert feed.wait_until == at(until)


def test_of_several_files_a_day_all_are_waited_for(shop: Shop) -> None:
    feed = with_policy(shop, files=2)
    shop.drop("lines-1.csv", lines())
    found = awaited(feed)
    assert str(found) == "shop.lines: 1 of 2 files of 2026-03-02 had come"
    assert found is not None
    assert not found.waits(at("2026-03-03T00:00"))
    shop.drop("lines-2.csv", lines())
    assert awaited(feed) is None


def test_a_day_on_which_nothing_is_to_come_is_not_late(shop: Shop) -> None:
    # 2 March 2026 is a Monday.
    assert awaited(with_policy(shop, weekdays=["tue", "sun"])) is None
    assert awaited(with_policy(shop, weekdays=["mon"])) is not None


@pytest.mark.slow
def test_a_night_goes_on_without_and_the_next_one_takes_what_came_late(
    shop: Shop, received: tuple[str, list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with_policy(shop, wait_until="04:00")
    settings = shop.settings()
    told = settings.airflow.model_copy(update={"alert_webhook": received[0]})
    monkeypatch.setattr(
        Shop, "settings", lambda _: settings.model_copy(update={"airflow": told}), raising=True
    )
    shop.night(DAY)
    shop.night(DAY)
    assert outcomes(shop) == [(DAY, "went_on")]
    assert [said["text"] for said in received[1]] == [
        "shop.lines: no file of 2026-03-02 had come by 04:00 Europe/London; "
        "the night goes on without. Owner of the feed: tests"
    ]
    (error,) = {row["error"] for row in shop.lake.rows(RUNS).to_pylist()}
    assert error.endswith("had come by 04:00 Europe/London; the night went on without")
    shop.drop("lines.csv", lines(LINE.format(n=1, day=DAY)))
    shop.drop("lines.csv", lines(LINE.format(n=2, day=NEXT)), NEXT)
    shop.night(NEXT)
    rows = {r["order_id"]: r for r in silver(shop, ORDER_LINES, "shop.lines")}
    assert {o: (r["order_date"], r["known_from"], r["loaded_on"]) for o, r in rows.items()} == {
        "A1": (DAY, DAY, NEXT),
        "A2": (NEXT, NEXT, NEXT),
    }
    assert outcomes(shop) == [(DAY, "went_on")]
    # The past is past: nobody is told of a day that is long over.
    (shop.landing / DAY.isoformat() / "lines.csv").unlink()
    shop.night(DAY)
    assert (outcomes(shop), len(received[1])) == ([(DAY, "went_on")], 1)


@pytest.mark.slow
def test_a_night_stops_until_the_file_has_come_or_somebody_lets_it_go_on(shop: Shop) -> None:
    with_policy(shop, then="stop")
    with pytest.raises(DataError, match=r"no file of 2026-03-02 .*--rule late --date 2026-03-02"):
        shop.night(DAY)
    release(shop.lake, "shop.lines", DAY, "the till is being mended", "late")
    shop.night(DAY)
    assert outcomes(shop) == [(DAY, "stopped"), (DAY, "released")]
    with pytest.raises(DataError, match="no file of 2026-03-03"):
        shop.night(NEXT)
    shop.drop("lines.csv", lines(LINE.format(n=2, day=NEXT)), NEXT)
    shop.night(NEXT)
    assert shop.counts(NEXT, "shop.lines") == (1, 1, 0, 0)


@pytest.mark.slow
def test_a_night_stops_for_a_file_that_cannot_be_read_and_the_owner_is_told_once(
    shop: Shop, received: tuple[str, list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with_policy(shop, then="stop")
    settings = shop.settings()
    told = settings.airflow.model_copy(update={"alert_webhook": received[0]})
    monkeypatch.setattr(Shop, "settings", lambda _: settings.model_copy(update={"airflow": told}))
    cut = shop.drop("lines.csv.gz", lines(LINE.format(n=1, day=DAY)))
    whole = cut.read_bytes()
    cut.write_bytes(whole[:-4])
    for _ in range(2):
        with pytest.raises(DataError, match="no file of 2026-03-02 had come"):
            shop.night(DAY)
    assert [said["text"] for said in received[1]] == [
        "shop.lines: 1 file(s) refused: 2026-03-02/lines.csv.gz: truncated gzip: the file ends "
        "before its content does. Owner of the feed: tests",
        "shop.lines: no file of 2026-03-02 had come; the night stops for it. "
        "Owner of the feed: tests",
    ]
    cut.write_bytes(whole)
    shop.night(DAY)
    assert shop.counts(DAY, "shop.lines") == (1, 1, 0, 0)


@pytest.mark.slow
def test_a_file_without_a_day_is_there_for_the_night_that_takes_it(shop: Shop) -> None:
    with_policy(shop, path="all/lines.csv")
    path = shop.landing / "all" / "lines.csv"
    path.parent.mkdir()
    path.write_text(lines(LINE.format(n=1, day=DAY)))
    assert awaited(feed_of(shop, DAY)) is None
    shop.night(DAY)
    assert awaited(feed_of(shop, DAY)) is None
    assert awaited(feed_of(shop, NEXT)) is not None
    path.write_text(lines(LINE.format(n=2, day=NEXT)))
    assert awaited(feed_of(shop, NEXT)) is None
