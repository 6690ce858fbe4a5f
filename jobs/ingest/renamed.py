"""Renamed feeds: files that the lake has read under a name which the catalogue lacks now."""

from __future__ import annotations

from jobs.ingest.feeds import FeedNight
from jobs.ingest.landing import find_files
from jobs.lake.decisions import released
from jobs.lake.errors import DataError
from jobs.lake.tables.ops import FILES

RENAMED = "renamed"


def refuse_renamed(night: FeedNight) -> None:
    """Refuse a new feed whose files were read as those of one that is gone from the catalogue.

    A feed's name, that of its catalogue file included, is part of the keys of most rows: under
    another one all that its files hold would count twice.

    Raises
    ------
    DataError
        It has such a file, and nobody has let that pass.
    """
    run, name, feed = night.run, night.mapping.name, night.mapping.feed
    columns = ["source", "file", "bytes", "modified_at"]
    held = run.lake.rows(FILES, [("state", "=", "done")], columns).to_pylist()
    if feed.path is None or any(row["source"] == name for row in held):
        return
    gone = {
        (row["file"], row["bytes"], row["modified_at"]): row["source"]
        for row in held
        if row["source"] not in night.names
    }
    if not gone:
        return
    for landed in find_files(night.landing, feed, run.as_of):
        former = gone.get((landed.name, landed.bytes, landed.modified_at))
        if former is not None and not released(run, name, RENAMED):
            raise DataError(
                f"{name}: {landed.name} was read as {former}, which the catalogue no longer has. "
                "Under another name its rows would count twice: name feed and file as they were, "
                f"or let it pass: bespoke release {name} --rule {RENAMED} --date {run.as_of} "
                '--why "…"'
            )
