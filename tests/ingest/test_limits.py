"""Limits: too many bad rows stop a feed until somebody lets them pass; they can be judged again."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from jobs.lake.errors import DataError
from jobs.lake.tables.bronze import BRONZE_ORDERS
from jobs.lake.tables.silver import ORDER_LINES, PRODUCTS
from tests.ingest.faults import GOOD
from tests.ingest.shop import DAY, NEXT, SOURCE, Shop, lines, silver

# Whole nights through a lake: seconds each.
pytestmark = pytest.mark.slow

STRICT = {"bad_rows": 0.1, "bad_rows_spared": 0, "oldest_days": 60}


def test_too_many_bad_rows_stop_the_feed_until_released(
    tmp_path: Path, spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jobs.lake.decisions import release

    shop = Shop(tmp_path / "strict", spark)
    monkeypatch.setenv("BESPOKE_CONF", str(shop.conf))
    feed = {**SOURCE["feeds"]["lines"], "limits": STRICT}  # type: ignore[index]
    wares = SOURCE["feeds"]["wares"]  # type: ignore[index]
    shop.catalogue({**SOURCE, "feeds": {"lines": feed, "wares": wares}})
    shop.drop("lines.csv", lines(GOOD, "A2,1,never,7,P6,1,9.95,sale,"))
    with pytest.raises(
        DataError,
        match=r"1 of 2 rows are bad \(50\.0%, limit 10\.0%\): .* first in .*lines\.csv, line 3",
    ):
        shop.night(DAY)
    assert shop.lake.rows(ORDER_LINES).num_rows == 0
    assert shop.lake.rows(BRONZE_ORDERS).num_rows == 2
    # What waits does not hold up the next file of the same feed.
    shop.drop("lines-more.csv", lines("A5,1,2026-03-02 09:30:00,7,P5,1,1.00,sale,"))
    with pytest.raises(DataError, match="1 of 2 rows are bad"):
        shop.night(DAY)
    assert shop.counts(DAY, "shop.lines") == (1, 1, 0, 0)
    release(shop.lake, "shop.lines", DAY, "looked at it")
    shop.night(DAY)
    assert shop.counts(DAY, "shop.lines") == (2, 1, 1, 0)
    _replays_after_the_catalogue_is_mended(shop)


def _replays_after_the_catalogue_is_mended(shop: Shop) -> None:
    from jobs.ingest.replay import replay

    columns = {**SOURCE["feeds"]["lines"]["columns"]}  # type: ignore[index]
    columns["ordered_at"] = "if(at = 'never', '2026-03-02 10:00:00', at)"
    feed = {**SOURCE["feeds"]["lines"], "columns": columns}  # type: ignore[index]
    wares = SOURCE["feeds"]["wares"]  # type: ignore[index]
    shop.catalogue({**SOURCE, "feeds": {"lines": feed, "wares": wares}})
    assert replay(shop.run(DAY), None, "shop.lines") == (1, 0)
    assert shop.lake.rows(ORDER_LINES).num_rows == 3
    assert sorted(shop.lake.rows(PRODUCTS).column("product_id").to_pylist()) == ["P1", "P5", "P6"]
    with pytest.raises(DataError, match="no such row waits"):
        replay(shop.run(DAY), None, "shop.lines")


def test_a_night_that_is_given_up_holds_up_no_later_one_and_loses_no_row(
    tmp_path: Path, spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jobs.ingest.replay import replay
    from jobs.lake.decisions import ABANDON, NIGHT, RESUME, GivenUpError, decide, refuse_given_up

    shop = Shop(tmp_path / "given-up", spark)
    monkeypatch.setenv("BESPOKE_CONF", str(shop.conf))
    feed = {**SOURCE["feeds"]["lines"], "limits": STRICT}  # type: ignore[index]
    shop.catalogue({**SOURCE, "feeds": {"lines": feed}})
    shop.drop("lines.csv", lines(GOOD, "A2,1,never,7,P6,1,9.95,sale,"))
    with pytest.raises(DataError, match="1 of 2 rows are bad"):
        shop.night(DAY)
    shop.drop("lines.csv", lines("A5,1,2026-03-03 09:30:00,7,P5,1,1.00,sale,"), NEXT)
    with pytest.raises(DataError, match="1 of 2 rows are bad"):
        shop.night(NEXT)
    decide(shop.lake, ABANDON, NIGHT, DAY, "the till sent yesterday's file")
    with pytest.raises(GivenUpError, match="the till sent yesterday's file"):
        refuse_given_up(shop.run(DAY))
    shop.night(NEXT)
    assert shop.counts(NEXT, "shop.lines") == (2, 0, 2, 0)
    assert shop.lake.rows(ORDER_LINES).column("order_id").to_pylist() == ["A5"]
    said = "night: 2026-03-02 was given up"
    reasons = shop.reasons("shop.lines")
    assert reasons["lines.csv", 2] == [said]
    assert reasons["lines.csv", 3][-1] == said
    # Nothing is taken twice, and what was good can be had after all.
    shop.night(NEXT)
    assert shop.counts(NEXT, "shop.lines") == (0, 0, 0, 0)
    decide(shop.lake, RESUME, NIGHT, DAY, "it was the right file")
    refuse_given_up(shop.run(DAY))
    assert replay(shop.run(NEXT), None, "shop.lines") == (1, 1)
    assert sorted(shop.lake.rows(ORDER_LINES).column("order_id").to_pylist()) == ["A1", "A5"]


def test_what_stopped_a_night_that_is_given_up_is_not_held_against_the_next(
    tmp_path: Path, spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jobs.ingest.checks import check_silver
    from jobs.lake.decisions import ABANDON, NIGHT, decide
    from jobs.lake.quality import QualityError

    shop = Shop(tmp_path / "checks", spark)
    monkeypatch.setenv("BESPOKE_CONF", str(shop.conf))
    shop.catalogue({**SOURCE, "feeds": {"lines": SOURCE["feeds"]["lines"]}})  # type: ignore[index]
    shop.drop("lines.csv", lines("A5,1,2026-03-02 09:30:00,7,P5,1,1.00,sale,"))
    shop.night(DAY)
    # As a merge that went wrong would leave it.
    shop.lake.append_rows(ORDER_LINES, silver(shop, ORDER_LINES, "shop.lines"))
    with pytest.raises(QualityError, match=r"silver\.order_lines: unique"):
        check_silver(shop.run(DAY))
    shop.drop("lines.csv", lines("A6,1,2026-03-03 09:30:00,7,P5,1,1.00,sale,"), NEXT)
    shop.night(NEXT)
    with pytest.raises(QualityError, match=r"silver\.order_lines: unique"):
        check_silver(shop.run(NEXT))
    decide(shop.lake, ABANDON, NIGHT, DAY, "written twice")
    check_silver(shop.run(NEXT))
