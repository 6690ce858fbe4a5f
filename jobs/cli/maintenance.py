"""Maintenance, by hand and as a task of Airflow."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from jobs.cli.dictionary import one
from jobs.lake import scratch
from jobs.lake.errors import BespokeError
from jobs.lake.folders import lake_root
from jobs.lake.outage import outages_named
from jobs.lake.settings import settings
from jobs.lake.tables import TABLES

if TYPE_CHECKING:
    from jobs.maintenance.upkeep import Upkeep

REMOVED = ("rows_expired", "files_vacuumed")
CHANGED = ("files", "small_files", "bytes", "log_files")


class NothingToMaintainError(BespokeError):
    """There is no lake yet."""


def run_maintenance(table: str | None = None, *, dry_run: bool = False) -> list[dict[str, Any]]:
    """Go over one table, or over all of them and the folders beside the lake.

    Raises
    ------
    NoSuchTableError
        No contract has that name.
    NothingToMaintainError
        Nothing was ever written.
    LockedError
        A night is at work.
    DataError, ClockError
        The lake may not be written.
    """
    from jobs.lake.opening import open_lake
    from jobs.maintenance.upkeep import foreseen, maintain

    tables = TABLES.values() if table is None else [one(table, TABLES)]
    upkeep = _upkeep("manual")
    if not upkeep.kept(tables):
        raise NothingToMaintainError(
            f"nothing has been written into {table or upkeep.lake.root} yet: `bespoke run` does"
        )
    if dry_run:
        return foreseen(upkeep, tables, folders=table is None)
    with outages_named(settings()), _own_temporary_folder():
        open_lake(upkeep.lake)
        return maintain(upkeep, tables, folders=table is None)


def done(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what was done as people read it: numbers from and to, what was removed."""
    return [
        {"table": row["table"]}
        | {name: _change(row.get(f"{name}_before"), row.get(f"{name}_after")) for name in CHANGED}
        | {name: _number(row.get(name)) for name in REMOVED}
        for row in rows
    ]


def to_do(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what is to be done as people read it; folders lack most of a table's numbers."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    return [{"table": row["table"]} | {n: _number(row.get(n)) for n in names[1:]} for row in rows]


def run_in_task() -> None:
    """Go over everything in an Airflow task's own process.

    Raises
    ------
    AirflowFailException
        Running again would change nothing.
    """
    from airflow.sdk.exceptions import AirflowFailException

    from jobs.cli.tasks import retry_helps
    from jobs.lake.opening import open_lake
    from jobs.maintenance.upkeep import maintain

    try:
        with outages_named(settings()), _own_temporary_folder():
            upkeep = _upkeep("maintenance")
            open_lake(upkeep.lake)
            maintain(upkeep, TABLES.values())
    except Exception as error:
        if retry_helps(error):
            raise
        raise AirflowFailException(str(error)) from error


@contextmanager
def _own_temporary_folder() -> Iterator[None]:
    """Let rows that do not fit into memory go where only their owner may read them."""
    before = os.environ.get("TMPDIR")
    os.environ["TMPDIR"] = str(scratch.folder())
    try:
        yield
    finally:
        del os.environ["TMPDIR"]
        if before is not None:
            os.environ["TMPDIR"] = before


def _upkeep(who: str) -> Upkeep:
    from jobs.lake.store import Lake
    from jobs.maintenance.upkeep import Upkeep

    now = datetime.now(UTC)
    run_id = f"{who}:{now.date()}"
    return Upkeep(Lake(lake_root()), settings().maintenance, run_id, now)


def _change(before: int | None, after: int | None) -> str:
    return _number(after) if before == after else f"{_number(before)} → {_number(after)}"


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"
