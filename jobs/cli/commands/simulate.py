"""``bespoke simulate``."""

from __future__ import annotations

import typer

app = typer.Typer(add_completion=False)


@app.command()
def simulate() -> None:
    """Make the files of the demo's small retail world."""
    from jobs.cli.world import simulate

    simulate()
