"""The Delta log: a table's policy in its properties, checkpoints, and old entries removed.

Log entries are removed here and nowhere else: what is published must stay readable, and a writer
that tidies up after itself does not know what that is.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from jobs.lake.contract import Table
from jobs.lake.folders import Folder
from jobs.lake.schemas import properties
from jobs.maintenance.settings import MaintenanceSettings

if TYPE_CHECKING:
    from deltalake import DeltaTable

_CHECKPOINT = re.compile(r"(\d{20})\.checkpoint.*\.parquet")
_STATISTICS = "delta.dataSkippingStatsColumns"


def quietly() -> dict[str, Any]:
    """Return options of a commit that is not to be followed by checkpoint and clean-up."""
    from deltalake import PostCommitHookProperties

    hooks = PostCommitHookProperties(create_checkpoint=False, cleanup_expired_logs=False)
    return {"post_commithook_properties": hooks}


def state_policy(delta: DeltaTable, table: Table, wanted: MaintenanceSettings) -> None:
    """Write into the table for how long Delta keeps what, and of which columns it counts.

    So every Delta writer and reader goes by it, also one that is no part of this project.
    """
    have = delta.metadata().configuration
    policy = {
        "delta.logRetentionDuration": f"interval {wanted.keep_days} days",
        "delta.deletedFileRetentionDuration": f"interval {wanted.keep_days} days",
        "delta.enableExpiredLogCleanup": "false",
        **_statistics(delta, table),
    }
    changed = {name: value for name, value in policy.items() if have.get(name) != value}
    if changed:
        delta.alter.set_table_properties(changed, **quietly())


def _statistics(delta: DeltaTable, table: Table) -> dict[str, str]:
    """Return the contract's columns to keep statistics of, where the table has them all."""
    named = properties(table).get(_STATISTICS)
    stored = {field.name for field in delta.schema().fields}
    return {_STATISTICS: named} if named and stored.issuperset(named.split(",")) else {}


def checkpoint(delta: DeltaTable, folder: Folder, wanted: MaintenanceSettings) -> None:
    """Write the log's state in one piece, where many commits have come since the last time."""
    last = max(_checkpoints(folder).values(), default=0)
    if int(delta.version()) - last >= wanted.checkpoint_after:
        delta.create_checkpoint()


def forget(
    delta: DeltaTable,
    folder: Folder,
    pinned: Collection[int],
    now: datetime,
    wanted: MaintenanceSettings,
) -> None:
    """Remove log entries older than the policy, unless a pinned version needs them."""
    until = (now - timedelta(days=wanted.keep_days)).timestamp()
    found = _checkpoints(folder)
    # Delta removes what lies before the last checkpoint that is old enough.
    first_kept = max((v for path, v in found.items() if path.stat().st_mtime <= until), default=0)
    if first_kept and all(version >= first_kept for version in pinned):
        delta.cleanup_metadata()


def _checkpoints(folder: Folder) -> dict[Folder, int]:
    """Return the version of each checkpoint."""
    found: dict[Folder, int] = {}
    for path in (folder / "_delta_log").iterdir():
        if match := _CHECKPOINT.fullmatch(path.name):
            found[path] = int(match[1])
    return found
