"""``bespoke report``."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(add_completion=False)


@app.command()
def report(
    show: Annotated[bool, typer.Option("--open", help="Open it in the web browser.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the facts as JSON and write no page.")
    ] = False,
) -> None:
    """Make the page that says how the last nights went."""
    import webbrowser
    from dataclasses import asdict
    from datetime import UTC, datetime

    from jobs.cli.output import show_json
    from jobs.lake.settings import home, settings
    from jobs.report.facts import gather
    from jobs.report.report import write

    facts = gather(home(), datetime.now(UTC), settings())
    if as_json:
        show_json(asdict(facts))
        return
    path = write(facts, home())
    warnings = [f"- {warning}" for warning in facts.verdict.warnings]
    typer.echo("\n".join([facts.verdict.headline, *warnings, str(path)]))
    if show:
        webbrowser.open(path.as_uri())
