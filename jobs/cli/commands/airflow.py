"""``bespoke airflow``."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(add_completion=False)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def airflow(
    context: typer.Context,
    port: Annotated[int | None, typer.Option(help="Of the web page; airflow.port.")] = None,
) -> None:
    """Start a local Airflow with its web page, on loopback.

    With further words it is Airflow's own command on this home: bespoke airflow dags list.
    """
    from jobs.cli.server import pass_on, serve

    if context.args:
        pass_on(context.args)
    serve(port)
