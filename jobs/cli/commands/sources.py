"""``bespoke sources``."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(add_completion=False)


@app.command()
def sources(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, every key.")] = False,
) -> None:
    """List the source catalogue: every feed, its owner and how often it comes."""
    from jobs.cli.output import show_json, show_rows
    from jobs.ingest.catalogue import load_catalogue
    from jobs.lake.settings import conf_folder

    sets = load_catalogue(conf_folder() / "sources")
    if as_json:
        show_json(
            {
                name: {part: source.model_dump(mode="json") for part, source in s.sources.items()}
                for name, s in sets.items()
            }
        )
        return
    rows = [
        {
            "set": name,
            "feed": feed_name,
            "kind": feed.kind,
            "owner": feed.owner,
            "system": feed.system,
            "frequency": feed.frequency,
            "format": feed.format.type if feed.format else f"from {feed.derived_from}",
            "path": feed.path or (feed.jdbc.table if feed.jdbc else ""),
            "duplicates": feed.duplicates,
            "bad rows at most": f"{feed.limits.bad_rows:.1%}",
            "pii": ", ".join(feed.pii),
        }
        for name, found in sorted(sets.items())
        for feed_name, _, feed in found.feeds()
    ]
    show_rows(rows, as_json=False, nothing="The catalogue is empty.")
