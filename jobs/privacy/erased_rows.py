"""Erasure in the tables: rows of a person are deleted, and then every trace of them in the past.

A deleted row is in older files and in the log's statistics still. So the files that no version
needs any more are removed at once, the log is written in one piece and what stood before it goes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from jobs.lake import duck, faults, small
from jobs.lake.contract import Column, Subject, Table
from jobs.lake.schemas import arrow_schema
from jobs.lake.store import Lake
from jobs.maintenance.log import quietly

if TYPE_CHECKING:
    import pyarrow as pa

    from jobs.privacy.subjects import Keys

_NUMBERED = re.compile(r"(\d{20})\..+")


def delete(lake: Lake, table: Table, keys: Sequence[Keys]) -> int:
    """Delete the rows of persons from a table; return how many they were."""
    found = count(lake, table, keys)
    condition = predicate(table, keys, _DATAFUSION)
    if found and condition is not None:
        small.delete(lake.delta(table), table, condition, **quietly())
        faults.committed(table.id)
    return found


def count(lake: Lake, table: Table, keys: Sequence[Keys]) -> int:
    """Count the rows of persons in a table."""
    found = _asked(lake, table, keys, "count(*) AS n")
    return int(found.column("n")[0].as_py()) if found is not None else 0


def anonymise(lake: Lake, table: Table, keys: Sequence[Keys]) -> int:
    """Take out of a table's rows whose they are, and keep the rest; return how many they were."""
    from deltalake import write_deltalake

    nobody = ", ".join(f'NULL AS "{c.name}"' for c in table.subjects)
    found = _asked(lake, table, keys, f"* REPLACE ({nobody})")
    if found is None or not found.num_rows:
        return 0
    rows = found.cast(arrow_schema(table))
    # By their keys: the condition does not hold any more for what is written.
    whole = _by_key(table, rows)
    write_deltalake(lake.delta(table), rows, mode="overwrite", predicate=whole, **quietly())
    faults.committed(table.id)
    return int(rows.num_rows)


def forget_past(lake: Lake, table: Table) -> int:
    """Remove all files and log entries that the table's present version does not need.

    Whoever reads an older version meanwhile fails. Return how many files were removed.
    """
    if not lake.exists(table):
        return 0
    gone = lake.delta(table).vacuum(
        0, dry_run=False, full=True, enforce_retention_duration=False, **quietly()
    )
    delta = lake.delta(table)
    delta.create_checkpoint()
    last = int(delta.version())
    log = lake.folder(table) / "_delta_log"
    removed = len(gone)
    entries: list[Any] = list(log.iterdir())
    for path in entries:
        match = _NUMBERED.fullmatch(path.name.removeprefix("."))
        if match and int(match[1]) < last:
            path.unlink()
            removed += 1
    faults.committed(f"{table.id}, past")
    return removed


def _asked(lake: Lake, table: Table, keys: Sequence[Keys], what: str) -> pa.Table | None:
    """Ask for something of the rows of persons; None where a table can have none."""
    condition = predicate(table, keys, _DUCK)
    if condition is None or not lake.exists(table):
        return None
    with duck.opened() as database:
        database.register("t", lake.delta(table).to_pyarrow_dataset())
        return database.sql(f"SELECT {what} FROM t WHERE {condition}").to_arrow_table()  # noqa: S608 - of our own names, values quoted


def _by_key(table: Table, rows: pa.Table) -> str:
    *outer, last = table.key
    groups: dict[tuple[str, ...], list[str]] = {}
    for row in rows.select(list(table.key)).to_pylist():
        groups.setdefault(tuple(row[name] for name in outer), []).append(row[last])
    parts = []
    for values, listed in groups.items():
        same = [f'"{n}" = {_quoted(v)}' for n, v in zip(outer, values, strict=True)]
        same.append(f'"{last}" IN ({_listed(listed)})')
        parts.append(f"({' AND '.join(same)})")
    return " OR ".join(parts)


class _Dialect:
    """How two engines write what they write differently."""

    def __init__(self, moment: str, array: str) -> None:
        self.moment, self.array = moment, array


_DUCK = _Dialect("TIMESTAMPTZ '{}'", "list_has_any({}, [{}])")
_DATAFUSION = _Dialect(
    "arrow_cast('{}', 'Timestamp(Microsecond, Some(\"UTC\"))')",
    "array_has_any({}, make_array({}))",
)


def predicate(table: Table, keys: Sequence[Keys], dialect: _Dialect) -> str | None:
    """Return the condition of a table's rows that are about persons; None where it has none.

    A pair goes where either side of it is theirs.
    """
    parts: list[str] = []
    by_time = [c for c in table.subjects if c.names is Subject.NODE and table.at is not None]
    for column in by_time[:1] or table.subjects:
        parts.extend(_of_column(table, column, keys, dialect, by_time=bool(by_time)))
    if table.layer == "bronze":
        parts.extend(_of_rows(keys))
    return " OR ".join(parts) or None


def _of_column(
    table: Table, column: Column, keys: Sequence[Keys], dialect: _Dialect, *, by_time: bool
) -> list[str]:
    assert column.names is not None
    name = f'"{column.name}"'
    shared = {node for of in keys for node in of.shared}
    values = sorted({v for of in keys for v in of.of(column.names)} - shared)
    parts = []
    if values and column.names is Subject.NODES:
        parts.append(dialect.array.format(name, _listed(values)))
    elif values:
        parts.append(f"{name} IN ({_listed(values)})")
    if by_time:
        for of in keys:
            parts.extend(_span(name, f'"{table.at}"', span, dialect) for span in of.bounded)
    return parts


def _span(name: str, at: str, span: dict[str, object], dialect: _Dialect) -> str:
    wanted = [f"{name} = {_quoted(str(span['identifier']))}"]
    for bound, sign in ((span["valid_from"], ">="), (span["valid_to"], "<")):
        if isinstance(bound, datetime):
            moment = dialect.moment.format(bound.astimezone(UTC).isoformat())
            wanted.append(f"{at} {sign} {moment}")
    return f"({' AND '.join(wanted)})"


def _of_rows(keys: Sequence[Keys]) -> list[str]:
    lines: dict[str, set[str]] = {}
    for of in keys:
        for row in of.rows:
            file, _, line = row.rpartition(":")
            lines.setdefault(file, set()).add(line)
    return [
        f"(file_id = {_quoted(file)} AND line IN ({', '.join(sorted(found, key=int))}))"
        for file, found in sorted(lines.items())
    ]


def _listed(values: Iterable[str]) -> str:
    return ", ".join(map(_quoted, values))


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
