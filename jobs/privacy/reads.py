"""Reads of the vault: each is told in the audit trail before it happens, with who reads and why.

The lake asks here before it reads a table of the vault. Whoever has not said why, by
:func:`reading`, reads nothing; so no read can be forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jobs.lake.errors import BespokeError

if TYPE_CHECKING:
    from jobs.lake.store import Lake

VAULT = "vault"
"""The layer whose reads are told."""


class UntoldReadError(BespokeError):
    """Code reads the vault and has not said why."""


@dataclass
class _Reading:
    lake: Lake
    why: str
    people: int | None
    run_id: str | None
    told: set[str] = field(default_factory=set)


_now: ContextVar[_Reading | None] = ContextVar("reading", default=None)


@contextmanager
def reading(
    lake: Lake, why: str, *, people: int | None = None, run_id: str | None = None
) -> Iterator[None]:
    """Say why the vault is read, and by which run; each table is told of at its first read.

    Parameters
    ----------
    lake : Lake
        The lake.
    why : str
        Purpose, as a person would name it.
    people : int, optional
        How many records are looked at; by default all of the table may be.
    run_id : str, optional
        The run; None for what a person does at the command.
    """
    token = _now.set(_Reading(lake, why, people, run_id))
    try:
        yield
    finally:
        _now.reset(token)


def about_to_read(layer: str, name: str) -> None:
    """Tell the audit trail of a read that is about to happen, if it is of the vault.

    Raises
    ------
    UntoldReadError
        Nobody has said why.
    """
    if layer != VAULT:
        return
    now, table = _now.get(), f"{layer}.{name}"
    if now is None:
        raise UntoldReadError(f"{table} is read by code that has not said why (reading)")
    if table in now.told:
        return
    from jobs.lake.tables import TABLES
    from jobs.privacy.audit import READ, Act, note

    now.told.add(table)
    held = TABLES.get(table)
    people = now.people
    if people is None and held is not None and now.lake.exists(held):
        people = now.lake.count(held)
    note(now.lake, Act(READ, table, now.why, people, now.run_id))
