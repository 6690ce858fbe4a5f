"""The data dictionary: what the contracts say of every table and column."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

from jobs.lake.contract import Refresh, Table
from jobs.lake.errors import BespokeError

HEAD = """\
# Data dictionary

Written by `bespoke tables --markdown` from the table contracts in `jobs/lake/tables/`; change a
contract and write it anew. A table `layer.name` lies at `<lake>/<layer>/<name>` and is a Delta
table that any Delta reader opens.

Privacy: *public* is about things; *pseudonymous* is about a person whom only the vault can name;
*pii* is encrypted and in the vault only; *protected* is measured for fairness and never enters a
model or a ranking.
"""

_REFRESH = {
    Refresh.APPEND: "rows are added",
    Refresh.MERGE: "rows are merged by the key",
    Refresh.REPLACE_DATE: "the rows of a date are replaced",
    Refresh.REPLACE_ALL: "the whole table is replaced",
}


class NoSuchTableError(BespokeError):
    """No contract has that name."""


def one(name: str, tables: Mapping[str, Table]) -> Table:
    """Return the table of that name; NoSuchTableError names those that are like it."""
    if name in tables:
        return tables[name]
    near = difflib.get_close_matches(name, tables, n=3) or list(tables)
    raise NoSuchTableError(f"no table {name}; there are {', '.join(near)}")


def overview(tables: Iterable[Table]) -> list[dict[str, Any]]:
    """Return one row a table."""
    return [
        {
            "table": table.id,
            "key": ", ".join(table.key),
            "refresh": table.refresh.value,
            "kept days": table.retention_days,
            "owner": table.owner,
            "description": table.description,
        }
        for table in tables
    ]


def columns(table: Table) -> list[dict[str, Any]]:
    """Return one row a column."""
    return [
        {
            "column": column.name,
            "type": column.type,
            "null": "yes" if column.nullable else "no",
            "privacy": str(column.privacy),
            "description": column.description,
        }
        for column in table.columns
    ]


def described(table: Table) -> dict[str, Any]:
    """Return all that a contract says, for programs."""
    return {
        "table": table.id,
        "description": table.description,
        "owner": table.owner,
        "key": list(table.key),
        "refresh": table.refresh.value,
        "version": table.version,
        "date": table.date,
        "partition_by": list(table.partition_by),
        "cluster_by": list(table.cluster_by),
        "retention_days": table.retention_days,
        "columns": [row | {"null": row["null"] == "yes"} for row in columns(table)],
    }


def as_markdown(tables: Iterable[Table]) -> str:
    """Return the whole dictionary as a page."""
    parts = [HEAD]
    for layer, found in groupby(tables, key=lambda table: table.layer):
        parts.append(f"## {layer}\n")
        parts.extend(_section(table) for table in found)
    return "\n".join(parts)


def _section(table: Table) -> str:
    kept = f"kept {table.retention_days} days" if table.retention_days else "kept for good"
    key = ", ".join(f"`{name}`" for name in table.key)
    rows = [
        "| " + " | ".join(_cell(str(value)) for value in row.values()) + " |"
        for row in columns(table)
    ]
    return "\n".join(
        [
            f"### {table.id}\n",
            f"{table.description} Key: {key}; {_REFRESH[table.refresh]}; {kept}; "
            f"owner: {table.owner}.\n",
            "| column | type | null | privacy | description |",
            "|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
