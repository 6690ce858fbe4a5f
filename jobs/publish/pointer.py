"""The pointer: which night readers are shown, moved by one row of ``ops.publications``."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from jobs.lake.errors import DataError
from jobs.lake.store import Lake
from jobs.lake.tables.ops import PUBLICATIONS
from jobs.lake.tables.serving import RECOMMENDATIONS
from jobs.publish.export import point_latest

SURFACE = "recommendations"


def switches(lake: Lake) -> list[dict[str, Any]]:
    """Every move of the pointer, oldest first."""
    rows = lake.rows(PUBLICATIONS, [("surface", "=", SURFACE)]).to_pylist()
    return sorted(rows, key=lambda row: row["sequence"])


def export_folder(home: Path) -> Path:
    """Folder of the exports for email systems."""
    return home / "exports" / "email"


def publish(lake: Lake, home: Path, night: date, run_id: str) -> bool:
    """Show a night from now on; False when a later one is shown already.

    It is held against the night in force, not against all that ever were: doing a past night again
    never takes today's from the readers, and after somebody went back, as from a night whose date
    was wrong, whatever is run after the night they went back to is shown again.
    """
    moves = switches(lake)
    if moves and moves[-1]["as_of"] > night:
        return False
    _show(lake, home, moves, night, "publish", run_id)
    return True


def earlier(lake: Lake, to: date | None = None) -> date:
    """Find the night to go back to.

    Parameters
    ----------
    lake : Lake
        The lake.
    to : date, optional
        The night that is wanted; by default the one that was shown before, passing over nights
        that somebody went back from.

    Raises
    ------
    DataError
        There is no such night, or its lists are gone.
    """
    moves = switches(lake)
    nights = [move["as_of"] for move in moves if move["as_of"] < moves[-1]["as_of"]]
    if to is None and not nights:
        raise DataError("no earlier night was ever published, so there is nothing to go back to")
    night = to or nights[-1]
    if not lake.rows(RECOMMENDATIONS, [("as_of", "=", night)], ["rank"]).num_rows:
        told = ", ".join(map(str, sorted(set(nights)))) or "none"
        raise DataError(f"the lists of {night} are not there; nights published before: {told}")
    return night


def go_back(lake: Lake, home: Path, night: date) -> None:
    """Show an earlier night again; its export has just been written."""
    _show(lake, home, switches(lake), night, "rollback", None)


def renew(lake: Lake, home: Path) -> None:
    """Show the same night as its table is now: rows of it were erased."""
    moves = switches(lake)
    if moves and moves[-1]["table_version"] != lake.version(RECOMMENDATIONS):
        _show(lake, home, moves, moves[-1]["as_of"], "erasure", None)


def _show(
    lake: Lake,
    home: Path,
    moves: list[dict[str, Any]],
    night: date,
    action: str,
    run_id: str | None,
) -> None:
    """Move ``latest`` and then, last, the pointer."""
    point_latest(export_folder(home), night)
    lake.append_rows(
        PUBLICATIONS,
        [
            {
                "surface": SURFACE,
                "as_of": night,
                "action": action,
                "table_version": lake.version(RECOMMENDATIONS),
                "run_id": run_id,
                "sequence": moves[-1]["sequence"] + 1 if moves else 1,
                "recorded_at": datetime.now(UTC),
            }
        ],
    )
