"""``bespoke tables``."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(add_completion=False)


@app.command()
def tables(
    name: Annotated[str | None, typer.Argument(help="A table, as gold.profiles.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    markdown: Annotated[bool, typer.Option(help="Print docs/data-dictionary.md.")] = False,
) -> None:
    """Print the data dictionary: every table, or the columns of one."""
    from jobs.cli.dictionary import as_markdown, columns, described, one, overview
    from jobs.cli.output import show_json, show_rows
    from jobs.lake.tables import TABLES

    if markdown:
        typer.echo(as_markdown(TABLES.values()), nl=False)
        return
    if name is None:
        if as_json:
            show_json([described(table) for table in TABLES.values()])
        else:
            show_rows(overview(TABLES.values()), as_json=False)
        return
    table = one(name, TABLES)
    if as_json:
        show_json(described(table))
        return
    typer.echo(f"{table.id}: {table.description}\n")
    show_rows(columns(table), as_json=False)
