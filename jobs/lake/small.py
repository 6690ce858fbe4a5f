"""Small writes: rows held against a table by DuckDB, and written through ``deltalake``.

Spark takes seconds to plan, compile and commit what these do in milliseconds, and most writes of a
small shop's night, or of a quiet night of a large one, are of few rows. Of more rows, or where the
rows of a large table change, Spark writes.

Rows change here by an overwrite. ``DeltaTable.merge``, ``update`` and ``delete`` would note in
their files that text is of Arrow's type ``string_view``, and PyArrow, as which DuckDB and pandas
read a table, then fails on any filter (apache/arrow#49368).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from jobs.lake import commits, duck, merging
from jobs.lake.contract import Refresh, Table
from jobs.lake.schemas import arrow_schema

if TYPE_CHECKING:
    import pyarrow as pa
    from deltalake import DeltaTable
    from pyspark.sql import DataFrame

FEW = 10_000
"""Rows that the driver takes from Spark and writes itself."""
BYTES = 8 * 2**20
"""Size of a table's files up to which a change of some of its rows writes all of them anew."""


def are_few(rows: int | None) -> bool:
    """Whether as many rows are few; those that nobody has counted are not."""
    return rows is not None and rows <= FEW


def is_small(delta: DeltaTable) -> bool:
    """Whether the table's rows are changed here."""
    import pyarrow as pa
    import pyarrow.compute as pc

    sizes = pa.table(delta.get_add_actions()).column("size_bytes")
    return (pc.sum(sizes).as_py() or 0) <= BYTES


def taken(table: Table, frame: DataFrame) -> pa.Table:
    """Take the rows of a frame out of Spark, with the table's columns."""
    return frame.select(*table.names).toArrow().cast(arrow_schema(table))


def append(delta: DeltaTable, rows: pa.Table, unit: str | None = None) -> None:
    """Append rows, in a commit that carries the unit of work, where one is named."""
    from deltalake import write_deltalake

    mark = None if unit is None else commits.marked(unit, once=True, inserted=rows.num_rows)
    write_deltalake(delta, rows, mode="append", commit_properties=mark)


def replace(
    delta: DeltaTable, table: Table, rows: pa.Table, dates: Collection[date], unit: str
) -> None:
    """Replace the rows of some dates, or all rows, as the contract says."""
    from deltalake import write_deltalake

    where = None
    if table.refresh is Refresh.REPLACE_DATE:
        listed = ", ".join(f"DATE '{day.isoformat()}'" for day in sorted(dates))
        where = f"{table.date} IN ({listed})"
    mark = commits.marked(unit, inserted=rows.num_rows)
    write_deltalake(delta, rows, mode="overwrite", predicate=where, commit_properties=mark)


def merge(delta: DeltaTable, table: Table, rows: pa.Table, unit: str) -> bool:
    """Merge rows of which each has a key of its own.

    Returns
    -------
    bool
        Whether the table changed; no commit is made of rows that change nothing.
    """
    held = delta.to_pyarrow_dataset().to_table(columns=[*table.key, *merging.of_version(table)])
    changing, updated = _changing(table, rows, held)
    if changing.num_rows:
        upsert(delta, table, changing, unit, updated)
    return bool(changing.num_rows)


def upsert(delta: DeltaTable, table: Table, rows: pa.Table, unit: str, updated: int) -> None:
    """Write rows that all change the table, as many of which take the place of others."""
    import pyarrow as pa
    from deltalake import write_deltalake

    if not updated:
        append(delta, rows, unit)
        return
    held = delta.to_pyarrow_dataset().to_table().cast(arrow_schema(table))
    kept = _held_against(table, held, rows, "t._n IS NULL")
    whole = pa.concat_tables([held.take(kept.column("_n")), rows])
    mark = commits.marked(unit, inserted=rows.num_rows - updated, updated=updated)
    write_deltalake(delta, whole, mode="overwrite", commit_properties=mark)


def update(delta: DeltaTable, table: Table, condition: str, values: Mapping[str, str]) -> int:
    """Set columns of the rows that a condition holds for to SQL expressions; return how many.

    The condition has to hold for the changed rows as well.
    """
    from deltalake import write_deltalake

    put = ", ".join(f"{value} AS {name}" for name, value in values.items())
    with duck.opened() as connection:
        connection.register("t", delta.to_pyarrow_dataset())
        found = connection.sql(f"SELECT * REPLACE ({put}) FROM t WHERE {condition}")  # noqa: S608
        rows = found.to_arrow_table().cast(arrow_schema(table))
    if rows.num_rows:
        write_deltalake(delta, rows, mode="overwrite", predicate=condition)
    return int(rows.num_rows)


def delete(delta: DeltaTable, table: Table, condition: str, **options: Any) -> None:
    """Delete the rows that a condition holds for; those for which it is unknown stay."""
    from deltalake import write_deltalake

    nothing = arrow_schema(table).empty_table()
    write_deltalake(delta, nothing, mode="overwrite", predicate=condition, **options)


def _changing(table: Table, rows: pa.Table, held: pa.Table) -> tuple[pa.Table, int]:
    """Keep the rows that change the table; say how many take the place of one there."""
    import pyarrow.compute as pc

    found = _held_against(table, rows, held, f"t._n IS NULL OR ({merging.newer(table) or 'FALSE'})")
    return rows.take(found.column("_n")), pc.sum(found.column("there")).as_py() or 0


def _held_against(table: Table, rows: pa.Table, others: pa.Table, condition: str) -> pa.Table:
    """Join rows ``s`` to others ``t`` by the table's key.

    Returns
    -------
    pyarrow.Table
        Number of each row that the condition holds for, and whether there is another of its key.
    """
    import pyarrow as pa

    columns = [*table.key, *merging.of_version(table)]
    same_key = " AND ".join(f"s.{k} = t.{k}" for k in table.key)
    with duck.opened() as connection:
        for name, side in (("s", rows), ("t", others)):
            numbers = pa.array(range(side.num_rows), pa.int64())
            connection.register(name, side.select(columns).append_column("_n", numbers))
        return connection.sql(
            f"SELECT s._n, t._n IS NOT NULL AS there FROM s LEFT JOIN t ON {same_key} "  # noqa: S608
            f"WHERE {condition} ORDER BY s._n"
        ).to_arrow_table()
