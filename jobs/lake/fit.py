"""Fit: in what a stored table differs from its contract, and what of that mends itself."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from jobs.lake.contract import Table
from jobs.lake.rewrite import STATISTICS
from jobs.lake.schemas import delta_schema, properties

if TYPE_CHECKING:
    from deltalake import DeltaTable

log = logging.getLogger("bespoke")


def differences(delta: DeltaTable, table: Table) -> list[str]:
    """Return what of a stored table differs from its contract and does not mend itself."""
    stored = {f.name: f for f in delta.schema().fields}
    wanted = {f.name: f for f in delta_schema(table).fields}
    # A row whose version is null would never be replaced by a newer one.
    needed = {*table.key, *table.partition_by, table.version, table.date, table.prune}
    said = [
        f"{table.id} lacks column {name} ({table.column(name).type}), which its rows cannot lack"
        for name in wanted
        if name not in stored and (name in needed or not wanted[name].nullable)
    ]
    said += [
        f"{table.id} has a column {n}, which its contract lacks" for n in stored.keys() - wanted
    ]
    said += [
        f"{table.id}: column {name} is {_type(stored[name].type)}, its contract wants "
        f"{table.column(name).type}"
        for name in wanted.keys() & stored
        if _type(stored[name].type) != _type(wanted[name].type)
    ]
    parts = tuple(delta.metadata().partition_columns)
    if parts != table.partition_by:
        said.append(
            f"{table.id} lies in folders by {parts}, its contract wants {table.partition_by}"
        )
    return sorted(said)


def lacking(delta: DeltaTable, table: Table) -> list[str]:
    """Return the columns of the contract that the stored table lacks."""
    stored = {field.name for field in delta.schema().fields}
    return [name for name in table.names if name not in stored]


def align(delta: DeltaTable, table: Table) -> None:
    """Do what needs no migration: columns that may be null, and of which there are statistics."""
    stored = {f.name: f for f in delta.schema().fields}
    wanted = delta_schema(table).fields
    added = lacking(delta, table)
    if added:
        delta.alter.add_columns([f for f in wanted if f.name in added])
        log.info("%s: column(s) %s added", table.id, ", ".join(added))
    for column in wanted:
        if column.nullable and column.name in stored and not stored[column.name].nullable:
            delta.alter.drop_column_not_null(column.name)
            log.info("%s: column %s may be null from now on", table.id, column.name)
    have = delta.metadata().configuration
    changed = {
        name: value
        for name, value in properties(table).items()
        if value is not None and _listed(name, have.get(name)) != _listed(name, value)
    }
    if changed:
        delta.alter.set_table_properties(changed)


def _listed(name: str, value: str | None) -> Any:
    return sorted(value.split(",")) if name == STATISTICS and value else value


def _type(kind: Any) -> str:
    """Return a Delta type as contracts write it; whether parts of it may be null is left out."""
    if kind.type == "map":
        return f"map<{_type(kind.key_type)},{_type(kind.value_type)}>"
    if kind.type == "array":
        return f"array<{_type(kind.element_type)}>"
    return {"long": "bigint", "integer": "int"}.get(str(kind.type), str(kind.type))
