"""``bespoke publish``."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.callback()
def publish() -> None:
    """Go back to what was published before."""


@app.command()
def rollback(
    to: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="A night; by default the one before."),
    ] = None,
) -> None:
    """Show people an earlier night's lists and export again."""
    from jobs.lake.lock import writer
    from jobs.lake.settings import home
    from jobs.lake.store import Lake
    from jobs.publish.pointer import rollback as go_back

    folder = home()
    with writer(folder / "lake", "bespoke publish rollback"):
        night = go_back(Lake(folder / "lake"), folder, to.date() if to else None)
    typer.echo(f"From now on people are shown the night of {night}.")
