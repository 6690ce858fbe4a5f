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
    """Give people what is held about them, and prove what is not."""


@app.command()
def access(
    who: Annotated[
        str, typer.Argument(help="A person_id, an identifier, its value, or an email address.")
    ],
    why: _Why,
    out: Annotated[Path | None, typer.Option(help="Folder to put it in.")] = None,
) -> None:
    """Make a package of everything held about a person, to read and for machines to read."""
    from jobs.cli.rights import access as made

    folder, package = made(who, why, out)
    rows = sum(len(part["rows"]) for part in package["held"].values())
    typer.echo(f"{rows:,} rows of {len(package['held'])} tables: {folder / 'index.html'}")
    typer.echo("It holds personal values in the clear: remove it when the person has it.")


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
