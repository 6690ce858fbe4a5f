"""Rows between Spark and Arrow: few through the driver's memory, many through files.

What Spark collects, or is given, lies whole in the JVM's heap. Files of the scratch folder
(``scratch.py``) are written and read piece by piece. They take this way where the driver's disk is
Spark's too, on one machine.
"""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.lake import scratch

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

MANY = 200_000
"""Rows from which on files are used."""
_GROUP = 100_000
"""Rows that Spark reads as one task, at least."""


def to_spark(spark: SparkSession, rows: pa.Table) -> DataFrame:
    """Give rows to Spark; their file lives as long as this process."""
    if rows.num_rows < MANY or not _is_local(spark):
        return spark.createDataFrame(rows)
    import pyarrow.parquet as pq

    path = _path()
    pq.write_table(rows, path, row_group_size=_GROUP, compression="zstd")
    return spark.read.parquet(str(path))


def to_arrow(frame: DataFrame, rows: int) -> pa.Table:
    """Take a frame out of Spark, which is known to have as many rows."""
    spark = frame.sparkSession
    if rows < MANY or not _is_local(spark):
        return frame.toArrow()
    import pyarrow.dataset as ds

    path = _path()
    frame.write.parquet(str(path))
    # Times are stored without their zone.
    found = ds.dataset(path, format="parquet").to_table().cast(frame.limit(0).toArrow().schema)
    for file in path.iterdir():
        file.unlink()
    path.rmdir()
    return found


def _is_local(spark: SparkSession) -> bool:
    return str(spark.sparkContext.master).startswith("local")


def _path() -> Path:
    return scratch.folder() / f"rows-{uuid.uuid4().hex}"
