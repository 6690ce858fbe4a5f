"""``bespoke jdbc``."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(add_completion=False)


@app.command()
def jdbc(
    port: Annotated[int, typer.Option(help="On loopback.")] = 10000,
) -> None:
    """Let BI tools read the tables over JDBC or ODBC, until Ctrl-C."""
    from jobs.cli.jdbc import serve

    serve(port)
