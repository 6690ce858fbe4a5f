"""What a lake holds: rows by contract columns, decrypted, so that two lakes can be compared."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jobs.lake.contract import Table
from jobs.lake.folders import lake_root
from jobs.lake.store import Lake
from jobs.lake.tables import TABLES
from jobs.lake.tables.bronze import VAULT_KEYS
from jobs.privacy.keyring import SEALED, key_file, read_keyring, unseal

COMPARED = tuple(name for name, table in TABLES.items() if table.layer != "ops")


def stored(lake: Lake, table: Table) -> list[dict[str, Any]]:
    """Return a table's rows as they lie there, past the lake: a look of a test is told nowhere."""
    return list(lake.delta(table).to_pyarrow_table().to_pylist())


def digests(home: Path, *, decrypted: bool = True) -> dict[str, str]:
    """Return a digest of the rows of every table but those of ``ops``, and of every export file.

    Decrypted, values count by what they hold, and a data key by whose it is: both are drawn at
    random, and differ where a record came twice because a run was stopped. Else all of a row
    counts as it is stored.
    """
    lake = Lake(lake_root(home))
    keys = {r["record_id"]: r["wrapped_key"] for r in stored(lake, VAULT_KEYS)}
    opener = _Opener(home, keys)
    found = {}
    for name in COMPARED:
        table = TABLES[name]
        rows = [{n: row[n] for n in table.names} for row in stored(lake, table)]
        if decrypted and table is VAULT_KEYS:
            rows = [row | {"wrapped_key": None} for row in rows]
        told = sorted(str(opener.row(row) if decrypted else row) for row in rows)
        found[name] = f"{len(told)} rows {hashlib.sha256(chr(10).join(told).encode()).hexdigest()}"
    for path in sorted((home / "exports").rglob("recommendations.*")):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        found[str(path.relative_to(home))] = f"{path.stat().st_size} bytes {digest}"
    return found


class _Opener:
    def __init__(self, home: Path, keys: Mapping[str, str]) -> None:
        path = key_file(home)
        self._ring = read_keyring(path) if path.exists() else None
        self._keys = keys
        self._seen: dict[tuple[str, str, str], str] = {}

    def row(self, row: dict[str, Any]) -> dict[str, Any]:
        record = row.get("record_id")
        return {name: self._value(record, name, value) for name, value in row.items()}

    def _value(self, record: str | None, name: str, value: Any) -> Any:
        if isinstance(value, str) and value.startswith(SEALED) and record is not None:
            return self._opened(record, name, value)
        if isinstance(value, list) and all(isinstance(pair, tuple) for pair in value):
            return sorted((k, self._value(record, k, v)) for k, v in value)
        return value

    def _opened(self, record: str, column: str, sealed: str) -> str:
        known = self._seen.get((record, column, sealed))
        if known is None:
            assert self._ring is not None, "encrypted values and no key"
            key = self._ring.unwrap(record, self._keys[record])
            known = self._seen[record, column, sealed] = unseal(key, record, column, sealed)
        return known
