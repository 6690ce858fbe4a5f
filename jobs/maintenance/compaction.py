"""Compaction: small files joined, and rows that are read together laid together.

By ``deltalake``, which has joined a table before Spark has planned to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jobs.lake.contract import Table
from jobs.maintenance.log import quietly
from jobs.maintenance.settings import MEGABYTE, MaintenanceSettings
from jobs.maintenance.sizes import Partition, partitions, small

if TYPE_CHECKING:
    from deltalake import DeltaTable

_CHANGES_NO_ROW = ("OPTIMIZE", "VACUUM START", "VACUUM END", "SET TBLPROPERTIES")
_COMMITS = 100
"""How far back a clustering is looked for: more than maintenance itself commits between two."""


def due(delta: DeltaTable, table: Table, wanted: MaintenanceSettings) -> list[Partition]:
    """Return the partitions that have small files, or rows that are not laid together yet.

    One that nobody has written into since it was compacted is not among them: its small files
    were joined.
    """
    scattered = bool(table.cluster_by) and not clustered(delta)
    return [
        partition
        for partition, files in sorted(partitions(delta).items(), key=str)
        if small(files, wanted.small_bytes) or (scattered and len(files) > 1)
    ]


def compact(delta: DeltaTable, table: Table, wanted: MaintenanceSettings) -> None:
    """Join the files of the partitions that are due, in one commit; the rows stay as they are."""
    parts = due(delta, table, wanted)
    if not parts:
        return
    options: dict[str, Any] = {
        "target_size": wanted.target_bytes,
        "max_spill_size": wanted.memory_mb * MEGABYTE,
        **quietly(),
    }
    if table.partition_by:
        options["partition_filters"] = _filters(parts)
    if table.cluster_by:
        delta.optimize.z_order(list(table.cluster_by), **options)
    else:
        delta.optimize.compact(**options)


def clustered(delta: DeltaTable) -> bool:
    """Whether rows were laid together since the last that were written."""
    for commit in delta.history(limit=_COMMITS):
        if (commit.get("operationMetrics") or {}).get("plannerStrategy") == "zOrder":
            return True
        if commit["operation"] not in _CHANGES_NO_ROW:
            return False
    return False


def _filters(parts: list[Partition]) -> list[tuple[str, str, list[str]]]:
    """Name partitions column by column.

    With several columns that may name some more partitions, which compaction finds to be well.
    """
    columns = [name for name, _ in parts[0]]
    return [(c, "in", sorted({str(dict(part)[c]) for part in parts})) for c in columns]
