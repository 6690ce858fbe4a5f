"""Limits: too many bad rows stop a feed until somebody lets them pass; they can be judged again."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from jobs.lake.errors import DataError
from jobs.lake.tables.bronze import BRONZE_ORDERS
from jobs.lake.tables.silver import ORDER_LINES, PRODUCTS
from tests.ingest.faults import GOOD
from tests.ingest.shop import DAY, SOURCE, Shop, lines

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
