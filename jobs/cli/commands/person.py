"""``bespoke person``."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(add_completion=False)


@app.command()
def person(
    who: Annotated[
        str, typer.Argument(help="A person_id, an identifier (customer_no:17850) or its value.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Tell everything known about a person, and why they are shown what they are."""
    from jobs.cli.dossier import dossier, show
    from jobs.cli.output import show_json
    from jobs.lake.folders import lake_root

    found = dossier(lake_root(), who)
    if as_json:
        show_json(found)
    else:
        show(found)
