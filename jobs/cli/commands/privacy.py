"""``bespoke privacy``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(add_completion=False, no_args_is_help=True)

_Why = Annotated[str, typer.Option(help="The reason; it is recorded with your name.")]


@app.callback()
def privacy() -> None:
    """Look for what is held of people, and prove what is not."""


@app.command()
def search(
    values: Annotated[
        Path, typer.Argument(help="File of values, one a line; - for standard input.")
    ],
    why: _Why,
    also: Annotated[
        list[Path] | None, typer.Option(help="Folder beside the home, as /tmp; may be repeated.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Look for personal values in all files of the home; exit with 1 if one is where none may be.

    Parquet, gzip, zip and SQLite are decoded, and values are looked for as they are, backwards, in
    base64 and hexadecimal, escaped, and hashed without a key.
    """
    from jobs.cli.output import show_rows
    from jobs.cli.searching import searched

    text = sys.stdin.read() if str(values) == "-" else values.read_text(encoding="utf-8")
    rows = searched([line for line in text.splitlines() if line.strip()], why, also or [])
    show_rows(rows, as_json=as_json, nothing="Nothing was found.")
    if any(row["place"] == "NOT LISTED" for row in rows):
        raise typer.Exit(1)
