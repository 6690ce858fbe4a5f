"""Upgrade: migrations run once and in order, recorded in ``ops.migrations``, and taken back."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from jobs.lake import faults, files, rewrite
from jobs.lake.commits import marked
from jobs.lake.damage import DamagedError, opened
from jobs.lake.errors import DataError
from jobs.lake.folders import Folder
from jobs.lake.migrations import Migration
from jobs.lake.moves import RenameTable
from jobs.lake.rewrite import is_table, place
from jobs.lake.steps import Added, Done, Step
from jobs.lake.store import Lake
from jobs.lake.tables.migrations import MIGRATIONS_RUN

log = logging.getLogger("bespoke")

START = "start"
"""Names the state before the first migration."""
RUN, BACK, ANEW, TO_RUN = "run", "back", "anew", "to run"
MARK = "migration "
"""How the marks of all steps begin."""

_KEEPS_ROWS = ("SET TBLPROPERTIES", "ADD COLUMN", "OPTIMIZE", "VACUUM START", "VACUUM END")


class Ledger:
    """What ``ops.migrations`` says."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        rows = lake.rows(MIGRATIONS_RUN).to_pylist() if lake.exists(MIGRATIONS_RUN) else []
        self._rows = sorted(rows, key=lambda row: row["recorded_at"])

    def of(self, migration: str, step: int | None = None) -> list[dict[str, Any]]:
        """Return the rows of a migration, or of one of its steps, oldest first."""
        rows = [row for row in self._rows if row["migration_id"] == migration]
        return [row for row in rows if step is None or row["step"] == step]

    def in_force(self, migration: str, step: int) -> bool:
        """Whether a step was run, and not taken back since."""
        rows = self.of(migration, step)
        return bool(rows) and rows[-1]["action"] == RUN

    def now_in_force(self) -> list[dict[str, Any]]:
        """Return the last row of each step that is in force, in the order in which they ran."""
        last = {(row["migration_id"], row["step"]): row for row in self._rows}
        found = [row for row in last.values() if row["action"] == RUN]
        return sorted(found, key=lambda row: row["recorded_at"])

    def rows(self) -> list[dict[str, Any]]:
        """Return all of it, oldest first."""
        return list(self._rows)

    def record(self, migration: str, why: str, step: int, action: str, **more: Any) -> None:
        """Append what was done."""
        row = {
            "migration_id": migration,
            "step": step,
            "action": action,
            "why": why,
            "release": release(),
            "recorded_at": datetime.now(UTC),
            **more,
        }
        self._lake.append_rows(MIGRATIONS_RUN, [row])
        self._rows.append(row)


def release() -> str:
    """Return the release that is installed."""
    return version("bespoke")


def run_pending(lake: Lake, migrations: Sequence[Migration]) -> list[str]:
    """Run what has not run yet; killed at any moment and run again, the lake ends the same.

    Returns
    -------
    list of str
        The steps that were run.

    Raises
    ------
    DataError
        A step would lose something: the steps before it stay, those after it wait.
    """
    ledger = Ledger(lake)
    said = []
    for migration, number in pending(lake, migrations):
        step = migration.steps[number]
        done = _once(lake, step, _mark(ledger, migration.id, number))
        row = {"migration_id": migration.id, "step": number, "why": migration.why}
        _record(ledger, row, RUN, step, done)
        # A lake that is made now is of the form of this release: nothing of it was changed.
        if done != Done():
            log.info("migration %s: %s", migration.id, step)
        said.append(str(step))
    return said


def back_to(lake: Lake, migrations: Sequence[Migration], wanted: str) -> list[str]:
    """Take back, latest first, what ran after a migration (or after :data:`START`).

    Raises
    ------
    DataError
        There is no such migration, or a step cannot be taken back; those after it are taken back.
    """
    names = [migration.id for migration in migrations]
    if wanted not in (START, *names):
        raise DataError(f"no migration {wanted}; there are {', '.join((START, *names))}")
    ledger = Ledger(lake)
    later = {m.id: m for m in migrations[0 if wanted == START else names.index(wanted) + 1 :]}
    too_late = _too_late(ledger, wanted)
    said = []
    for row in reversed(ledger.now_in_force()):
        step: Step | None = None
        if row["migration_id"] in later:
            step = later[row["migration_id"]].steps[row["step"]]
        elif is_addition(row) and too_late(row["release"]):
            step = Added(row["table"], row["migration_id"].rpartition(".")[2])
        if step is not None:
            done = _taken_back(lake, step, row, _mark(ledger, row["migration_id"], row["step"]))
            _record(ledger, row, BACK, step, done)
            log.info("migration %s taken back: %s", row["migration_id"], step)
            said.append(str(step))
    return said


