"""``bespoke abandon``."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

app = typer.Typer(add_completion=False)


@app.command()
def abandon(
    date: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Business day.")],
    why: Annotated[str, typer.Option(help="The reason; it is recorded with your name.")],
    take_back: Annotated[
        bool, typer.Option("--take-back", help="Take the decision back: the night may run.")
    ] = False,
) -> None:
    """Give up a night that was stopped, so that later ones go on; or take that back."""
    from jobs.cli import decisions

    night = date.date()
    if take_back:
        decision = decisions.resume(night, why)
        typer.echo(
            f"Decision {decision} recorded: the night of {night} may run again: "
            f"bespoke run --date {night}. Rows that a later night has put into quarantine come "
            "back by bespoke quarantine replay."
        )
        return
    decision = decisions.abandon(night, why)
    typer.echo(
        f"Decision {decision} recorded: the night of {night} is given up. Rows of its that wait "
        "go to quarantine with the next night, which goes on."
    )
