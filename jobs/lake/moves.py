"""Moves: steps of a migration that take a whole table to another place."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from jobs.lake import faults
from jobs.lake.commits import marked
from jobs.lake.damage import opened
from jobs.lake.errors import DataError
from jobs.lake.folders import Folder, StoreFolder
from jobs.lake.rewrite import is_table, place
from jobs.lake.steps import Done, Step

ASIDE = "_dropped"
"""Folder of the lake to which dropped tables are moved."""


@dataclass(frozen=True)
class RenameTable:
    """A table gets another name, and its folder another place."""

    table: str
    name: str

    def __str__(self) -> str:
        """Say what it does."""
        return f"{self.table} becomes {self.name}"

    def run(self, root: Folder, mark: str) -> Done:
        """Move the folder, and name the table anew."""
        target = place(root, self.name)
        _move(self, place(root, self.table), target, "drop one of both first")
        if not is_table(target):
            return Done()
        delta = opened(target, self.name)
        if delta.metadata().name == self.name:
            return Done()
        before = int(delta.version())
        delta.alter.set_table_name(self.name, commit_properties=marked(mark))
        faults.committed(self.name)
        return Done(before, before + 1)

    def inverse(self) -> RenameTable:
        """Return the renaming back."""
        return RenameTable(self.name, self.table)


@dataclass(frozen=True)
class DropTable:
    """A table is moved aside, into ``_dropped``; a person removes it from there."""

    table: str

    def __str__(self) -> str:
        """Say what it does."""
        return f"{self.table} is moved to {ASIDE}"

    def run(self, root: Folder, mark: str) -> Done:  # noqa: ARG002 - a move has no commit
        """Move the folder aside."""
        aside = place(root / ASIDE, self.table)
        _move(self, place(root, self.table), aside, "move that one away first")
        return Done()

    def inverse(self) -> BringBack:
        """Return the move back."""
        return BringBack(self.table)


@dataclass(frozen=True)
class BringBack:
    """A table that was moved aside comes back."""

    table: str

    def __str__(self) -> str:
        """Say what it does."""
        return f"{self.table} comes back from {ASIDE}"

    def run(self, root: Folder, mark: str) -> Done:  # noqa: ARG002 - a move has no commit
        """Move the folder to its place."""
        aside = place(root / ASIDE, self.table)
        _move(self, aside, place(root, self.table), "move that one away first")
        return Done()

    def inverse(self) -> DropTable:
        """Return the move aside."""
        return DropTable(self.table)


def moved(step: Step, root: Folder) -> bool:
    """Whether a step has taken its table from its place."""
    if isinstance(step, RenameTable):
        return is_table(place(root, step.name))
    return isinstance(step, DropTable) and is_table(place(root / ASIDE, step.table))


def _move(step: Step, source: Folder, target: Folder, else_do: str) -> None:
    """Move a table; nothing happens where it has been moved."""
    if not is_table(source):
        return
    if any(path.is_file() for path in target.rglob("*")):
        raise DataError(f"{step}: {target} is there already; {else_do}")
    if isinstance(source, StoreFolder) or isinstance(target, StoreFolder):
        raise DataError(
            f"{step}: a store moves no folder in one step: move {source} to {target} with its own "
            "tools, the folder _delta_log last, and run again"
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    # What a table that was never made leaves: empty folders.
    shutil.rmtree(target, ignore_errors=True)
    source.rename(target)
