"""``bespoke runs``."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(add_completion=False)

_COLUMNS = (
    *("run_id", "job", "source", "state", "started_at", "seconds"),
    *("rows_read", "rows_accepted", "rows_quarantined", "rows_duplicate", "rows_written", "error"),
)


@app.command()
def runs(
    last: Annotated[int, typer.Option(min=1, help="How many, latest first.")] = 20,
    failed: Annotated[bool, typer.Option(help="Only what failed or was stopped.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, every column.")] = False,
) -> None:
    """List what ran, with its counts."""
    from jobs.cli.output import show_rows
    from jobs.lake.folders import lake_root
    from jobs.lake.query import records

    found = records(
        "SELECT *, date_diff('second', started_at, ended_at) AS seconds FROM ops.runs "
        "WHERE NOT ? OR state <> 'succeeded' ORDER BY started_at DESC LIMIT ?",
        lake_root(),
        [failed, last],
    )
    if not as_json:
        # A lake of an earlier release has no such column yet.
        found = [row | ({"state": "unchanged"} if row.get("repeats") else {}) for row in found]
        found = [{name: row[name] for name in _COLUMNS} for row in found]
    show_rows(found, as_json=as_json, nothing="Nothing failed." if failed else "Nothing has run.")
