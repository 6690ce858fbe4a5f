"""``bespoke release``."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

app = typer.Typer(add_completion=False)


@app.command()
def release(
    subject: Annotated[str, typer.Argument(help="A table (gold.rfm) or a feed (demo.crm).")],
    date: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Business day.")],
    why: Annotated[str, typer.Option(help="The reason; it is recorded with your name.")],
    rule: Annotated[str | None, typer.Option(help="Only this rule; else all of them.")] = None,
) -> None:
    """Let a table or feed pass on one night although a rule stopped it."""
    from jobs.cli.decisions import record_release

    decision = record_release(subject, date.date(), why, rule)
    typer.echo(
        f"Decision {decision} recorded: {subject} may pass on {date.date()}. "
        f"Run the night again: bespoke run --date {date.date()}"
    )
