"""Rewriting a stored table with other columns: one commit, through ``deltalake`` and DuckDB.

Rows stream from the table's files through DuckDB into new ones. Folders, properties, comments and
protocol stay as they are, so that any plain Delta reader opens the table before and after.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobs.lake import duck, faults
from jobs.lake.commits import marked
from jobs.lake.damage import opened
from jobs.lake.errors import DataError
from jobs.lake.folders import Folder

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa
    from deltalake import DeltaTable

STATISTICS = "delta.dataSkippingStatsColumns"
SHOWN = 5
"""Values or keys that a refusal shows."""


@dataclass(frozen=True)
class Projected:
    """A column of the table to be written.

    Attributes
    ----------
    value : str
        SQL over the stored columns.
    field : pa.Field
        Name, type, nullability, and its comment as metadata.
    """

    value: str
    field: pa.Field

    @classmethod
    def of(cls, field: pa.Field, column: str) -> Projected:
        """Return a stored column as it is, whatever it is called from now on."""
        return cls(f'"{column}"', field)


def place(root: Folder, table: str) -> Folder:
    """Return where a table (``layer.name``) lies."""
    return root / table.replace(".", "/")


def is_table(folder: Folder) -> bool:
    """Whether a Delta table lies there."""
    return (folder / "_delta_log").is_dir()


def duckdb_type(name: str) -> str:
    """Return DuckDB's name of a contract's plain type."""
    return {"string": "VARCHAR", "timestamp": "TIMESTAMPTZ"}.get(name, name.upper())


def stored(root: Folder, table: str) -> pa.Schema | None:
    """Return a table's columns as they are stored; None where there is no such table."""
    import pyarrow as pa

    if not is_table(place(root, table)):
        return None
    return pa.schema(opened(place(root, table), table).schema())


def began(delta: DeltaTable, mark: str) -> int:
    """Return the version before a step's first commit; the latest where it has made none."""
    own = (mark, _of_statistics(mark))
    made = [int(c["version"]) for c in delta.history() if c.get("userMetadata") in own]
    return min(made) - 1 if made else int(delta.version())


def note(delta: DeltaTable, table: str, properties: Mapping[str, str], mark: str) -> None:
    """Set properties of a table."""
    delta.alter.set_table_properties(
        dict(properties), raise_if_not_exists=False, commit_properties=marked(mark)
    )
    faults.committed(table)


def rewritten(
    root: Folder,
    table: str,
    columns: Sequence[Projected],
    mark: str,
    renamed: Mapping[str, str | None],
    folded_by: Sequence[str] = (),
) -> tuple[int, int]:
    """Write a table anew, from its own rows.

    Parameters
    ----------
    root : Path or StoreFolder
        The lake.
    table : str
        The table.
    columns : sequence of Projected
        Its columns from now on.
    mark : str
        What the commit carries.
    renamed : mapping of str to str or None
        Columns that have another name from now on, or none.
    folded_by : sequence of str
        Columns of which rows that agree become one; the values are aggregates then.

    Returns
    -------
    tuple of int
        Delta versions before and after.
    """
    import pyarrow as pa
    from deltalake import write_deltalake

    delta = opened(place(root, table), table)
    before = began(delta, mark)
    parts = delta.metadata().partition_columns
    gone = [name for name in parts if renamed.get(name, name) is None]
    if gone:
        raise DataError(f"{table} lies in folders by {', '.join(gone)}: it cannot be dropped")
    _rename_statistics(delta, table, renamed, mark)
    schema = pa.schema([column.field for column in columns])
    wanted = ", ".join(f'{column.value} AS "{column.field.name}"' for column in columns)
    groups = ", ".join(f'"{name}"' for name in folded_by)
    query = f"SELECT {wanted} FROM stored{' GROUP BY ' * bool(groups)}{groups}"  # noqa: S608
    with _connected(delta) as connection:
        batches = connection.sql(query).to_arrow_reader()
        write_deltalake(
            delta,
            pa.RecordBatchReader.from_batches(schema, (batch.cast(schema) for batch in batches)),
            mode="overwrite",
            schema_mode="overwrite",
            partition_by=[renamed.get(name) or name for name in parts] or None,
            commit_properties=marked(mark),
        )
    faults.committed(table)
    return before, int(opened(place(root, table), table).version())


