"""``bespoke identity``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

app = typer.Typer(add_completion=False, no_args_is_help=True)

_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.callback()
def identity() -> None:
    """Who is who: look at it, and decide about it."""


@app.command()
def golden(
    who: Annotated[
        str, typer.Argument(help="A person_id, an identifier (customer_no:17850) or its value.")
    ],
    as_json: _Json = False,
) -> None:
    """Show the best value of each attribute of a person, its record and the rule that chose it.

    Personal values are shown to whoever may read the master key.
    """
    from jobs.cli.dossier import find
    from jobs.cli.golden import golden_values
    from jobs.cli.output import show_rows
    from jobs.lake.folders import lake_root

    lake = lake_root()
    rows = _opened(golden_values(lake, find(lake, who)))
    show_rows(rows, as_json=as_json, nothing="No record of this person tells anything.")


@app.command()
def conflicts(
    attribute: Annotated[str | None, typer.Option(help="One attribute alone.")] = None,
    most: Annotated[int, typer.Option(min=1, help="How many, a person and attribute each.")] = 20,
    as_json: _Json = False,
) -> None:
    """List records of one person that differ where they should not."""
    from jobs.cli.golden import conflicts as found
    from jobs.cli.output import show_rows
    from jobs.lake.folders import lake_root

    rows = _opened(found(lake_root(), attribute, most))
    show_rows(rows, as_json=as_json, nothing="No conflicts.")


def _opened(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Fill in personal values, or say why they stay closed."""
    from jobs.cli.golden import with_opened
    from jobs.lake.folders import lake_root
    from jobs.lake.settings import home
    from jobs.privacy.keyring import KeyringError, key_file

    try:
        return with_opened(rows, lake_root(), key_file(home()))
    except KeyringError as error:
        typer.echo(f"bespoke: personal values stay closed: {error}", err=True)
        return [dict(row) for row in rows]


_Why = Annotated[str, typer.Option(help="The reason; it is recorded with your name.")]


@app.command()
def merge(
    one: Annotated[str, typer.Argument(help="A person_id, an identifier or its value.")],
    other: Annotated[str, typer.Argument(help="The same of the other.")],
    why: _Why,
) -> None:
    """Decide that two are one person, whatever their records tell."""
    from jobs.cli import stewards

    _recorded(stewards.merge(one, other, why), "they are one person")


@app.command()
def split(
    identifiers: Annotated[
        list[str], typer.Argument(help="Records or numbers that are another person's: record:….")
    ],
    why: _Why,
) -> None:
    """Decide that some records or numbers of a person are another one's."""
    from jobs.cli import stewards

    _recorded(stewards.split(identifiers, why), "they are another person's")


@app.command()
def block(
    identifier: Annotated[
        str, typer.Argument(help="<type>:<value>, such as email:desk@shop.com or device:kiosk-3.")
    ],
    why: _Why,
) -> None:
    """Decide that an address, a number or a device means nobody, and joins nobody."""
    from jobs.cli import stewards

    _recorded(stewards.block(identifier, why), "it joins nobody")


@app.command()
def withdraw(
    decision: Annotated[str, typer.Argument(help="The decision, as `decisions` lists it.")],
    why: _Why,
) -> None:
    """Take a decision back: things are again as the records tell."""
    from jobs.cli import stewards

    _recorded(stewards.withdraw(decision, why), "it counts no more")


@app.command()
def review(
    most: Annotated[int, typer.Option(min=1, help="How many pairs.")] = 20,
    refused: Annotated[
        bool, typer.Option("--refused", help="Also those that a guard keeps apart.")
    ] = False,
    as_json: _Json = False,
) -> None:
    """List pairs that are neither surely one person nor surely two, the likeliest first."""
    from jobs.cli import stewards
    from jobs.cli.output import show_rows

    show_rows(stewards.review(most, refused=refused), as_json=as_json, nothing="Nothing to review.")


@app.command()
def accept(
    left: Annotated[str, typer.Argument(help="left_id of the pair.")],
    right: Annotated[str, typer.Argument(help="right_id of the pair.")],
    why: _Why = "reviewed",
) -> None:
    """Decide of a pair of the review that it is one person."""
    from jobs.cli import stewards

    _recorded(stewards.accept(left, right, why), "they are one person")


@app.command()
def reject(
    left: Annotated[str, typer.Argument(help="left_id of the pair.")],
    right: Annotated[str, typer.Argument(help="right_id of the pair.")],
    why: _Why = "reviewed",
) -> None:
    """Decide of a pair of the review that it is two persons."""
    from jobs.cli import stewards

    _recorded(stewards.reject(left, right, why), "they are two persons")


@app.command()
def decisions(as_json: _Json = False) -> None:
    """List what was decided about who is who, and what of it was taken back."""
    from jobs.cli import stewards
    from jobs.cli.output import show_rows

    show_rows(stewards.decisions(), as_json=as_json, nothing="No decisions.")


@app.command()
def train(why: _Why) -> None:
    """Train a new identity model on all records, and put it into use."""
    from jobs.cli import stewards

    version = stewards.train(why)
    typer.echo(
        f"Identity model {version} is in use. The next night weighs all records by it: bespoke run"
    )


def _recorded(decision: str, meaning: str) -> None:
    typer.echo(
        f"Decision {decision} recorded: {meaning} from the next night on. "
        f'To take it back: bespoke identity withdraw {decision} --why "…"'
    )


from jobs.cli.commands import identity_explain  # noqa: E402 - at the end, as its commands are

app.command()(identity_explain.explain)
app.command()(identity_explain.report)
