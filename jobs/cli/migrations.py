"""Migrations, by hand: listed, taken back, and tables that are gone made anew."""

from __future__ import annotations

from typing import Any

from jobs.cli.dictionary import one
from jobs.lake.errors import BespokeError
from jobs.lake.folders import lake_root
from jobs.lake.migrations import MIGRATIONS
from jobs.lake.store import Lake
from jobs.lake.tables import TABLES


class NoReasonError(BespokeError):
    """A loss is recorded with its reason."""


def listed() -> list[dict[str, Any]]:
    """Return what ran and was taken back, and what the next opening would do."""
    from jobs.lake import upgrade
    from jobs.lake.opening import foreseen

    lake = Lake(lake_root())
    found = upgrade.listed(lake, MIGRATIONS)
    if not any(row["action"] == upgrade.TO_RUN for row in found):
        # What columns a table lacks is known only once the migrations have run.
        found += [{"action": upgrade.TO_RUN, "what": what} for what in foreseen(lake, TABLES)]
    return found


def go_back(wanted: str) -> list[str]:
    """Take back what ran after a migration, or after `start`.

    Raises
    ------
    DataError
        There is no such migration, or a step cannot be taken back.
    LockedError
        A run writes the lake.
    """
    from jobs.lake.opening import take_back

    return take_back(Lake(lake_root()), MIGRATIONS, wanted)


def make(table: str, why: str) -> None:
    """Make a table that is gone, without rows.

    Raises
    ------
    NoReasonError
        Nobody said why.
    NoSuchTableError
        No contract has that name.
    DataError
        It is there.
    """
    from jobs.lake.opening import make_anew

    if not why.strip():
        raise NoReasonError('the rows of a table are given up with a reason: --why "…"')
    make_anew(Lake(lake_root()), one(table, TABLES), why.strip())
