"""Rows between Spark and Arrow: the same by either way."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from jobs.lake import scratch, transfer

ROWS = pa.table(
    {
        "name": pa.array(["ann", None, "cyd"]),
        "at": pa.array([datetime(2026, 3, 1, 12, tzinfo=UTC)] * 3, pa.timestamp("us", "UTC")),
        "day": pa.array([date(2026, 3, 1), None, date(1902, 3, 1)]),
        "blocks": pa.array([[1, -2], [], None], pa.list_(pa.int64())),
        "price": pa.array([Decimal("1.10"), None, Decimal("7.00")], pa.decimal128(9, 2)),
        "flag": pa.array([True, False, None]),
    }
)


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Scratch of the test; in it any row is many."""
    monkeypatch.setattr(transfer, "MANY", 1)
    monkeypatch.setattr(scratch, "folder", lambda: tmp_path)
    return tmp_path


def test_rows_come_back_as_they_went(spark: SparkSession, folder: Path) -> None:
    frame = transfer.to_spark(spark, ROWS)
    assert [path.name.startswith("rows-") for path in folder.iterdir()] == [True]
    here = spark.createDataFrame(ROWS)
    assert frame.schema.simpleString() == here.schema.simpleString()
    assert frame.collect() == here.collect()
    back = transfer.to_arrow(frame, ROWS.num_rows)
    assert back.equals(here.toArrow())
    # What was taken is removed; what Spark may still read is not.
    assert len(list(folder.iterdir())) == 1


def test_no_rows_keep_their_columns(spark: SparkSession, folder: Path) -> None:
    frame = spark.createDataFrame(ROWS).limit(0)
    assert transfer.to_arrow(frame, 5).equals(frame.toArrow())
