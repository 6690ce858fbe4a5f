"""``bespoke quarantine``."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(add_completion=False, no_args_is_help=True)

_SourceOption = Annotated[str | None, typer.Option(help="A feed, as demo.orders.")]


@app.callback()
def quarantine() -> None:
    """List refused rows, or replay them."""


@app.command("list")
def list_rows(
    source: _SourceOption = None,
    reason: Annotated[str | None, typer.Option(help="Part of a reason.")] = None,
    last: Annotated[int, typer.Option(min=1, help="How many, latest first.")] = 50,
    replayed: Annotated[
        bool, typer.Option("--replayed", help="Those too that were accepted when replayed.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, with the rows.")] = False,
) -> None:
    """List refused rows with file, line and reasons; what is personal in them stays encrypted."""
    from jobs.cli.output import show_rows
    from jobs.lake.folders import lake_root
    from jobs.lake.query import records

    columns = "*" if as_json else "row_id, source, file, line, reasons, loaded_on"
    if replayed and not as_json:
        columns += ", replayed_on"
    found = records(
        f"SELECT {columns} FROM ops.quarantine "  # noqa: S608 - no user's text
        "WHERE (? OR replayed_on IS NULL) AND (? IS NULL OR source = ?) "
        "AND (? IS NULL OR contains(array_to_string(reasons, chr(10)), ?)) "
        "ORDER BY loaded_on DESC, file, line LIMIT ?",
        lake_root(),
        [replayed, source, source, reason, reason, last],
    )
    show_rows(found, as_json=as_json, nothing="No refused rows.")


@app.command()
def replay(
    row_ids: Annotated[
        list[str] | None, typer.Argument(help="Rows, as `bespoke quarantine list` names them.")
    ] = None,
    source: _SourceOption = None,
) -> None:
    """Judge refused rows again, after the catalogue or a rule was mended."""
    from jobs.cli.replay import replay_rows

    accepted, refused = replay_rows(row_ids or None, source)
    typer.echo(f"{accepted:,} accepted, {refused:,} refused again.")
