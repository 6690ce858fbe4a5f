"""Upgrade: migrations run once and in order, recorded in ``ops.migrations``, and taken back."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jobs.lake import files, rewrite
from jobs.lake.damage import DamagedError, opened
from jobs.lake.errors import DataError
from jobs.lake.migrations import Migration
from jobs.lake.rewrite import is_table, place
from jobs.lake.steps import Done, RenameTable, Step
from jobs.lake.store import Lake
from jobs.lake.tables.migrations import MIGRATIONS_RUN

log = logging.getLogger("bespoke")

START = "start"
"""Names the state before the first migration."""
RUN, BACK, ANEW = "run", "back", "anew"
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

    def ran(self, migration: Migration) -> bool:
        """Whether all steps of a migration are in force."""
        return all(self.in_force(migration.id, step) for step in range(len(migration.steps)))

    def in_force(self, migration: str, step: int) -> bool:
        """Whether a step was run, and not taken back since."""
        rows = self.of(migration, step)
        return bool(rows) and rows[-1]["action"] == RUN

    def known(self) -> list[str]:
        """Ids of the migrations of which a step is in force, in the order in which they ran."""
        steps = dict.fromkeys((row["migration_id"], row["step"]) for row in self._rows)
        return list(dict.fromkeys(name for name, step in steps if self.in_force(name, step)))

    def release_of(self, migration: str) -> str:
        """Return the release that ran a migration last."""
        return str(self.of(migration)[-1]["release"])

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
    for migration in migrations:
        for number, step in enumerate(migration.steps):
            if not ledger.in_force(migration.id, number):
                done = _once(lake, step, _mark(ledger, migration, number))
                _record(ledger, migration, number, RUN, step, done)
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
    said = []
    for migration in reversed(migrations[names.index(wanted) + 1 if wanted != START else 0 :]):
        for number, step in reversed([*enumerate(migration.steps)]):
            if ledger.in_force(migration.id, number):
                ran = ledger.of(migration.id, number)[-1]
                done = _taken_back(lake, step, ran, _mark(ledger, migration, number))
                _record(ledger, migration, number, BACK, step, done)
                log.info("migration %s taken back: %s", migration.id, step)
                said.append(str(step))
    return said


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
    delta.restore(before, commit_properties=rewrite.marked(mark))
    return Done(now, now + 1)


def _keeps_rows(commit: dict[str, Any]) -> bool:
    # Commits of steps that came later have been taken back by now.
    own = str(commit.get("userMetadata", "")).startswith(MARK)
    return own or commit.get("operation") in _KEEPS_ROWS


def _held(root: Path, table: str, wanted: int) -> bool:
    """Whether all files of a version are there."""
    folder = place(root, table)
    try:
        then = opened(folder, table, wanted)
    except DamagedError:
        return False
    return all(Path(path).exists() for path in files.paths(str(folder), then))


def _found(lake: Lake, table: str, mark: str) -> Done | None:
    """Find the commit of a step that was killed before it was recorded."""
    if not is_table(place(lake.root, table)):
        return None
    delta = opened(place(lake.root, table), table)
    for commit in delta.history():
        if commit.get("userMetadata") == mark:
            return Done(rewrite.began(delta, mark), int(commit["version"]))
    return None


def _mark(ledger: Ledger, migration: Migration, step: int) -> str:
    """Name one try of a step: that it is run again after it was taken back is another."""
    return f"{MARK}{migration.id} step {step} no. {len(ledger.of(migration.id, step))}"


def _record(
    ledger: Ledger, migration: Migration, number: int, action: str, step: Step, done: Done
) -> None:
    ledger.record(
        migration.id,
        migration.why,
        number,
        action,
        table=step.table,
        what=str(step),
        version_before=done.before,
        version_after=done.after,
    )
