"""A feed whose columns change tells its owner, once a change."""

from __future__ import annotations

import logging
from datetime import date, timedelta
from pathlib import Path

import pytest

from jobs.ingest import changes
from jobs.ingest.arrivals import new_files
from jobs.ingest.catalogue import source_set
from jobs.ingest.feeds import nights
from jobs.lake.run import Record
from jobs.lake.tables.ops import FILES
from tests.ingest.shop import DAY, Shop

HEADER = "order,line,at,who,sku,pieces,price,kind"
MORE = f"{HEADER},colour"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    made = Shop(tmp_path, None)  # type: ignore[arg-type] - files are looked at without Spark
    monkeypatch.setenv("BESPOKE_CONF", str(made.conf))
    return made


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []
    monkeypatch.setattr(changes, "notice", lambda said, _: found.append(said["changes"]))
    return found


def arrive(shop: Shop, day: date, *headers: str, killed: bool = False) -> None:
    """Let files come on a day and be ingested, as far as the ledger knows of it."""
    for number, header in enumerate(headers):
        shop.drop(f"lines-{number}.csv", f"{header}\n", day)
    sources = source_set(shop.conf / "sources", "shop")
    (night,) = [n for n in nights(shop.run(day), sources) if n.mapping.name == "shop.lines"]
    files = new_files(night, Record("ingest"))
    if files and not killed:
        night.ledger.finish(night.ledger.plan(files, day, night.mapping.reading), {})


def days(count: int) -> list[date]:
    return [DAY + timedelta(days=number) for number in range(count)]


NEW = "new column colour (kept encrypted until the catalogue names it)"


def test_a_new_column_is_told_once_and_not_a_file_or_a_night(shop: Shop, told: list[str]) -> None:
    first, second, third, fourth = days(4)
    arrive(shop, first, HEADER, f"{HEADER},cur")
    assert told == [], "a column that may be missing is no change"
    arrive(shop, second, MORE, MORE)
    arrive(shop, third, MORE)
    arrive(shop, fourth, MORE, HEADER)
    assert told == [NEW]


def test_a_missing_column_is_told_again_when_it_was_there_in_between(
    shop: Shop, told: list[str]
) -> None:
    first, second, third, fourth = days(4)
    arrive(shop, first, HEADER)
    without = HEADER.replace(",price", "")
    for day, header in ((second, without), (third, HEADER), (fourth, without)):
        arrive(shop, day, header)
    assert told == ["column price is missing"] * 2


def test_days_that_come_together_are_looked_at_in_order(shop: Shop, told: list[str]) -> None:
    first, second, third = days(3)
    shop.drop("lines-0.csv", f"{HEADER}\n", first)
    shop.drop("lines-0.csv", f"{MORE}\n", second)
    arrive(shop, third, MORE)
    assert told == [NEW]


def test_a_late_file_of_the_same_day_tells_nothing_new(shop: Shop, told: list[str]) -> None:
    arrive(shop, DAY, MORE)
    arrive(shop, DAY, MORE, f"{MORE},size")
    assert told == [NEW, NEW.replace("colour", "size")]


def test_what_a_killed_night_told_is_rather_told_twice_than_never(
    shop: Shop, told: list[str]
) -> None:
    arrive(shop, DAY, MORE, killed=True)
    arrive(shop, DAY, MORE)
    assert told == [NEW, NEW]
    assert shop.lake.rows(FILES).num_rows == 2


def test_the_notice_names_feed_file_and_owner(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "bespoke"):
        arrive(shop, DAY, MORE)
    assert caplog.messages == [
        f"shop.lines: its columns have changed: {NEW} since {DAY}/lines-0.csv. "
        "Owner of the feed: tests"
    ]
