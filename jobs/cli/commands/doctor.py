"""``bespoke doctor``."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(add_completion=False)


@app.command()
def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Look for what is wrong with this machine and say how to mend it."""
    from jobs.cli.checkup import checkup, wrong
    from jobs.cli.output import show_json

    found = checkup()
    if as_json:
        show_json([vars(finding) for finding in found])
    else:
        for finding in found:
            typer.echo(f"{'ok   ' if finding.ok else 'WRONG'} {finding.what}: {finding.found}")
            if not finding.ok:
                typer.echo(f"      {finding.mend}")
    if wrong(found):
        raise typer.Exit(1)
