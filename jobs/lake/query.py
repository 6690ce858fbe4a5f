"""SQL over the lake: DuckDB on the Delta tables that a query names.

``deltalake`` says which files a table's latest version has and of what types its columns are;
DuckDB reads the files itself. PyArrow's datasets, the usual way between the two, are left out:
importing them takes longer than an answer may.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jobs.lake import duck
from jobs.lake.contract import LAYERS
from jobs.lake.damage import opened
from jobs.lake.errors import BespokeError
from jobs.lake.folders import Folder, StoreFolder
from jobs.privacy.reads import about_to_read

if TYPE_CHECKING:
    import duckdb
    from deltalake import DeltaTable

_TABLE = re.compile(rf"\b({'|'.join(LAYERS)})\"?\s*\.\s*\"?([a-z_][a-z_0-9]*)", re.IGNORECASE)
_TEXT = re.compile(r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/", re.DOTALL)
_TYPES = {
    "string": "VARCHAR",
    "long": "BIGINT",
    "integer": "INTEGER",
    "short": "SMALLINT",
    "byte": "TINYINT",
    "binary": "BLOB",
    "timestamp": "TIMESTAMPTZ",
    "timestamp_ntz": "TIMESTAMP",
}


class QueryError(BespokeError):
    """A query cannot be answered; the message says why."""


def run_query(
    query: str,
    lake: Folder,
    parameters: Sequence[Any] = (),
    versions: Mapping[str, int] | None = None,
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Answer a query.

    Parameters
    ----------
    query : str
        DuckDB's SQL; tables are named ``layer.table``.
    lake : Path or StoreFolder
        Folder of the lake.
    parameters : sequence
        What its question marks stand for.
    versions : mapping of str to int, optional
        Table to Delta version, for those that are not to be read at their latest.

    Returns
    -------
    tuple
        Names of the columns, and the rows.

    Raises
    ------
    QueryError
        A table is not there, or DuckDB refuses the query.
    """
    import duckdb

    with duck.opened() as connection:
        for layer, name in tables_in(query):
            _register(connection, lake, layer, name, (versions or {}).get(f"{layer}.{name}"))
        # A query reads tables of this lake, and no other file of the machine.
        connection.execute(f"SET allowed_directories = ['{_quoted(lake)}/']")
        connection.execute("SET enable_external_access = false")
        try:
            answer = connection.execute(query, list(parameters) or None)
            return [column[0] for column in answer.description or []], answer.fetchall()
        except duckdb.Error as error:
            raise QueryError(str(error)) from None


def records(
    query: str,
    lake: Folder,
    parameters: Sequence[Any] = (),
    versions: Mapping[str, int] | None = None,
) -> list[dict[str, Any]]:
    """Answer a query of our own as dicts; while a table is not made yet there are none."""
    there = set(stored_tables(lake))
    if any(f"{layer}.{name}" not in there for layer, name in tables_in(query)):
        return []
    names, rows = run_query(query, lake, parameters, versions)
    return [dict(zip(names, row, strict=True)) for row in rows]


def tables_in(query: str) -> list[tuple[str, str]]:
    """Return the tables that a query names, outside its texts and comments, each once."""
    found = _TABLE.findall(_TEXT.sub(" ", query))
    return list(dict.fromkeys((layer.lower(), name.lower()) for layer, name in found))


def stored_tables(lake: Folder) -> list[str]:
    """Return the ids of the tables that the lake holds."""
    logs = [path for layer in LAYERS for path in (lake / layer).glob("*/_delta_log")]
    return sorted(f"{path.parents[1].name}.{path.parent.name}" for path in logs)


def _register(
    connection: duckdb.DuckDBPyConnection, lake: Folder, layer: str, name: str, version: int | None
) -> None:
    about_to_read(layer, name)
    folder = lake / layer / name
    if not (folder / "_delta_log").is_dir():
        raise QueryError(f"no table {layer}.{name}; {_hint(f'{layer}.{name}', lake)}")
    connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{layer}"')
    table = opened(folder, f"{layer}.{name}", version)
    rows = None
    if isinstance(folder, StoreFolder):
        # DuckDB reads a store by an extension only, which it would have to download.
        rows = f"{layer} {name}"
        connection.register(rows, table.to_pyarrow_dataset())
    connection.execute(f'CREATE VIEW "{layer}"."{name}" AS {_select(table, rows)}')


def _hint(wanted: str, lake: Folder) -> str:
    there = stored_tables(lake)
    if not there:
        return f"{lake} holds no tables yet: `bespoke run` makes them"
    near = difflib.get_close_matches(wanted, there, n=3)
    return f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(there)}"


def _select(table: DeltaTable, rows: str | None) -> str:
    """Return SQL for a table's rows, from its files or as registered, each column of its type."""
    if "deletionVectors" in (table.protocol().reader_features or []):
        raise QueryError(
            f"{table.table_uri}: has deletion vectors: run REORG … APPLY (PURGE) on it"
        )
    types = {field.name: _type(field.type) for field in table.schema().fields}
    files = table.file_uris()
    if not files:
        return _nothing(types)
    # Cast, because Spark's INT96 times name no zone.
    columns = ", ".join(f'CAST("{name}" AS {kind}) AS "{name}"' for name, kind in types.items())
    listed = ", ".join(f"'{_quoted(path)}'" for path in files)
    source = f"read_parquet([{listed}], union_by_name = true{_hive(table)})"
    if rows is not None:
        source = f'"{rows}"'
    # None of the files may have a column that was added since they were written.
    whole = f"(SELECT * FROM {source} UNION ALL BY NAME {_nothing(types)})"  # noqa: S608
    return f"SELECT {columns} FROM {whole}"  # noqa: S608 - names and paths of the table itself


def _nothing(types: Mapping[str, str]) -> str:
    """Return SQL for no rows, with all columns."""
    columns = ", ".join(f'CAST(NULL AS {kind}) AS "{name}"' for name, kind in types.items())
    return f"SELECT {columns} WHERE false"


def _hive(table: DeltaTable) -> str:
    """Say where partition columns come from: the folders' names, or nowhere."""
    parts = table.metadata().partition_columns
    if not parts:
        return ", hive_partitioning = false"
    types = {field.name: _type(field.type) for field in table.schema().fields}
    listed = ", ".join(f"'{name}': {types[name]}" for name in parts)
    return f", hive_partitioning = true, hive_types = {{{listed}}}"


def _type(kind: Any) -> str:
    """Return DuckDB's name of a Delta type."""
    if kind.type == "map":
        return f"MAP({_type(kind.key_type)}, {_type(kind.value_type)})"
    if kind.type == "array":
        return f"{_type(kind.element_type)}[]"
    if kind.type == "struct":
        inner = ", ".join(f'"{part.name}" {_type(part.type)}' for part in kind.fields)
        return f"STRUCT({inner})"
    return _TYPES.get(kind.type, str(kind.type).upper())


def _quoted(value: Folder | str) -> str:
    return str(value).replace("'", "''")
