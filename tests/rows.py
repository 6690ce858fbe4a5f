"""Small frames for tests, written as dicts and typed by a table's contract."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import to_arrow_schema
from pyspark.sql.types import DataType, DateType, DecimalType, StructType, TimestampType

from jobs.lake.contract import Table


def rows(spark: SparkSession, table: Table, values: Iterable[Mapping[str, Any]]) -> DataFrame:
    """Build a frame with the columns and types of a contract.

    Columns that a row leaves out are null, even where the contract forbids it: a test says only
    what matters to it. Dates and times may be written as ISO strings (times are UTC), decimals as
    strings or integers.

    Raises
    ------
    KeyError
        A row names a column that the table does not have.
    """
    schema = table.schema()
    types = {field.name: field.dataType for field in schema.fields}
    typed = [{name: _typed(v, types[name]) for name, v in row.items()} for row in values]
    nullable = StructType([*schema.fields])
    for field in nullable.fields:
        field.nullable = True
    arrow = to_arrow_schema(nullable, timezone="UTC")
    return spark.createDataFrame(pa.Table.from_pylist(typed, schema=arrow), schema=nullable)


def dicts(frame: DataFrame, *columns: str) -> list[dict[str, Any]]:
    """Return the rows of a frame as dicts, of some or all columns, in the order of their values."""
    picked = frame.select(*columns) if columns else frame
    return sorted(
        (row.asDict(recursive=True) for row in picked.collect()),
        key=lambda row: [(value is not None, str(value)) for value in row.values()],
    )


def _typed(value: Any, wanted: DataType) -> Any:
    if isinstance(value, str) and isinstance(wanted, DateType):
        return date.fromisoformat(value)
    if isinstance(value, str) and isinstance(wanted, TimestampType):
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    if isinstance(value, str | int) and isinstance(wanted, DecimalType):
        return Decimal(value)
    return value
