"""Soundness: every table of a lake looked at, its log and its files, without changing any."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

from jobs.lake import files
from jobs.lake.contract import Table
from jobs.lake.damage import DamagedError
from jobs.lake.ends import missing_ends
from jobs.lake.fit import differences
from jobs.lake.migrations import Migration
from jobs.lake.note import read_note
from jobs.lake.opening import gone, lost, of_later_release
from jobs.lake.store import Lake
from jobs.lake.upgrade import pending


def faults_of(
    lake: Lake, tables: Mapping[str, Table], migrations: Sequence[Migration]
) -> list[str]:
    """Return what is wrong with the tables, a sentence each, with what to do.

    A table that is gone, whose log cannot be read, whose last commits are missing though a run has
    recorded them, of which files are missing, or which differs from its contract.
    """
    note = read_note(lake.root)
    made = note.made if note else {}
    said = [lost(lake, name, made[name]) for name in gone(lake.root, made, migrations)]
    later, final = None, False
    with suppress(DamagedError, FileNotFoundError):
        said += missing_ends(lake)
    with suppress(DamagedError):
        later = of_later_release(lake, migrations)
        # What waits for a migration, or for a later release, differs as it should.
        final = later is None and not pending(lake, migrations)
    for table in tables.values():
        if lake.exists(table):
            said += _faults(lake, table, final=final)
    return [*([later] if later else []), *said]


def _faults(lake: Lake, table: Table, *, final: bool) -> list[str]:
    try:
        delta = lake.delta(table)
    except DamagedError as error:
        return [str(error)]
    said = differences(delta, table) if final else []
    if missing := files.missing(lake.folder(table), delta):
        held = len(files.paths(lake.path(table), delta))
        said.append(
            f"{table.id} lacks {len(missing)} of its {held} files, as {missing[0]}: restore "
            "them from a backup"
        )
    return said
