"""``bespoke bench``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.callback()
def bench() -> None:
    """Try parts of Bespoke on data of your own, without a lake."""


@app.command()
def identity(
    records: Annotated[
        Path, typer.Option(help="CSV or Parquet of person records, a row a record.", metavar="FILE")
    ],
    link: Annotated[
        Path | None,
        typer.Option(help="A second file: its records are linked one to one.", metavar="FILE"),
    ] = None,
    truth: Annotated[
        str | None, typer.Option(help="Column that names the true person.", metavar="COLUMN")
    ] = None,
    settings: Annotated[
        Path | None,
        typer.Option(help="YAML with what columns hold, and other settings.", metavar="FILE"),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Where record ids and clusters go: CSV, or Parquet by its ending.", metavar="FILE"
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Resolve any file of person records: which of them are one person."""
    from jobs.cli.output import show_json, show_rows
    from jobs.identity.matching.trial import run_trial

    result = run_trial(records, link=link, truth=truth, settings_file=settings, out=out)
    if as_json:
        show_json(result)
    else:
        show_rows([result], as_json=False)
