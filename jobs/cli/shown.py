"""What people are shown: the night in force, and a person's list of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from jobs.lake.folders import Folder
from jobs.lake.query import records
from jobs.publish.pointer import SURFACE

TABLE = "serving.recommendations"


@dataclass(frozen=True)
class Shown:
    """What the pointer names.

    Attributes
    ----------
    night : date
        Whose lists are shown.
    version : int or None
        Delta version of ``serving.recommendations`` that has them: while that night is run again,
        readers keep the lists that were published. None for the latest.
    """

    night: date
    version: int | None


def in_force(lake: Folder) -> Shown | None:
    """Return what the pointer names, else the latest night there is, else None."""
    pointed = records(
        "SELECT as_of AS night, table_version AS version FROM ops.publications "
        "WHERE surface = ? ORDER BY sequence DESC LIMIT 1",
        lake,
        [SURFACE],
    )
    if pointed:
        return Shown(**pointed[0])
    latest = records("SELECT max(as_of) AS night FROM serving.recommendations", lake)
    night = latest[0]["night"] if latest else None
    return None if night is None else Shown(night, None)


def recommended(lake: Folder, person_id: str, shown: Shown) -> list[dict[str, Any]]:
    """Return a person's recommendations in force, best first, with the products' names."""
    return records(
        """
        SELECT r.rank, r.product_id, p.name, r.reason, r.strategy, r.score, r.model_version
        FROM serving.recommendations r LEFT JOIN silver.products p USING (product_id)
        WHERE r.as_of = ? AND r.person_id = ? ORDER BY r.rank
        """,
        lake,
        [shown.night, person_id],
        versions={} if shown.version is None else {TABLE: shown.version},
    )
