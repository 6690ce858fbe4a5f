"""Two engines for one SQL: DuckDB where rows are few, Spark where they are many.

Few rows cost Spark seconds of planning and compiling, and DuckDB nothing. What is asked here keeps
to what both understand alike.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from jobs.lake import duck
from jobs.lake.transfer import to_arrow, to_spark

Rows: TypeAlias = DataFrame | pa.Table
"""Rows at the engine that is to answer."""


def at_engine(frame: DataFrame, *, few: bool) -> Rows:
    """Take rows, which are cheap to read more than once, to the engine that is to answer."""
    return to_arrow(frame, frame.count()) if few else frame


def ask(query: str, **tables: Rows) -> Rows:
    """Answer a query.

    Parameters
    ----------
    query : str
        SQL in which a table is named in braces, as ``{records}``.
    **tables : DataFrame or pyarrow.Table
        The tables, all at one engine.
    """
    named: dict[str, Any] = dict(tables)
    for rows in tables.values():
        if isinstance(rows, DataFrame):
            # Spark would work out again whatever two queries stand on.
            return rows.sparkSession.sql(query, **named).localCheckpoint()
    with duck.opened() as connection:
        for name, table in tables.items():
            connection.register(name, table)
        names = {name: name for name in tables}
        return connection.sql(query.format(**names)).to_arrow_table()


def as_frame(rows: Rows, spark: SparkSession) -> DataFrame:
    """Take an answer back to Spark."""
    return rows if isinstance(rows, DataFrame) else to_spark(spark, rows)


def text(value: str) -> str:
    """Write a text as SQL that can be asked.

    >>> text("it's {x}")
    "'it''s {{x}}'"
    """
    return "'" + value.replace("'", "''").replace("{", "{{").replace("}", "}}") + "'"
