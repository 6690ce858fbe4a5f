"""Entries of the audit trail, for people."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from jobs.lake.folders import Folder
from jobs.lake.query import records

_LISTED = """
    SELECT recorded_at, actor, kind, action, subject, people, why, run_id, writer, sequence
    FROM ops.audit
    WHERE ($1 IS NULL OR action = $1) AND ($2 IS NULL OR actor = $2)
        AND ($3 IS NULL OR recorded_at >= $3)
    ORDER BY recorded_at DESC, sequence DESC LIMIT $4
"""


def listed(
    lake: Folder,
    *,
    action: str | None = None,
    actor: str | None = None,
    since: datetime | None = None,
    most: int = 50,
) -> list[dict[str, Any]]:
    """Return entries, the latest first.

    Parameters
    ----------
    lake : Path or StoreFolder
        Folder of the lake.
    action, actor : str, optional
        Those of one action, of one account alone.
    since : datetime, optional
        Those from a time on; UTC where it names no zone.
    most : int
        How many.
    """
    if since is not None and since.tzinfo is None:
        since = since.replace(tzinfo=UTC)
    return records(_LISTED, lake, [action, actor, since, most])
