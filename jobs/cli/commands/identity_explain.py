"""``bespoke identity explain`` and ``bespoke identity report``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def explain(
    one: Annotated[
        str, typer.Argument(help="A person_id, an identifier (record:…, login:…) or its value.")
    ],
    other: Annotated[
        str | None,
        typer.Argument(help="The other; left out, what holds the one person together is told."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write a page to this file, with a picture.")
    ] = None,
    values: Annotated[
        bool, typer.Option("--values", help="Show names and addresses; needs the master key.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Tell why two are, or are not, one person: what speaks for it and what against, step by step.

    How alike two records are is told in words; what they hold is shown with --values only.
    """
    from datetime import UTC, datetime

    from jobs.cli.dossier import find
    from jobs.cli.explain import known, telling_pair, way
    from jobs.cli.explain_pair import pair_of
    from jobs.cli.explain_shown import as_told, show
    from jobs.cli.output import show_json
    from jobs.lake.folders import lake_root
    from jobs.lake.settings import held_set, home, settings
    from jobs.privacy.keyring import KeyringError
    from jobs.report.identity_page import written
    from jobs.report.identity_pair import page
    from jobs.report.identity_verdict import verdict

    if other is None:
        # The person as a whole, whatever it was named by.
        one = other = find(lake_root(), one)
    found = known(lake_root(), one, other, settings().identity)
    links = way(found)
    ends, pair = telling_pair(found, links), None
    if ends is not None:
        try:
            pair = pair_of(found, ends, settings(), values=values)
        except KeyringError as error:
            typer.echo(f"bespoke: personal values stay closed: {error}", err=True)
            pair = pair_of(found, ends, settings(), values=False)
    said = verdict(found, pair, links)
    if as_json:
        show_json(as_told(found, pair, links, said))
    else:
        show(found, pair, links, said)
    if out is not None:
        text = page(found, pair, links, said, held_set(home()), datetime.now(UTC))
        typer.echo(str(written(text, out)), err=as_json)


def report(
    out: Annotated[
        Path | None, typer.Option(help="Where; by default reports/identity.html of the home.")
    ] = None,
    show: Annotated[bool, typer.Option("--open", help="Open it in the web browser.")] = False,
) -> None:
    """Make the page on who is who: match rates, sizes, weights, suspicious persons, drift."""
    import webbrowser
    from datetime import UTC, datetime

    from jobs.lake.settings import home, settings
    from jobs.report.identity_facts import gather
    from jobs.report.identity_report import default_path, headline, warnings, write

    facts = gather(home(), datetime.now(UTC), settings())
    path = write(facts, out or default_path(home()))
    typer.echo("\n".join([headline(facts), *(f"- {w}" for w in warnings(facts)), str(path)]))
    if show:
        webbrowser.open(path.absolute().as_uri())
