"""Schemas: a contract's columns as Delta and as Arrow know them, and the table's properties."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from jobs.lake.contract import Privacy, Table

if TYPE_CHECKING:
    import pyarrow as pa
    from deltalake import Schema


_PRIMITIVE = {"bigint": "long", "int": "integer"}


def properties(table: Table) -> dict[str, str | None]:
    """Table properties: statistics on columns that are not about people only.

    The minima and maxima of a column stand in the Delta log and outlive the rows.
    """
    plain = [
        c.name
        for c in table.columns
        if c.privacy is Privacy.PUBLIC
        and "<" not in c.type
        and c.type != "boolean"
        and c.name not in table.partition_by
    ]
    if not plain:
        return {"delta.dataSkippingNumIndexedCols": "0"}
    return {"delta.dataSkippingStatsColumns": ",".join(plain)}


def delta_schema(table: Table) -> Schema:
    """Columns of the table as a Delta schema, with their descriptions."""
    from deltalake import Field, Schema

    return Schema(
        [
            Field(
                c.name,
                _delta_type(c.type),
                nullable=c.nullable,
                metadata={"comment": c.description},
            )
            for c in table.columns
        ]
    )


def _delta_type(name: str) -> Any:
    from deltalake.schema import ArrayType, MapType, PrimitiveType

    if name.startswith("map<"):
        key, _, value = name[4:-1].partition(",")
        return MapType(
            _delta_type(key.strip()), _delta_type(value.strip()), value_contains_null=True
        )
    if name.startswith("array<"):
        return ArrayType(_delta_type(name[6:-1]), contains_null=True)
    return PrimitiveType(_PRIMITIVE.get(name, name))


@functools.cache
def arrow_schema(table: Table) -> pa.Schema:
    """Columns of the table as an Arrow schema."""
    import pyarrow as pa

    return pa.schema([pa.field(c.name, arrow_type(c.type), c.nullable) for c in table.columns])


def arrow_type(name: str) -> pa.DataType:
    """Return Arrow's type of a contract's."""
    import pyarrow as pa

    if name.startswith("decimal("):
        precision, scale = name[8:-1].split(",")
        return pa.decimal128(int(precision), int(scale))
    if name.startswith("map<"):
        key, _, value = name[4:-1].partition(",")
        return pa.map_(arrow_type(key.strip()), arrow_type(value.strip()))
    if name.startswith("array<"):
        return pa.list_(arrow_type(name[6:-1]))
    return {
        "string": pa.string(),
        "bigint": pa.int64(),
        "int": pa.int32(),
        "double": pa.float64(),
        "boolean": pa.bool_(),
        "date": pa.date32(),
        "timestamp": pa.timestamp("us", tz="UTC"),
    }[name]
