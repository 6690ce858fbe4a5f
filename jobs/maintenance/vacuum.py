"""Vacuum: files that no version kept needs any more."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from jobs.lake.contract import Table
from jobs.lake.folders import Folder
from jobs.lake.store import Lake
from jobs.lake.tables.serving import RECOMMENDATIONS
from jobs.maintenance.log import quietly
from jobs.maintenance.settings import MaintenanceSettings
from jobs.publish.pointer import switches

if TYPE_CHECKING:
    from deltalake import DeltaTable


def pinned(lake: Lake, table: Table) -> list[int]:
    """Return versions of the table that stay readable however old they are.

    Readers are shown a version of the lists, which may be older than the policy where no night has
    been published for long. Whoever goes back to an earlier night is shown the table as it is then,
    so that the versions published before need nothing.
    """
    moves = switches(lake) if table is RECOMMENDATIONS else []
    version = moves[-1]["table_version"] if moves else None
    return [] if version is None else [version]


def vacuumed(
    delta: DeltaTable, keep: Collection[int], wanted: MaintenanceSettings, *, dry_run: bool = False
) -> int:
    """Remove files that no version of the last ``keep_days`` has, nor one to keep.

    Files that a killed writer left are among them.

    Returns
    -------
    int
        How many; where there is none, nothing is committed.
    """
    hours, kept = wanted.keep_days * 24, sorted(keep)
    dead = delta.vacuum(
        hours, dry_run=True, full=True, enforce_retention_duration=False, keep_versions=kept
    )
    if dead and not dry_run:
        delta.vacuum(hours, dry_run=False, full=True, keep_versions=kept, **quietly())
    return len(dead)


def lone_checksums(folder: Folder) -> list[Folder]:
    """Return checksums that Spark left beside files which are gone."""
    found = folder.rglob(".*.crc")
    return [path for path in found if not path.with_name(path.name[1:-4]).exists()]
