"""What people are shown: the night in force, and a person's list of it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from jobs.cli.query import records

SURFACE = "recommendations"


def night_in_force(lake: Path) -> date | None:
    """Return the night that the pointer names, else the latest there is, else None."""
    pointed = records(
        "SELECT as_of FROM ops.publications WHERE surface = ? ORDER BY sequence DESC LIMIT 1",
        lake,
        [SURFACE],
    )
    latest = pointed or records("SELECT max(as_of) AS as_of FROM serving.recommendations", lake)
    found: date | None = latest[0]["as_of"] if latest else None
    return found


def recommended(lake: Path, person_id: str, night: date) -> list[dict[str, Any]]:
    """Return a person's recommendations of a night, best first, with the products' names."""
    return records(
        """
        SELECT r.rank, r.product_id, p.name, r.reason, r.strategy, r.score, r.model_version
        FROM serving.recommendations r LEFT JOIN silver.products p USING (product_id)
        WHERE r.as_of = ? AND r.person_id = ? ORDER BY r.rank
        """,
        lake,
        [night, person_id],
    )
