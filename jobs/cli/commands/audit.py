"""``bespoke audit``."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.callback()
def audit() -> None:
    """Who read, exported or decided what about people, and whether that record is whole."""


@app.command("list")
def entries(
    action: Annotated[str | None, typer.Option(help="One action alone: vault.read, …")] = None,
    actor: Annotated[str | None, typer.Option(help="One account alone.")] = None,
    since: Annotated[datetime | None, typer.Option(help="From this time on (UTC).")] = None,
    most: Annotated[int, typer.Option(min=1, help="How many, the latest first.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List entries of the audit trail, the latest first."""
    from jobs.cli.output import show_rows
    from jobs.cli.trail import listed
    from jobs.lake.folders import lake_root

    rows = listed(lake_root(), action=action, actor=actor, since=since, most=most)
    show_rows(rows, as_json=as_json, nothing="No such entries.")


@app.command()
def verify(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Find any change, gap, reorder or cut end of the audit trail; exit with 1 if there is one."""
    from dataclasses import asdict

    from jobs.cli.output import show_rows
    from jobs.lake.folders import lake_root
    from jobs.lake.store import Lake
    from jobs.privacy.verified import verify as verified

    found = verified(Lake(lake_root()))
    if as_json:
        show_rows([asdict(finding) for finding in found.findings], as_json=True)
    else:
        for finding in found.findings:
            typer.echo(finding.said)
        for writer in found.unfinished:
            typer.echo(f"the last entry of {writer} was being written; the next one completes it")
        said = "the trail is whole" if not found.findings else "the trail is NOT whole"
        typer.echo(f"{said}: {found.entries:,} entries of {found.chains} chains")
    if found.findings:
        raise typer.Exit(1)
