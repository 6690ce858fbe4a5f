"""Changes of a feed's columns: its owner is told once of each, not of every file and night."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import groupby

from jobs.ingest.catalogue import Feed
from jobs.ingest.feeds import FeedNight
from jobs.ingest.landing import Inspected
from jobs.lake.notice import notice
from jobs.lake.store import Lake
from jobs.lake.tables.ops import FILES

NEW = "new column {} (kept encrypted until the catalogue names it)"
MISSING = "column {} is missing"


def tell_owner(night: FeedNight, files: Sequence[Inspected]) -> None:
    """Tell a feed's owner what has changed with new files; nothing where nothing has.

    Told again is what was as the catalogue says for a day in between, and what a night saw that was
    killed before it planned its files.
    """
    feed, name = night.mapping.feed, night.mapping.name
    found = changes(night.run.lake, name, feed, files)
    if not found:
        return
    said = "; ".join(f"{change} since {file}" for change, file in found.items())
    notice(
        {
            "text": f"{name}: its columns have changed: {said}. Owner of the feed: {feed.owner}",
            "feed": name,
            "owner": feed.owner,
            "changes": "; ".join(found),
            "date": night.run.as_of.isoformat(),
        },
        night.run.settings.airflow.alert_webhook,
    )


def changes(lake: Lake, name: str, feed: Feed, files: Sequence[Inspected]) -> dict[str, str]:
    """Return what differs from the catalogue and did not on the day before, and since which file.

    A day is looked at as a whole: its files need not all have the same columns.
    """
    differ = [(f, differences(feed, f.new_columns, f.missing_columns)) for f in files]
    if not any(said for _, said in differ):
        return {}
    day, before = _last_day(lake, name, feed)
    found: dict[str, str] = {}
    differ.sort(key=lambda pair: pair[0].landed.known_from)
    for known_from, of_day in groupby(differ, key=lambda pair: pair[0].landed.known_from):
        today: set[str] = set(before) if known_from == day else set()
        for file, said in of_day:
            for change in said:
                if change not in before:
                    found.setdefault(change, file.landed.name)
            today |= set(said)
        before, day = today, known_from
    return found


def differences(feed: Feed, new: Iterable[str], missing: Iterable[str]) -> list[str]:
    """Say in what a file's columns differ from the catalogue's; one that may be missing may."""
    wanted = [column for column in missing if column in feed.required_fields]
    return [*map(NEW.format, sorted(new)), *map(MISSING.format, sorted(wanted))]


def _last_day(lake: Lake, name: str, feed: Feed) -> tuple[date | None, set[str]]:
    """Return the last day that brought files, and in what these differ from the catalogue."""
    columns = ("known_from", "state", "new_columns", "missing_columns")
    rows = lake.rows(FILES, [("source", "=", name)], columns).to_pylist()
    read = [row for row in rows if row["state"] in ("planned", "done")]
    day = max((row["known_from"] for row in read), default=None)
    said = [
        differences(feed, row["new_columns"] or (), row["missing_columns"] or ())
        for row in read
        if row["known_from"] == day
    ]
    return day, {change for of_file in said for change in of_file}
