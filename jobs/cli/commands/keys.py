"""``bespoke keys``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(add_completion=False, no_args_is_help=True)

_Why = Annotated[str, typer.Option(help="The reason; it is recorded with your name.")]


class To(StrEnum):
    """Who may hold the keys."""

    FILE = "file"
    ENVIRONMENT = "environment"
    TRANSIT = "transit"


@app.callback()
def keys() -> None:
    """Look at the keys that personal values are encrypted with, and exchange them."""


@app.command()
def show(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List the keys by name, never by value, and how many data keys each wraps."""
    from jobs.cli.keys import shown
    from jobs.cli.output import show_rows

    show_rows(shown(), as_json=as_json)


@app.command()
def rotate(why: _Why) -> None:
    """Exchange the master key; data keys are wrapped anew, and nothing else is written."""
    from jobs.cli.keys import rotate as rotated

    done = rotated(why)
    typer.echo(
        f"master key {done.master} wraps all data keys ({done.rewrapped:,} anew); "
        f"{', '.join(done.gone)} is gone from the key file. Backups of vault.keys from before are "
        "of no use any more; back the key file up"
    )


@app.command()
def rewrap(why: _Why) -> None:
    """Wrap all data keys by the current master key, where somebody else holds the keys."""
    from jobs.cli.keys import rewrapped

    typer.echo(f"{rewrapped(why):,} data keys were wrapped anew")


@app.command()
def move(
    to: Annotated[To, typer.Option(help="Who is to hold the keys.")],
    why: _Why,
    address: Annotated[str | None, typer.Option(help="Of the transit engine's server.")] = None,
    key: Annotated[str, typer.Option(help="Name of transit's key.")] = "bespoke",
    mount: Annotated[str, typer.Option(help="Where transit is mounted.")] = "transit",
) -> None:
    """Let another provider hold the keys: the key file, the environment, Vault's transit engine."""
    from jobs.cli import keys as of_home
    from jobs.privacy.transit import Transit

    if to is To.TRANSIT and address is None:
        raise typer.BadParameter("transit wants --address")
    of_home.move(to.value, why, Transit(address, key, mount) if address else None)
    typer.echo(f"the keys are held by: {to.value}")


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="Where to; not there yet.")],
    why: _Why,
    following: Annotated[
        bool, typer.Option("--next", help="With a new master key before the current one.")
    ] = False,
) -> None:
    """Write what the variable BESPOKE_KEYS has to hold, to a file for you alone."""
    from jobs.cli.keys import export as exported

    exported(file, why, following=following)
    typer.echo(f"{file}: put its content into your secret store as BESPOKE_KEYS, then remove it")
