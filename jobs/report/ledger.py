"""The latest rows of a ledger: of its many small files only those that hold them.

A night adds dozens of files to ``ops.runs``, ``quality`` and ``files``. The log says of each up to
which night its rows go, so a report of the last nights need not open those of years.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from jobs.lake import duck
from jobs.lake.contract import Table
from jobs.lake.folders import Folder, StoreFolder

if TYPE_CHECKING:
    import pyarrow as pa


def recent(
    lake: Folder,
    table: Table,
    query: str,
    parameters: Sequence[Any] = (),
    *,
    nights: int | None = None,
    since: date | None = None,
) -> list[dict[str, Any]]:
    """Answer a query of our own about the latest rows of a ledger, which it calls ``ledger``.

    Rows of other nights may be among them, so the query says itself which it wants.

    Parameters
    ----------
    lake : Path or StoreFolder
        The lake.
    table : Table
        The ledger; while it is not made there are no rows.
    query : str
        DuckDB's SQL.
    parameters : sequence
        What its question marks stand for.
    nights : int, optional
        All rows of that many latest nights are wanted.
    since : date, optional
        All rows of that night and later ones are wanted.
    """
    from deltalake import DeltaTable

    folder = lake / table.layer / table.name
    if not (folder / "_delta_log").is_dir():
        return []
    delta = DeltaTable(str(folder))
    files = _files(folder, delta.get_add_actions(flatten=True), _night(table), nights, since)
    if not files:
        return []
    with duck.opened() as connection:
        if isinstance(folder, StoreFolder):
            # DuckDB reads a store by an extension only, which it would have to download.
            found = connection.from_arrow(delta.to_pyarrow_dataset())
        else:
            found = connection.read_parquet(files, union_by_name=True, hive_partitioning=False)
        # A lake of an earlier release, and files from before a column was added, lack it.
        lacking = [f'NULL AS "{name}"' for name in table.names if name not in found.columns]
        found.project(", ".join(["*", *lacking])).create_view("ledger")
        answer = connection.execute(query, list(parameters) or None)
        names = [column[0] for column in answer.description or []]
        return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def _files(
    folder: Folder, actions: pa.Table, night: str, nights: int | None, since: date | None
) -> list[str]:
    paths = actions.column("path").to_pylist()
    name = f"max.{night}"
    known = name in actions.column_names
    last = actions.column(name).to_pylist() if known else [None] * len(paths)
    if nights is not None:
        # So many files end on different nights, and there may be more nights within them.
        ends = sorted({day for day in last if day is not None}, reverse=True)
        since = ends[nights - 1] if len(ends) >= nights else None
    return [
        str(folder / path)
        for path, day in zip(paths, last, strict=True)
        if since is None or day is None or day >= since
    ]


def _night(table: Table) -> str:
    """Name the column that says which night a row is of."""
    return "as_of" if "as_of" in table.names else "loaded_on"
