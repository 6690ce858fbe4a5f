"""Golden records for people: best values, opened for whoever may read the master key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from jobs.identity.survivorship import PERSONAL
from jobs.lake.folders import Folder
from jobs.lake.query import records
from jobs.lake.store import Lake
from jobs.privacy.keyring import Keyring, read_keyring, unseal
from jobs.privacy.reads import reading

_GOLDEN = """
    SELECT attribute, value, record_id, source, rule, records, distinct_values, conflict
    FROM identity.golden WHERE person_id = $1 ORDER BY attribute
"""
_CONFLICTS = """
    WITH listed AS (
        SELECT DISTINCT person_id, attribute FROM identity.conflicts
        WHERE $1 IS NULL OR attribute = $1 ORDER BY ALL LIMIT $2
    )
    SELECT c.person_id, c.attribute, c.value, c.record_id, c.source, c.golden
    FROM identity.conflicts c JOIN listed USING (person_id, attribute)
    ORDER BY c.person_id, c.attribute, c.golden DESC, c.record_id
"""
_SEALED = """
    SELECT c.record_id, c.sealed, k.wrapped_key
    FROM vault.contacts c JOIN vault.keys k USING (record_id)
    WHERE list_contains($1, c.record_id)
"""


def golden_values(lake: Folder, person: str) -> list[dict[str, Any]]:
    """Return the best values of a person; those that are personal are None."""
    return records(_GOLDEN, lake, [person])


def conflicts(lake: Folder, attribute: str | None, most: int) -> list[dict[str, Any]]:
    """Return the records of disputed values, of so many persons and attributes at most."""
    return records(_CONFLICTS, lake, [attribute, most])


def with_opened(
    rows: Iterable[Mapping[str, Any]], lake: Folder, key_file: Path
) -> list[dict[str, Any]]:
    """Fill in personal values from the vault.

    Parameters
    ----------
    rows : iterable of mapping
        With ``attribute``, ``record_id`` and ``value``.
    lake : Path or StoreFolder
        Folder of the lake.
    key_file : Path
        The master key.

    Returns
    -------
    list of dict
        The same rows. The value of a record whose key is gone stays None: it was erased.

    Raises
    ------
    KeyringError
        The master key cannot be read, or is not the one of this lake.
    """
    found = [dict(row) for row in rows]
    wanted = sorted({row["record_id"] for row in found if row["attribute"] in PERSONAL})
    if not wanted:
        return found
    ring = read_keyring(key_file)
    with reading(Lake(lake), "best values, shown at the command", people=len(wanted)):
        vault = {row["record_id"]: row for row in records(_SEALED, lake, [wanted])}
    for row in found:
        if row["attribute"] in PERSONAL and row["record_id"] in vault:
            row["value"] = _opened(ring, row["attribute"], vault[row["record_id"]])
    return found


def _opened(ring: Keyring, attribute: str, held: Mapping[str, Any]) -> str | None:
    sealed = dict(held["sealed"] or {}).get(attribute)
    if sealed is None:
        return None
    record = str(held["record_id"])
    return unseal(ring.unwrap(record, held["wrapped_key"]), record, attribute, sealed)
