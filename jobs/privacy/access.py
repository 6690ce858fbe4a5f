"""Access: all that is held about a person, decrypted and explained, for that person to have.

What there is to say follows from the contracts and the catalogue: every table whose rows name
persons, every column with its description, every feed that sent something. (GDPR, Articles 15 and
20.)
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from jobs.ingest.catalogue import SourceSet
from jobs.lake.contract import Privacy, Table
from jobs.lake.folders import Folder
from jobs.lake.query import records
from jobs.privacy.keyring import SEALED, Keyring, KeyringError, unsealing
from jobs.privacy.subjects import Keys, keys_of, rows_of, tables_about_people

KEPT_FOR_PROOF = ("ops.audit",)
_KEYS = "SELECT record_id, wrapped_key FROM vault.keys WHERE list_contains($1, record_id)"
_EXPORTED = "recommendations.jsonl"
_LEFT_OUT = frozenset({"wrapped_key", "version", "row_hash", "file_id", "batch_id", "blocks"})
"""Columns that say nothing about anybody: our own bookkeeping, and keys."""


def gathered(
    lake: Folder, person: str, ring: Keyring | None, sources: SourceSet, exports: Path
) -> dict[str, Any]:
    """Gather all that is held about a person.

    Parameters
    ----------
    lake : Path or StoreFolder
        Folder of the lake. Why the vault is read has been said, by
        :func:`jobs.privacy.reads.reading`.
    person : str
        ``person_id``.
    ring : Keyring or None
        Opens what is encrypted; None where nothing is.
    sources : SourceSet
        Who sent it.
    exports : Path
        Folder of the exports.

    Returns
    -------
    dict
        ``person_id``, ``made_at``, ``identifiers``, ``sources``, ``recipients`` and ``held``: for
        each table that has rows of the person its description, how long they are kept, who answers
        for them, what each column means, and the rows.

    Raises
    ------
    KeyringError
        The master key is not the one of this lake.
    """
    keys = keys_of(lake, person)
    opener = Opener(ring, records(_KEYS, lake, [keys.records]))
    held: dict[str, Any] = {}
    feeds: set[str] = set()
    for table in tables_about_people():
        rows = [opener.row(row) for row in rows_of(lake, table, keys)]
        if rows:
            held[table.id] = _described(table, rows)
            feeds |= {row["source"] for row in rows if row.get("source")}
    return {
        "person_id": person,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "identifiers": _identifiers(keys),
        "sources": _sources(sources, feeds),
        "recipients": _recipients(exports, keys),
        "held": held,
    }


def as_json(package: Mapping[str, Any]) -> str:
    """Return a package as JSON that a machine reads (times as ISO 8601, money as text)."""
    return json.dumps(package, indent=1, ensure_ascii=False, default=_plain) + "\n"


class Opener:
    """Decrypts the personal values of rows.

    Parameters
    ----------
    ring : Keyring or None
        The master key.
    keys : iterable of mapping
        ``record_id`` and ``wrapped_key`` of records.
    """

    def __init__(self, ring: Keyring | None, keys: Iterable[Mapping[str, str]]) -> None:
        self._wrapped = {row["record_id"]: row["wrapped_key"] for row in keys}
        self._ring = ring

    def row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return a row with what is encrypted in it opened; of an erased record it stays None."""
        record = row.get("record_id")
        found = {}
        for name, value in row.items():
            if name in _LEFT_OUT:
                continue
            if isinstance(value, Mapping):
                found[name] = {k: self._opened(record, k, v) for k, v in value.items()}
            else:
                found[name] = self._opened(record, name, value)
        return found

    def _opened(self, record: str | None, column: str, value: Any) -> Any:
        if not isinstance(value, str) or not value.startswith(SEALED):
            return value
        wrapped = self._wrapped.get(record or "")
        if wrapped is None or record is None:
            return None
        if self._ring is None:
            raise KeyringError("there are encrypted values, and no master key")
        return unsealing(self._ring.unwrap(record, wrapped), record)(column, value)


def _described(table: Table, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    shown = [c for c in table.columns if c.name not in _LEFT_OUT]
    return {
        "what": table.description,
        "kept": f"{table.retention_days} days" if table.retention_days else "until erased",
        "answers": table.owner,
        "columns": {c.name: c.description for c in shown},
        "protected": [c.name for c in shown if c.privacy is Privacy.PROTECTED],
        "rows": list(rows),
    }


def _identifiers(keys: Keys) -> list[dict[str, Any]]:
    rows = [dict(span) for span in keys.spans]
    known = {row["identifier"] for row in rows}
    more = [{"identifier": n, "type": n.partition(":")[0]} for n in keys.nodes if n not in known]
    return [row | {"shared": row["identifier"] in keys.shared} for row in [*rows, *more]]


def _sources(sources: SourceSet, wanted: set[str]) -> list[dict[str, str]]:
    return [
        {
            "source": name,
            "system": feed.system,
            "owner": feed.owner,
            "description": feed.description,
        }
        for name, _, feed in sources.feeds()
        if name in wanted
    ]


def _recipients(exports: Path, keys: Keys) -> list[dict[str, Any]]:
    """Say which exports that are kept hold the person: what left for email systems, and when."""
    wanted = [f'"{person}"' for person in keys.persons]
    found: list[dict[str, Any]] = []
    for path in sorted(exports.glob(f"*/*/{_EXPORTED}")):
        if path.parent.is_symlink():
            continue
        with path.open(encoding="utf-8") as file:
            lines = [line for line in file if any(person in line for person in wanted)]
        found.extend(
            {"export": path.parts[-3], "night": path.parts[-2], "sent": json.loads(line)}
            for line in lines
        )
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(type(value).__name__)
