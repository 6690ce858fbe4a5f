"""Decisions that a person takes at the command."""

from __future__ import annotations

from datetime import date

from jobs.lake.decisions import release
from jobs.lake.errors import BespokeError
from jobs.lake.settings import conf_folder, home
from jobs.lake.store import Lake
from jobs.lake.tables import TABLES


class DecisionError(BespokeError):
    """A decision would be about nothing."""


def record_release(subject: str, as_of: date, why: str, rule: str | None) -> str:
    """Record that a table or feed may pass; return the decision's id.

    Raises
    ------
    DecisionError
        There is no such table or feed, or no reason is given.
    """
    from jobs.ingest.catalogue import load_catalogue

    if not why.strip():
        raise DecisionError('a release is recorded with its reason: --why "…"')
    feeds = [
        name
        for sources in load_catalogue(conf_folder() / "sources").values()
        for name, _, _ in sources.feeds()
    ]
    if subject not in TABLES and subject not in feeds:
        raise DecisionError(
            f"{subject!r} is neither a table (`bespoke tables`) nor a feed (`bespoke sources`)"
        )
    return release(Lake(home() / "lake"), subject, as_of, why.strip(), rule)
