"""Feeds of a night: each with its mapping, its landing, and those that are derived from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path

from jobs.ingest.catalogue import Feed, SourceSet
from jobs.ingest.landing import landing_folder
from jobs.ingest.ledger import Ledger
from jobs.ingest.mapping import Mapping
from jobs.lake.run import Run


@dataclass(frozen=True)
class FeedNight:
    """One feed in one night, with the feeds derived from it.

    Attributes
    ----------
    run : Run
        The night.
    mapping : Mapping
        The feed.
    children : tuple of Mapping
        Feeds that are read from this one's rows.
    landing : Path
        Where its files lie.
    names : frozenset of str
        Names of all feeds of the set.
    """

    run: Run
    mapping: Mapping
    children: tuple[Mapping, ...]
    landing: Path
    names: frozenset[str]

    @cached_property
    def ledger(self) -> Ledger:
        """The feed's ledger of files, read once: what this run adds to it, it knows."""
        return Ledger(self.run.lake, self.mapping.name)


def nights(run: Run, sources: SourceSet) -> list[FeedNight]:
    """Return the set's feeds, each with those derived from it.

    The landing that the user named is that of the main source; others lie where theirs says.
    """
    tolerance = timedelta(minutes=run.settings.ingest.future_tolerance_minutes)
    mapped = [
        (name, source, feed, Mapping(name, source, feed, sources.main, tolerance))
        for name, source, feed in sources.feeds()
    ]
    names = frozenset(name for name, *_ in mapped)
    return [
        FeedNight(
            run,
            mapping,
            tuple(m for n, s, f, m in mapped if _is_child(n, f, name)),
            landing_folder(sources, source, run.home, run.settings.landing),
            names,
        )
        for name, source, feed, mapping in mapped
        if feed.derived_from is None
    ]


def _is_child(name: str, feed: Feed, parent: str) -> bool:
    return (
        feed.derived_from is not None and f"{name.partition('.')[0]}.{feed.derived_from}" == parent
    )
