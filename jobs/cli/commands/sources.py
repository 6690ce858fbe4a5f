"""``bespoke sources``."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from jobs.ingest.catalogue import Feed, Source, SourceSet

app = typer.Typer(add_completion=False)


@app.command()
def sources(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, every key.")] = False,
) -> None:
    """List the source catalogue: every feed, its owner, its rhythm, what has come."""
    from jobs.cli.output import show_json, show_rows
    from jobs.ingest.catalogue import load_catalogue, source_set
    from jobs.lake.settings import conf_folder, settings

    folder, own = conf_folder() / "sources", settings().source
    sets = load_catalogue(folder)
    source_set(folder, own)
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
            "files": _landed(feed, source, found) if name == own and feed.path else "",
            "duplicates": feed.duplicates,
            "bad rows at most": f"{feed.limits.bad_rows:.1%}",
            "pii": ", ".join(feed.pii),
        }
        for name, found in sorted(sets.items())
        for feed_name, source, feed in found.feeds()
    ]
    show_rows(rows, as_json=False, nothing="The catalogue is empty.")


def _landed(feed: Feed, source: Source, sources: SourceSet) -> str:
    """Say how many files of a feed lie there, and to which day by their paths."""
    from jobs.ingest.headers import FileRefusedError
    from jobs.ingest.landing import find_files, landing_folder
    from jobs.lake.settings import SettingsError, home, settings

    try:
        folder = landing_folder(sources, source, home(), settings().landing)
    except (FileRefusedError, SettingsError):
        return "nowhere yet"
    files = find_files(folder, feed, date.max) if folder.is_dir() else []
    if not files:
        return "none"
    days = [file.known_from for file in files if file.dated]
    if not days:
        return f"{len(files)}, none names a day"
    without = len(files) - len(days)
    return f"{len(files)}, to {max(days)}" + (f", {without} without a day" if without else "")
