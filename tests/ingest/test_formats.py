"""Formats: Parquet, plain and packed; files that the catalogue was wrong about."""

from __future__ import annotations

import gzip
import io
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from jobs.lake.tables.ops import QUARANTINE
from jobs.lake.tables.silver import ORDER_LINES
from tests.ingest.shop import DAY, NEXT, SOURCE, Shop, lines

# Whole nights through a lake: seconds each.
pytestmark = pytest.mark.slow

LINES = SOURCE["feeds"]["lines"]  # type: ignore[index]


WALL = datetime.fromisoformat("2026-03-02T10:00")


def shop_of(
    feed: dict[str, object], home: Path, spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> Shop:
    shop = Shop(home, spark)
    monkeypatch.setenv("BESPOKE_CONF", str(shop.conf))
    source = {**SOURCE, "time_zone": "America/New_York", "feeds": {"lines": feed}}
    shop.catalogue(source)
    return shop


def parquet(order: str, at: datetime) -> bytes:
    row = {"order": order, "line": 1, "at": at, "who": 7, "sku": "P1", "pieces": 2, "price": "9.95"}
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([row | {"kind": "sale", "cur": None}]), buffer)
    return buffer.getvalue()


def test_parquet_plain_and_packed(
    tmp_path: Path, spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = {**LINES, "format": {"type": "parquet"}, "path": "*/lines*.parquet*"}
    shop = shop_of(feed, tmp_path / "shop", spark, monkeypatch)
    # A moment in UTC, and what a clock on the shop's wall showed.
    shop.drop("lines-a.parquet", parquet("A", datetime(2026, 3, 2, 15, 0, tzinfo=UTC)))
    shop.drop("lines-b.parquet.gz", parquet("B", WALL))
    shop.drop("lines-c.parquet", b"no Parquet at all")
    cut = shop.drop("lines-d.parquet.gz", b"")
    cut.write_bytes(gzip.compress(parquet("D", WALL))[:-20])
    shop.night(DAY)
    rows = {r["order_id"]: r for r in shop.lake.rows(ORDER_LINES).to_pylist()}
    times = {order: row["ordered_at"].isoformat() for order, row in rows.items()}
    assert times == dict.fromkeys("AB", "2026-03-02T15:00:00+00:00")
    assert shop.files("shop.lines") == {
        f"{DAY}/lines-a.parquet": "done",
        f"{DAY}/lines-b.parquet.gz": "done",
        f"{DAY}/lines-c.parquet": "refused",
        f"{DAY}/lines-d.parquet.gz": "refused",
    }
    reasons = shop.reasons("shop.lines")
    assert reasons["lines-c.parquet", 0][0].startswith("file: not readable as Parquet")
    assert reasons["lines-d.parquet.gz", 0][0].startswith("file: truncated gzip")
    assert shop.counts(DAY, "shop.lines") == (2, 2, 0, 0)


def test_a_file_that_the_catalogue_was_wrong_about_is_read_once_it_is_mended(
    tmp_path: Path, spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = shop_of(LINES, tmp_path / "shop", spark, monkeypatch)
    text = lines("A1,1,2026-03-02 09:30:00,7,P1,2,9.95,sale,").replace(",", ";")
    shop.drop("lines.csv", text)
    shop.night(DAY)
    assert shop.files("shop.lines") == {f"{DAY}/lines.csv": "refused"}
    shop.night(DAY)
    assert shop.lake.rows(QUARANTINE).num_rows == 1, "what is still refused is told of once"
    mended = {**LINES, "format": {"type": "csv", "delimiter": ";"}}
    shop.catalogue({**SOURCE, "feeds": {"lines": mended}})
    shop.night(NEXT)
    assert shop.counts(NEXT, "shop.lines") == (1, 1, 0, 0)
    assert shop.files("shop.lines") == {f"{DAY}/lines.csv": "done"}
    assert [r["replayed_on"] for r in shop.lake.rows(QUARANTINE).to_pylist()] == [NEXT]
