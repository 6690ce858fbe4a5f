"""``bespoke migrate``."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(add_completion=False)


@app.command()
def migrate(
    back_to: Annotated[
        str | None,
        typer.Option(help="Take back what ran after this migration, or after `start`."),
    ] = None,
    anew: Annotated[
        str | None, typer.Option(help="A table that is gone, to be made empty; wants --why.")
    ] = None,
    why: Annotated[str, typer.Option(help="The reason; it is recorded.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List what has changed the tables' form, and what the next run would; go back."""
    from jobs.cli.migrations import go_back, listed, make
    from jobs.cli.output import show_rows

    if back_to is not None:
        done = go_back(back_to)
        for said in done:
            typer.echo(f"taken back: {said}")
        typer.echo(
            "Install the release you go back to now: this one would run them again."
            if done
            else "There was nothing to take back."
        )
    elif anew is not None:
        make(anew, why)
        typer.echo(f"{anew} is there again, without rows.")
    else:
        nothing = "Nothing ran, and nothing is to run."
        show_rows(listed(), as_json=as_json, nothing=nothing)
