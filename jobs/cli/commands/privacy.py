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
def erase(
    why: _Why,
    who: Annotated[
        list[str] | None,
        typer.Argument(help="Persons: a person_id, an identifier, its value, or an address each."),
    ] = None,
    go_on: Annotated[
        str | None, typer.Option(help="Do what is left of an erasure that was stopped.")
    ] = None,
) -> None:
    """Take persons out of everything, prove that they are gone, and certify it.

    This cannot be taken back.
    """
    from jobs.cli import erasing

    if bool(who) == bool(go_on):
        raise typer.BadParameter("name persons, or with --go-on a request")
    path = erasing.go_on(go_on) if go_on else erasing.erase(who or [], why)
    typer.echo(f"erased; the certificate: {path}")


@app.command()
def requests(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List what people have asked for, by when it has to be done, and how far it is."""
    from jobs.cli.erasing import listed
    from jobs.cli.output import show_rows

    show_rows(listed(), as_json=as_json, nothing="Nobody has asked for anything.")


@app.command()
def certificate(
    file: Annotated[Path, typer.Argument(help="A certificate of erasure.")],
) -> None:
    """Say whether a certificate is as it was signed; exit with 1 if not."""
    from jobs.cli.erasing import verified

    if not verified(file):
        typer.echo("it was changed, or not signed by a key of this home")
        raise typer.Exit(1)
    typer.echo("it is as it was signed")


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
