"""``bespoke sql``."""

from __future__ import annotations

import csv
import sys
from typing import Annotated

import typer

app = typer.Typer(add_completion=False)


@app.command()
def sql(
    query: Annotated[str, typer.Argument(help="SQL; tables are named layer.table.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV (RFC 4180).")] = False,
    why: Annotated[
        str, typer.Option(help="Why the vault is read, if it is; told in the audit trail.")
    ] = "bespoke sql",
) -> None:
    """Query the tables with SQL (DuckDB), without a JVM."""
    from jobs.cli.output import plain, show_rows
    from jobs.lake.folders import lake_root
    from jobs.lake.query import run_query
    from jobs.lake.store import Lake
    from jobs.privacy.reads import reading

    with reading(Lake(lake_root()), why):
        names, rows = run_query(query, lake_root())
    if as_csv:
        writer = csv.writer(sys.stdout)
        writer.writerow(names)
        writer.writerows([v if isinstance(v, str | None) else plain(v) for v in r] for r in rows)
        return
    show_rows([dict(zip(names, row, strict=True)) for row in rows], as_json=as_json)
