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


def current(lake: Lake) -> date | None:
    """Return the night that is shown; None before the first publication."""
    moves = switches(lake)
    return moves[-1]["as_of"] if moves else None


def export_folder(home: Path) -> Path:
    """Folder of the exports for email systems."""
    return home / "exports" / "email"


def publish(lake: Lake, home: Path, night: date, run_id: str) -> bool:
    """Show a night from now on; False when a later one has been shown already.

    Doing a past night again never takes today's from the readers.
    """
    moves = switches(lake)
    published = [m["as_of"] for m in moves if m["action"] == "publish"]
    if published and max(published) > night:
        return False
    point_latest(export_folder(home), night)
    _move(lake, moves, night, "publish", run_id)
    return True


def rollback(lake: Lake, home: Path, to: date | None = None) -> date:
    """Show an earlier night again.

    Parameters
    ----------
    lake : Lake
        The lake.
    home : Path
        Holds the exports.
    to : date, optional
        The night; by default the one shown before.

    Returns
    -------
    date
        The night that is shown now.

    Raises
    ------
    DataError
        There is no earlier night, or its lists or its export are gone.
    """
    moves = switches(lake)
    shown = moves[-1]["as_of"] if moves else None
    earlier = sorted({m["as_of"] for m in moves if shown is not None and m["as_of"] < shown})
    if to is None:
        if not earlier:
            raise DataError(
                "no earlier night was ever published, so there is nothing to go back to"
            )
        to = earlier[-1]
    held = lake.rows(RECOMMENDATIONS, [("as_of", "=", to)], ["rank"]).num_rows
    if not held or not (export_folder(home) / to.isoformat() / "_SUCCESS").exists():
        raise DataError(f"the lists or the export of {to} are not there; published were {earlier}")
    point_latest(export_folder(home), to)
    _move(lake, moves, to, "rollback", None)
    return to


def _move(
    lake: Lake, moves: list[dict[str, Any]], night: date, action: str, run_id: str | None
) -> None:
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
