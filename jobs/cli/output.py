"""Output of commands: a table for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import typer
from rich.table import Table

from jobs.cli.logs import terminal


def show_rows(rows: Sequence[Mapping[str, Any]], *, as_json: bool, nothing: str = "") -> None:
    """Print rows that have the same keys.

    Parameters
    ----------
    rows : sequence of mapping
        Values of any type that the lake has.
    as_json : bool
        One JSON array instead of a table.
    nothing : str
        What people are told when there are no rows.
    """
    if as_json:
        show_json(list(rows))
        return
    if not rows:
        typer.echo(nothing or "No rows.")
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in rows[0]:
        numbers = all(isinstance(row[name], int | float | Decimal | None) for row in rows)
        table.add_column(name, justify="right" if numbers else "left", overflow="fold")
    for row in rows:
        table.add_row(*[_text(value) for value in row.values()])
    console = terminal()
    if not console.is_terminal:
        # A pipe has no width: nothing is folded.
        console.width = 10_000
    console.print(table, markup=False)


def show_json(value: Any) -> None:
    """Print a value as JSON; dates as ISO 8601, decimals as strings, so that none loses a digit."""
    typer.echo(json.dumps(value, default=plain, ensure_ascii=False, indent=1))


def plain(value: Any) -> Any:
    """Return what JSON has for a value of the lake."""
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    return str(value)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds").removesuffix("+00:00")
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | tuple | dict):
        return json.dumps(value, default=plain, ensure_ascii=False)
    return str(value)
