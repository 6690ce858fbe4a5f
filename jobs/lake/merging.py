"""Merging: which incoming rows change a table, and where in it their keys can be.

Delta rewrites every file that holds a key of the incoming rows, also where the row there stays as
it is: a file that repeats a hundred old order lines would have all of them written anew.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from jobs.lake.contract import Table

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

THERE = "_there"
"""Whether the table has a row of the key."""
MOVED_DAYS = timedelta(days=3)
"""By how much a corrected row's date may be another."""


def of_version(table: Table) -> tuple[str, ...]:
    """Return the columns by which :func:`newer` compares two rows."""
    if table.version is None:
        return ()
    return (table.version, *(["row_hash"] if "row_hash" in table.names else []))


def newer(table: Table) -> str | None:
    """Return the condition by which a row ``s`` replaces the row ``t`` of its key; or None.

    In SQL that Spark, DuckDB and DataFusion read alike.
    """
    columns = of_version(table)
    if not columns:
        return None
    later = f"s.{columns[0]} > t.{columns[0]}"
    return later + "".join(f" AND s.{c} IS DISTINCT FROM t.{c}" for c in columns[1:])


def bounds(table: Table, rows: DataFrame) -> tuple[Any, Any] | None:
    """Return where in the table the keys of rows can be: a range of its column ``prune``."""
    from pyspark.sql import functions as F

    if table.prune is None:
        return None
    found = rows.agg(F.min(table.prune), F.max(table.prune)).first()
    if found is None or found[0] is None:
        return None
    low, high = found
    if table.column(table.prune).type == "date":
        return low - MOVED_DAYS, high + MOVED_DAYS
    return low, high


def within(table: Table, limits: tuple[Any, Any] | None, alias: str = "t") -> Column:
    """Whether a row of the table is in the range."""
    from pyspark.sql import functions as F

    if limits is None:
        return F.lit(True)
    return F.col(f"{alias}.{table.prune}").between(*map(F.lit, limits))


def changing(table: Table, incoming: DataFrame, held: DataFrame) -> DataFrame:
    """Keep the rows that a table lacks, or has an older version of.

    Parameters
    ----------
    table : Table
        With ``refresh`` merge.
    incoming : DataFrame
        At most one row a key.
    held : DataFrame
        Rows of the table; what they hold beside key and version is not read.

    Returns
    -------
    DataFrame
        The rows, with ``_there``.
    """
    from pyspark.sql import functions as F

    compared = (*table.key, *of_version(table))
    narrow = held.select(*compared, F.lit(True).alias(THERE)).alias("t")
    same_key = [F.col(f"s.{k}") == F.col(f"t.{k}") for k in table.key]
    joined = incoming.alias("s").join(narrow, same_key, "left")
    wanted, replaces = F.col(THERE).isNull(), newer(table)
    if replaces is not None:
        wanted |= F.expr(replaces)
    return joined.where(wanted).select("s.*", F.coalesce(THERE, F.lit(False)).alias(THERE))
