"""What people are shown: the night in force, and a person's list of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from jobs.lake.store import Lake
from jobs.lake.tables.ops import PUBLICATIONS
from jobs.lake.tables.serving import RECOMMENDATIONS
from jobs.lake.tables.silver import PRODUCTS

SURFACE = "recommendations"


def night_in_force(lake: Lake) -> date | None:
    """Return the night that the pointer names, else the latest there is, else None."""
    switches = lake.rows(PUBLICATIONS, [("surface", "=", SURFACE)], ["sequence", "as_of"])
    if switches.num_rows:
        last = max(switches.to_pylist(), key=lambda row: row["sequence"] or 0)
        found: date = last["as_of"]
        return found
    nights = lake.rows(RECOMMENDATIONS, [("rank", "=", 1)], ["as_of"]).column("as_of").to_pylist()
    return max(nights, default=None)


def lists(lake: Lake, person_id: str, night: date) -> list[dict[str, Any]]:
    """Return a person's recommendations of a night, best first."""
    rows = lake.rows(RECOMMENDATIONS, [("as_of", "=", night), ("person_id", "=", person_id)])
    return sorted(rows.to_pylist(), key=lambda row: row["rank"])


def product_names(lake: Lake, products: Iterable[str]) -> dict[str, str | None]:
    """Return the names of some products."""
    wanted = sorted(set(products))
    rows = lake.rows(PRODUCTS, [("product_id", "in", wanted)], ["product_id", "name"])
    return {row["product_id"]: row["name"] for row in rows.to_pylist()}
