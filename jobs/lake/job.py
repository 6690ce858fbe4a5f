"""Jobs: what a function of frames declares about itself, so that a runner can run it.

A job names the tables it reads and writes and touches nothing else. What it wants beside whole
tables it says with :func:`increment` (rows that came since its last night) and :func:`state`
(what it wrote on earlier nights itself).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from jobs.lake.contract import ContractError, Refresh, Table


class Scope(StrEnum):
    """Which rows of a table a job is given."""

    ALL = "all"
    INCREMENT = "increment"
    STATE = "state"


@dataclass(frozen=True)
class Read:
    """One table that a job reads, and which rows of it."""

    table: Table
    scope: Scope = Scope.ALL


def increment(table: Table) -> Read:
    """Read only rows whose ``loaded_on`` is after the job's last successful night, up to this one.

    Raises
    ------
    ContractError
        The table has no ``loaded_on``.
    """
    if "loaded_on" not in table.names:
        raise ContractError(f"{table.id} has no loaded_on, so no increment can be read of it")
    return Read(table, Scope.INCREMENT)


def state(table: Table) -> Read:
    """Read what the job wrote on earlier nights.

    For a table that is replaced by date: rows before this night. For any other: the whole table
    as it stands, which a job that is run again finds with its own result in it.
    """
    return Read(table, Scope.STATE)


@dataclass(frozen=True)
class Job:
    """A declared job; calling it calls the function, as a test does."""

    name: str
    function: Callable[..., Any]
    reads: tuple[Read, ...]
    writes: tuple[Table, ...]
    section: str | None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function itself, with frames."""
        return self.function(*args, **kwargs)

    @property
    def description(self) -> str:
        """First line of the function's docstring."""
        return (inspect.getdoc(self.function) or "").partition("\n")[0]


def job(
    *,
    reads: Sequence[Table | Read],
    writes: Table | Sequence[Table],
    section: str | None = None,
) -> Callable[[Callable[..., Any]], Job]:
    """Declare a function of frames as a job.

    Parameters
    ----------
    reads : sequence of Table or Read
        In the order of the function's positional parameters.
    writes : Table or sequence of Table
        The table it returns a frame for; for several, it returns a tuple in their order.
    section : str, optional
        Section of the settings that is passed as the keyword ``settings``.

    Raises
    ------
    ContractError
        The function's parameters do not match what is declared, or two tables are replaced in a
        way that one of them cannot.
    """
    tables = (writes,) if isinstance(writes, Table) else tuple(writes)
    wanted = tuple(r if isinstance(r, Read) else Read(r) for r in reads)

    def declare(function: Callable[..., Any]) -> Job:
        parameters = inspect.signature(function).parameters.values()
        frames = [p for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
        keywords = {p.name for p in parameters if p.kind is p.KEYWORD_ONLY}
        name = function.__name__
        if len(frames) != len(wanted):
            raise ContractError(f"job {name}: reads {len(wanted)} tables, takes {len(frames)}")
        if "as_of" not in keywords or (section is not None) != ("settings" in keywords):
            raise ContractError(f"job {name}: takes as_of, and settings when a section is named")
        if any(t.refresh is Refresh.APPEND for t in tables):
            raise ContractError(f"job {name}: appending needs a unit of work, which a job lacks")
        return Job(name, function, wanted, tables, section)

    return declare
