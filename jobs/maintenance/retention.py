"""Retention: rows older than their table's contract lets them be."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from jobs.lake import small
from jobs.lake.contract import Table
from jobs.lake.store import Lake
from jobs.maintenance.log import quietly
from jobs.publish.pointer import switches

if TYPE_CHECKING:
    from deltalake import DeltaTable


def counted_from(lake: Lake, today: date) -> date | None:
    """Return the business day from which ages are counted; None where nothing was published.

    The night that is shown, and not the clock: a shop whose files have ended, or one that pauses,
    keeps what it shows. Never a day to come, as of a night run under a wrong date.
    """
    moves = switches(lake)
    return min(moves[-1]["as_of"], today - timedelta(days=1)) if moves else None


def expired(delta: DeltaTable, table: Table, day: date | None) -> int:
    """Return how many rows are as old as the contract's ``retention_days``, or older."""
    import pyarrow.dataset as ds

    last = _last_expired(table, day)
    if last is None:
        return 0
    dataset: ds.Dataset = delta.to_pyarrow_dataset()
    return int(dataset.count_rows(filter=ds.field(str(table.date)) <= last))


def expire(delta: DeltaTable, table: Table, day: date | None) -> int:
    """Delete these rows and return how many they were; where there is none, nothing happens."""
    count = expired(delta, table, day)
    if count:
        last = _last_expired(table, day)
        small.delete(delta, table, f"{table.date} <= DATE '{last}'", **quietly())
    return count


def _last_expired(table: Table, day: date | None) -> date | None:
    if day is None or table.retention_days is None or table.date is None:
        return None
    return day - timedelta(days=table.retention_days)
