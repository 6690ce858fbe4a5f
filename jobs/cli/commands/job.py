"""``bespoke job``."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

app = typer.Typer(add_completion=False)


@app.command()
def job(
    name: Annotated[str, typer.Argument(help="A stage (ingest, segments, …) or a step of one.")],
    date: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Business day.")],
) -> None:
    """Run one stage, or one step of a stage, for one night."""
    from jobs.cli.single import run_single

    run_single(name, date.date())
