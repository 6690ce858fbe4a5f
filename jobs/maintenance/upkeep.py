"""Upkeep: a lake and its home gone over, table by table, each with the lake's lock held anew."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from jobs.lake.contract import Table
from jobs.lake.errors import LockedError, first_line
from jobs.lake.folders import home_of
from jobs.lake.lock import writer
from jobs.lake.store import Lake
from jobs.lake.tables.maintenance import MAINTENANCE
from jobs.maintenance import compaction, leftovers, log, retention, vacuum
from jobs.maintenance.settings import MaintenanceSettings
from jobs.maintenance.sizes import Sizes, measured

logger = logging.getLogger("bespoke")

EXPORTS = "exports/email"
LOGS = "logs"

Row = dict[str, Any]
"""A row of ``ops.maintenance``."""


@dataclass(frozen=True)
class Upkeep:
    """One round of maintenance.

    Attributes
    ----------
    lake : Lake
        Opened without a session: nothing here needs Spark.
    settings : MaintenanceSettings
        The policy.
    run_id : str
        As in ``ops.maintenance``.
    now : datetime
        By which files' ages are told (UTC).
    """

    lake: Lake
    settings: MaintenanceSettings
    run_id: str
    now: datetime

    @property
    def home(self) -> Path:
        """Folder of all data."""
        return home_of(self.lake.root)

    def day(self) -> date | None:
        """Return the business day from which the ages of rows and exports are counted."""
        return retention.counted_from(self.lake, self.now.date())

    def kept(self, tables: Iterable[Table]) -> list[Table]:
        """Those of the tables that anything was ever written into."""
        return [t for t in tables if self.lake.exists(t) and not self.lake.is_new(t)]

    def sizes(self, table: Table) -> Sizes:
        """Measure a table."""
        return measured(self.lake.delta(table), self.lake.folder(table), self.settings.small_bytes)


def maintain(upkeep: Upkeep, tables: Iterable[Table], *, folders: bool = True) -> list[Row]:
    """Go over tables, and over the folders of the home.

    Killed at any moment it may be run again: each commit leaves a table with the rows it is to
    have, and what was done is not done twice.

    Parameters
    ----------
    upkeep : Upkeep
        The round.
    tables : iterable of Table
        Those that were never written into are passed over.
    folders : bool
        Whether exports and logs are gone over too.

    Returns
    -------
    list of dict
        What was added to ``ops.maintenance``.

    Raises
    ------
    LockedError
        A night is at work, or waits for the lake: what is left is done by the next round.
    Exception
        The first table's that failed; the others were gone over.
    """
    steps: list[tuple[str, Callable[[Upkeep, Row], None]]] = [
        (table.id, _of_table(table)) for table in upkeep.kept(tables)
    ]
    if folders:
        steps += [(EXPORTS, _exports), (LOGS, _logs)]
    rows, errors = [], []
    for name, step in steps:
        try:
            with _recorded(upkeep, name) as row:
                rows.append(row)
                step(upkeep, row)
        except LockedError:
            raise
        except Exception as error:
            logger.error("maintenance of %s failed: %s", name, error)
            errors.append(error)
    if errors:
        raise errors[0]
    return rows


def foreseen(upkeep: Upkeep, tables: Iterable[Table], *, folders: bool = True) -> list[Row]:
    """Return what a round would find and remove; nothing is changed and no lock is taken."""
    rows = [_foreseen_table(upkeep, table) for table in upkeep.kept(tables)]
    if folders:
        for name, paths in ((EXPORTS, _export_folders(upkeep)), (LOGS, _log_files(upkeep))):
            rows.append({"table": name, "files_to_remove": leftovers.extent(paths)[0]})
    return rows


@contextmanager
def _recorded(upkeep: Upkeep, name: str) -> Iterator[Row]:
    """Hold the lock for one table or folder, and record what becomes of it."""
    with writer(upkeep.lake.root, f"maintenance of {name}", gives_way=True):
        row: Row = {"run_id": upkeep.run_id, "table": name, "started_at": datetime.now(UTC)}
        try:
            yield row
            row["state"] = "succeeded"
        except Exception as error:
            row["state"] = "failed"
            row["error"] = f"{type(error).__name__}: {first_line(error)}"[:500]
            raise
        finally:
            row["ended_at"] = datetime.now(UTC)
            if "state" in row:
                upkeep.lake.append_rows(MAINTENANCE, [row])


def _of_table(table: Table) -> Callable[[Upkeep, Row], None]:
    def step(upkeep: Upkeep, row: Row) -> None:
        row |= _named("before", upkeep.sizes(table))
        row |= _maintained(upkeep, table)
        row |= _named("after", upkeep.sizes(table))

    return step


def _maintained(upkeep: Upkeep, table: Table) -> Row:
    """Do to a table what its policy says, what makes files superfluous first."""
    lake, wanted = upkeep.lake, upkeep.settings
    folder, keep = lake.folder(table), vacuum.pinned(lake, table)
    log.state_policy(lake.delta(table), table, wanted)
    expired = retention.expire(lake.delta(table), table, upkeep.day())
    compaction.compact(lake.delta(table), table, wanted)
    gone = vacuum.vacuumed(lake.delta(table), keep, wanted)
    log.checkpoint(lake.delta(table), folder, wanted)
    log.forget(lake.delta(table), folder, keep, upkeep.now, wanted)
    for path in vacuum.lone_checksums(folder):
        path.unlink(missing_ok=True)
    return {"rows_expired": expired, "files_vacuumed": gone}


def _exports(upkeep: Upkeep, row: Row) -> None:
    folder = upkeep.home / EXPORTS
    row["files_before"], row["bytes_before"] = leftovers.extent([folder])
    leftovers.remove_exports(_export_folders(upkeep))
    row["files_after"], row["bytes_after"] = leftovers.extent([folder])


def _logs(upkeep: Upkeep, row: Row) -> None:
    folders = [upkeep.home / LOGS, upkeep.home / "airflow" / LOGS]
    row["files_before"], row["bytes_before"] = leftovers.extent(folders)
    leftovers.remove_logs(_log_files(upkeep))
    row["files_after"], row["bytes_after"] = leftovers.extent(folders)


def _export_folders(upkeep: Upkeep) -> list[Path]:
    return leftovers.old_exports(upkeep.home, upkeep.day(), upkeep.settings.exports_days)


def _log_files(upkeep: Upkeep) -> list[Path]:
    return leftovers.old_logs(upkeep.home, upkeep.now, upkeep.settings.logs_days)


def _foreseen_table(upkeep: Upkeep, table: Table) -> Row:
    lake, wanted = upkeep.lake, upkeep.settings
    found, delta = upkeep.sizes(table), lake.delta(table)
    keep = vacuum.pinned(lake, table)
    return {
        "table": table.id,
        "files": found.files,
        "small_files": found.small_files,
        "bytes": found.bytes,
        "log_files": found.log_files,
        "version": found.version,
        "partitions_to_compact": len(compaction.due(delta, table, wanted)),
        "rows_to_expire": retention.expired(delta, table, upkeep.day()),
        "files_to_remove": vacuum.vacuumed(delta, keep, wanted, dry_run=True),
    }


def _named(when: str, sizes: Sizes) -> Row:
    return {f"{name}_{when}": value for name, value in vars(sizes).items()}
