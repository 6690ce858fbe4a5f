"""The note beside the tables: which of them were made, and by which contracts."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from jobs.lake import upgrade
from jobs.lake.contract import Table
from jobs.lake.folders import Folder, StoreFolder
from jobs.lake.migrations import Migration
from jobs.lake.rewrite import is_table, place
from jobs.lake.store import Lake

NOTE = "_contracts.json"


@dataclass(frozen=True)
class Note:
    """What the lake was when it was opened last.

    Attributes
    ----------
    release : str
        The release that opened it.
    digest : str
        Of all contracts and migrations.
    made : dict of str to str
        Table to the day on which it was first seen (ISO 8601).
    keys : dict of str to list of str
        Table to its key.
    """

    release: str
    digest: str
    made: dict[str, str]
    keys: dict[str, list[str]]


def digest_of(tables: Mapping[str, Table], migrations: Sequence[Migration]) -> str:
    """Return a digest of all that decides what a lake of this release looks like."""
    told = [repr(table) for _, table in sorted(tables.items())] + [repr(m) for m in migrations]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def read_note(root: Folder) -> Note | None:
    """Return what the lake was when it was opened last; None where nobody noted it."""
    try:
        found = json.loads((root / NOTE).read_text(encoding="utf-8"))
        return Note(found["release"], found["digest"], found["made"], found["keys"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_note(lake: Lake, tables: Mapping[str, Table], digest: str) -> None:
    """Note which tables there are, and by which contracts."""
    before = read_note(lake.root)
    since = before.made if before else {}
    today = datetime.now(UTC).date().isoformat()
    there = [name for name in tables if is_table(place(lake.root, name))]
    note = Note(
        upgrade.release(),
        digest,
        {name: since.get(name, today) for name in there},
        {name: list(tables[name].key) for name in there},
    )
    path, text = lake.root / NOTE, json.dumps(vars(note), indent=1)
    if isinstance(path, StoreFolder):
        path.write_text(text)
    else:
        path.with_suffix(".tmp").write_text(text, encoding="utf-8")
        os.replace(path.with_suffix(".tmp"), path)
