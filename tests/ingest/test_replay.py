"""Replay: what was refused is judged again, and counted as replayed once it is written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from jobs.ingest.replay import replay
from jobs.lake import faults
from jobs.lake.tables.ops import QUARANTINE
from jobs.lake.tables.silver import ORDER_LINES
from tests.ingest.faults import GOOD
from tests.ingest.shop import DAY, NEXT, SOURCE, Shop, lines

# Whole nights through a lake: seconds each.
pytestmark = pytest.mark.slow

LINES: dict[str, Any] = SOURCE["feeds"]["lines"]  # type: ignore[index]
BAD = "A2,1,never,7,P6,1,9.95,sale,"
WORSE = "A3,1,soon,7,P6,1,9.95,sale,"
NO_PRICE = "A4,1,2026-03-02 09:30:00,7,P6,1,dear,sale,"


@pytest.fixture
def shop(tmp_path: Path, spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> Shop:
    made = Shop(tmp_path / "home", spark)
    monkeypatch.setenv("BESPOKE_CONF", str(made.conf))
    reads_as(made)
    made.drop("lines.csv", lines(GOOD, BAD, WORSE, NO_PRICE))
    made.night(DAY)
    return made


def reads_as(shop: Shop, *times: str) -> None:
    """Let the catalogue read some words as a time."""
    known = ", ".join(f"'{time}'" for time in ("", *times))
    columns = {"ordered_at": f"if(at IN ({known}), '2026-03-02 10:00:00', at)"}
    feed = {**LINES, "columns": {**LINES["columns"], **columns}}
    shop.catalogue({**SOURCE, "feeds": {"lines": feed}})


def orders(shop: Shop) -> set[str]:
    return set(shop.lake.rows(ORDER_LINES).column("order_id").to_pylist())


def replayed(shop: Shop) -> set[int]:
    """Lines that count as replayed."""
    return {r["line"] for r in shop.lake.rows(QUARANTINE).to_pylist() if r["replayed_on"] == NEXT}


def killed_after(shop: Shop, table: str) -> None:
    def stop(_: str, what: str) -> None:
        if what == table:
            raise faults.StoppedError(what)

    with pytest.raises(faults.StoppedError), faults.watched(stop):
        replay(shop.run(NEXT), None, "shop.lines")


def test_rows_that_pass_are_marked_and_no_others(shop: Shop) -> None:
    reads_as(shop, "never")
    assert replay(shop.run(NEXT), None, None) == (1, 2)
    assert (orders(shop), replayed(shop)) == ({"A1", "A2"}, {3})
    (counted,) = [shop.counts(NEXT, "shop.lines")]
    assert counted == (3, 1, 2, 0)


def test_a_row_that_is_named_is_replayed_alone(shop: Shop) -> None:
    reads_as(shop, "never", "soon")
    rows = {r["line"]: r["row_id"] for r in shop.lake.rows(QUARANTINE).to_pylist()}
    assert replay(shop.run(NEXT), [rows[4]], None) == (1, 0)
    assert (orders(shop), replayed(shop)) == ({"A1", "A3"}, {4})


def test_nothing_counts_as_replayed_that_was_not_written(shop: Shop) -> None:
    reads_as(shop, "never")
    killed_after(shop, ORDER_LINES.id)
    assert (orders(shop), replayed(shop)) == ({"A1", "A2"}, set())
    reads_as(shop, "never", "soon")
    assert replay(shop.run(NEXT), None, None) == (2, 1)
    assert (orders(shop), replayed(shop)) == ({"A1", "A2", "A3"}, {3, 4})


@pytest.mark.parametrize("table", [ORDER_LINES.id, QUARANTINE.id])
def test_a_replay_that_is_killed_is_simply_run_again(shop: Shop, table: str) -> None:
    reads_as(shop, "never")
    killed_after(shop, table)
    waiting = {3, 4, 5} - replayed(shop)
    assert replay(shop.run(NEXT), None, None) == (len(waiting) - 2, 2)
    assert (orders(shop), replayed(shop)) == ({"A1", "A2"}, {3})