def lost(root: Folder, table: str, column: str, wanted: str) -> tuple[int, list[str]]:
    """Return how many rows hold a value that another type would change, and a few such values."""
    delta = opened(place(root, table), table)
    with _connected(delta) as connection:
        kind = str(connection.sql(f'SELECT "{column}" FROM stored').types[0])  # noqa: S608
        held = f'"{column}" IS NOT NULL AND NOT coalesce({_survives(column, kind, wanted)}, false)'
        (rows,) = connection.sql(f"SELECT count(*) FROM stored WHERE {held}").fetchall()[0]  # noqa: S608
        shown = _shown(delta, column)
        some = connection.sql(
            f"SELECT DISTINCT {shown} FROM stored WHERE {held} ORDER BY 1 LIMIT {SHOWN}"  # noqa: S608
        ).fetchall()
    return rows, [repr(value) for (value,) in some]


def repeated(root: Folder, table: str, key: Sequence[str]) -> tuple[int, list[str]]:
    """Return how many keys several rows have, and a few of them."""
    delta = opened(place(root, table), table)
    names = ", ".join(f'"{name}"' for name in key)
    found = f"SELECT {names} FROM stored GROUP BY {names} HAVING count(*) > 1"  # noqa: S608
    shown = ", ".join(_shown(delta, name) for name in key)
    with _connected(delta) as connection:
        (rows,) = connection.sql(f"SELECT count(*) FROM ({found})").fetchall()[0]  # noqa: S608
        some = connection.sql(
            f"SELECT {shown} FROM ({found}) ORDER BY {names} LIMIT {SHOWN}"  # noqa: S608
        ).fetchall()
    return rows, [", ".join(map(str, values)) for values in some]


def _survives(column: str, kind: str, wanted: str) -> str:
    """Return SQL for whether a value says the same in another type."""
    cast = f'TRY_CAST("{column}" AS {duckdb_type(wanted)})'
    if kind != "VARCHAR":
        return f'TRY_CAST({cast} AS {kind}) IS NOT DISTINCT FROM "{column}"'
    if wanted in ("date", "timestamp"):
        # A time may be written in many ways.
        return f"{cast} IS NOT NULL"
    # A number may be written with more zeros behind it, but `007` is no number.
    return f"{_trimmed(f'CAST({cast} AS VARCHAR)')} = {_trimmed(f'{chr(34)}{column}{chr(34)}')}"


def _trimmed(text: str) -> str:
    return f"CASE WHEN contains({text}, '.') THEN rtrim(rtrim({text}, '0'), '.') ELSE {text} END"


def _shown(delta: DeltaTable, column: str) -> str:
    """Return SQL for a value in a message: nothing of a column that is about people.

    Those have no statistics, in a table of any release.
    """
    counted = delta.metadata().configuration.get(STATISTICS) or ""
    public = column in (*counted.split(","), *delta.metadata().partition_columns)
    return f'CAST("{column}" AS VARCHAR)' if public else "'…'"


def _rename_statistics(
    delta: DeltaTable, table: str, renamed: Mapping[str, str | None], mark: str
) -> None:
    """Count the column under its new name from the rewrite on."""
    have = delta.metadata().configuration.get(STATISTICS)
    if not have:
        return
    names = [renamed.get(name, name) for name in have.split(",")]
    wanted = ",".join(name for name in names if name is not None)
    if wanted and wanted != have:
        note(delta, table, {STATISTICS: wanted}, _of_statistics(mark))


def _of_statistics(mark: str) -> str:
    return f"{mark}: statistics"


@contextmanager
def _connected(delta: DeltaTable) -> Iterator[duckdb.DuckDBPyConnection]:
    """Connect to DuckDB, with the table's rows as ``stored``."""
    with duck.opened() as connection:
        connection.register("stored", delta.to_pyarrow_dataset())
        yield connection