def _too_late(ledger: Ledger, wanted: str) -> Callable[[str], bool]:
    """Tell of which releases the columns go that came without a migration.

    Of those after the one that ran the migration gone back to; for the start, of all that ran one,
    and of this one.
    """
    if own := ledger.of(wanted):
        kept = order(own[-1]["release"])
        return lambda name: order(name) > kept
    ran = [row["release"] for row in ledger.now_in_force() if not is_addition(row)]
    first = min(map(order, [*ran, release()]))
    return lambda name: order(name) >= first


def order(name: str) -> tuple[int, ...]:
    """Return what releases are ordered by."""
    return tuple(int(part) for part in re.findall(r"\d+", name))


def record_addition(lake: Lake, table: str, column: str) -> None:
    """Record a column that a contract has and its table lacks, before it is added."""
    ledger, step = Ledger(lake), Added(table, column)
    row = {"migration_id": f"{table}.{column}", "step": 0, "why": "The contract has it."}
    if not ledger.in_force(f"{table}.{column}", 0):
        _record(ledger, row, RUN, step, Done())


def is_addition(row: dict[str, Any]) -> bool:
    """Whether a row of the ledger is of a column that was added without a migration."""
    # Only such ids have dots.
    return "." in str(row["migration_id"]) and row["action"] != ANEW


def pending(lake: Lake, migrations: Sequence[Migration]) -> list[tuple[Migration, int]]:
    """Return the steps that are to run, in order."""
    ledger = Ledger(lake)
    return [
        (migration, number)
        for migration in migrations
        for number in range(len(migration.steps))
        if not ledger.in_force(migration.id, number)
    ]


def listed(lake: Lake, migrations: Sequence[Migration]) -> list[dict[str, Any]]:
    """Return what ran and was taken back, oldest first, and then what would run."""
    names = ("migration_id", "action", "what", "why", "release", "recorded_at")
    rows = [{name: row[name] for name in names} for row in Ledger(lake).rows()]
    waiting = [
        {"migration_id": m.id, "action": TO_RUN, "what": str(m.steps[number]), "why": m.why}
        for m, number in pending(lake, migrations)
    ]
    return rows + waiting


def _once(lake: Lake, step: Step, mark: str) -> Done:
    """Run a step, or find that it was run and only not recorded."""
    name = step.name if isinstance(step, RenameTable) else step.table
    return _found(lake, name, mark) or step.run(lake.root, mark)


def _taken_back(lake: Lake, step: Step, ran: dict[str, Any], mark: str) -> Done:
    before, after = ran["version_before"], ran["version_after"]
    inverse = step.inverse()
    name = step.table
    found = _found(lake, name, mark)
    if found is None and after is not None and not isinstance(step, RenameTable):
        found = _restored(lake, step.table, before, after, mark)
    if found is not None:
        return found
    if inverse is not None:
        # Also where nothing was to be done: a lake that was made since is of the later form.
        return _once(lake, inverse, mark)
    if after is None:
        return Done()
    raise DataError(
        f"{step}: cannot be taken back: rows have been written since, or version {before} is gone. "
        "What came after it has been taken back; restore the table from a backup"
    )


def _restored(lake: Lake, table: str, before: int, after: int, mark: str) -> Done | None:
    """Go back to the version before a step, where no row was written since."""
    delta = opened(place(lake.root, table), table)
    now = int(delta.version())
    since = [commit for commit in delta.history() if commit["version"] > after]
    kept = len(since) == now - after and all(map(_keeps_rows, since))
    if not kept or not _held(lake.root, table, before):
        return None
    delta.restore(before, commit_properties=marked(mark))
    faults.committed(table)
    return Done(now, now + 1)


def _keeps_rows(commit: dict[str, Any]) -> bool:
    # Commits of steps that came later have been taken back by now.
    own = str(commit.get("userMetadata", "")).startswith(MARK)
    return own or commit.get("operation") in _KEEPS_ROWS


def _held(root: Folder, table: str, wanted: int) -> bool:
    """Whether all files of a version are there."""
    folder = place(root, table)
    try:
        then = opened(folder, table, wanted)
    except DamagedError:
        return False
    return not files.missing(folder, then)


def _found(lake: Lake, table: str, mark: str) -> Done | None:
    """Find the commit of a step that was killed before it was recorded."""
    if not is_table(place(lake.root, table)):
        return None
    delta = opened(place(lake.root, table), table)
    for commit in delta.history():
        if commit.get("userMetadata") == mark:
            return Done(rewrite.began(delta, mark), int(commit["version"]))
    return None


def _mark(ledger: Ledger, migration: str, step: int) -> str:
    """Name one try of a step: that it is run again after it was taken back is another."""
    return f"{MARK}{migration} step {step} no. {len(ledger.of(migration, step))}"


def _record(ledger: Ledger, row: dict[str, Any], action: str, step: Step, done: Done) -> None:
    ledger.record(
        row["migration_id"],
        row["why"],
        row["step"],
        action,
        table=step.table,
        what=str(step),
        version_before=done.before,
        version_after=done.after,
    )
