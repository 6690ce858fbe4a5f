"""``bespoke run``."""

from __future__ import annotations

import os
from datetime import datetime
from typing import Annotated

import typer

app = typer.Typer(add_completion=False)


@app.command()
def run(
    source: Annotated[
        str | None, typer.Option(help="Source set, such as demo or online_retail.")
    ] = None,
    date: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Business day; by default the set's last one."),
    ] = None,
    wait: Annotated[
        bool, typer.Option(help="Wait for feeds that are late, as the schedule's runs do.")
    ] = False,
) -> None:
    """Bring a source set up to its last night by running the DAG through Airflow."""
    if source:
        # Airflow's own import of the DAG file reads the settings again: it must find the same.
        os.environ["BESPOKE_SOURCE"] = source
    from jobs.cli.bring_up import bring_up

    bring_up(date.date() if date else None, patient=wait)
