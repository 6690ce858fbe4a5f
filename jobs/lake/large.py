"""Large writes: frames that Spark writes to Delta tables; :mod:`jobs.lake.small` has few rows'."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import TYPE_CHECKING

from jobs.lake import commits, merging
from jobs.lake.contract import Refresh, Table

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession


def append(path: str, frame: DataFrame, unit: str, *, once: bool = False) -> None:
    """Append a frame; of two writers that do it at the same moment, and once, one is refused."""
    writer = commits.writer_of(frame, unit).mode("append")
    if once:
        writer = writer.option("txnAppId", unit).option("txnVersion", 1)
    writer.save(path)


def replace(path: str, table: Table, frame: DataFrame, dates: Collection[date], unit: str) -> None:
    """Replace the rows of some dates, or all rows, as the contract says."""
    writer = commits.writer_of(frame, unit).mode("overwrite")
    if table.refresh is Refresh.REPLACE_DATE:
        listed = ", ".join(f"DATE'{day.isoformat()}'" for day in sorted(dates))
        writer = writer.option("replaceWhere", f"`{table.date}` IN ({listed})")
    writer.save(path)


def merge(
    spark: SparkSession,
    path: str,
    table: Table,
    incoming: DataFrame,
    unit: str,
    *,
    among: Column | None = None,
    delete: str = "",
) -> None:
    """Let Delta merge rows, among the table's rows that a condition holds for.

    The session is the thread's own, which the rows' need not be: the commit's mark is set in it.
    """
    from delta.tables import DeltaTable
    from pyspark.sql import functions as F

    condition = F.expr(" AND ".join(f"t.`{k}` = s.`{k}`" for k in table.key))
    if among is not None:
        condition &= among
    target = DeltaTable.forPath(spark, path).alias("t")
    merging_rows = target.merge(incoming.alias("s"), condition)
    # Of an insert-only table a row changes only where the file that brought it was corrected.
    newer = merging.newer(table) or delete
    if newer:
        merging_rows = merging_rows.whenMatchedUpdateAll(newer)
    merging_rows = merging_rows.whenNotMatchedInsertAll()
    if delete:
        merging_rows = merging_rows.whenNotMatchedBySourceDelete(delete)
    with commits.marking(spark, unit):
        merging_rows.execute()
