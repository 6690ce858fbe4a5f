"""``bespoke maintain``."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(add_completion=False)


@app.command()
def maintain(
    table: Annotated[str | None, typer.Option(help="Only this table, as ops.runs.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count and report; change nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, every number.")] = False,
) -> None:
    """Compact and vacuum the tables, and remove what is older than its policy."""
    from jobs.cli.maintenance import done, run_maintenance, to_do
    from jobs.cli.output import show_rows

    rows = run_maintenance(table, dry_run=dry_run)
    if not as_json:
        rows = to_do(rows) if dry_run else done(rows)
    show_rows(rows, as_json=as_json)
