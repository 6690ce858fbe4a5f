"""``bespoke airflow``."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(add_completion=False)


@app.command()
def airflow(
    port: Annotated[int | None, typer.Option(help="Of the web page; airflow.port.")] = None,
) -> None:
    """Start a local Airflow with its web page, on loopback."""
    from jobs.cli.server import serve

    serve(port)
