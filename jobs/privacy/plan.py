"""The plan of an erasure: by what its persons are found, and what must not be found afterwards.

It is made once, kept for as long as the erasure takes in a file that its owner alone may read, and
removed with it: after the keys are gone nobody could make it anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

from jobs.ingest.catalogue import SourceSet
from jobs.ingest.kinds import KINDS
from jobs.ingest.parts import Format
from jobs.lake.folders import Folder
from jobs.lake.query import records, stored_tables
from jobs.lake.secret_files import write_anew
from jobs.privacy.access import Opener
from jobs.privacy.keyring import Keyring
from jobs.privacy.landing_rows import holding
from jobs.privacy.search import SHORTEST, Search
from jobs.privacy.subjects import Keys, keys_of

_SEALED = """
    SELECT c.record_id, c.sealed, k.wrapped_key FROM vault.contacts c
    JOIN vault.keys k USING (record_id) WHERE list_contains($1, c.record_id)
"""
_REFUSED = """
    SELECT row_id, line FROM ops.quarantine
    WHERE source = $1 AND file = $2 AND list_contains($3, line)
"""
Landed: TypeAlias = tuple[str, str, Path, Format]
"""Feed, name in the landing, path and format of a file that a source sent."""
_SOUGHT = ("email", "phone")
"""Personal values that are one person's, as a rule: names and streets are others' too."""
_NUMBERS = ("customer_no", "login", "loyalty_no")


@dataclass
class Plan:
    """What an erasure is to do.

    Attributes
    ----------
    request_id : str
        The request.
    keys : list of Keys
        Of each person.
    sought : list of str
        What must be nowhere afterwards.
    files : dict of str to list of int
        Records to blank, by feed and, after a tab, file in the landing.
    torn : dict of str to list of int
        Records there that could not be taken apart, or lead to nobody, and hold a value of theirs.
    made_at : str
        When (UTC, ISO 8601).
    done : dict of str to dict
        What each step that was done has to say.
    """

    request_id: str
    keys: list[Keys]
    sought: list[str]
    files: dict[str, list[int]]
    torn: dict[str, list[int]] = field(default_factory=dict)
    made_at: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    done: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def persons(self) -> set[str]:
        """Ids of the persons, those that they have had before too."""
        return {person for of in self.keys for person in of.persons}

    def save(self, path: Path) -> None:
        """Write it, for its owner alone."""
        write_anew(path, json.dumps(asdict(self), default=_plain).encode())

    @classmethod
    def load(cls, path: Path) -> Plan:
        """Read it again."""
        content = json.loads(path.read_text(encoding="utf-8"))
        keys = [Keys(**_timed(of)) for of in content.pop("keys")]
        return cls(keys=keys, **content)


def planned(
    lake: Folder,
    request_id: str,
    persons: list[str],
    ring: Keyring | None,
    sources: SourceSet,
    landed: Iterable[Landed] = (),
) -> Plan:
    """Find all that leads to persons, while their keys are still there.

    Parameters
    ----------
    lake : Path or StoreFolder
        Folder of the lake; why the vault is read has been said.
    request_id : str
        The request.
    persons : list of str
        Their ids.
    ring : Keyring or None
        Opens their values.
    sources : SourceSet
        Say which columns of raw rows hold numbers of persons.
    landed : iterable of Landed
        The files that sources sent.
    """
    found = []
    for person in persons:
        keys = keys_of(lake, person)
        _add_refused(lake, keys, sources)
        _add_came(lake, keys)
        found.append(keys)
    sought, files = _sought(lake, found, ring), _files(lake, found)
    torn = _torn(lake, found, sought, files, landed)
    return Plan(request_id, found, sought, files, torn)


def _add_refused(lake: Folder, keys: Keys, sources: SourceSet) -> None:
    """Add rows that were refused: no table but quarantine and bronze has them."""
    refused: set[str] = set()
    for name, _, feed in sources.feeds():
        for column in _NUMBERS:
            mapped = feed.columns.get(column)
            values = [n.partition(":")[2] for n in keys.nodes if n.startswith(f"{column}:")]
            if mapped is None or mapped.expr not in feed.field_names or not values:
                continue
            rows = records(
                "SELECT row_id FROM ops.quarantine WHERE source = $1 "
                "AND list_contains($3, raw[$2])",
                lake,
                [name, mapped.expr, values],
            )
            refused |= {row["row_id"] for row in rows}
        bronze = KINDS[feed.kind].bronze
        if not KINDS[feed.kind].pii or bronze.id not in stored_tables(lake):
            continue
        for column in _SOUGHT:
            own = [n for n in keys.nodes if n.startswith(f"{column}:") and n not in keys.shared]
            tokens = [n.partition(":")[2] for n in own]
            rows = records(
                f"SELECT b.file_id || ':' || b.line AS row_id FROM {bronze.id} b "  # noqa: S608
                "SEMI JOIN ops.quarantine q ON q.row_id = b.file_id || ':' || b.line "
                "WHERE b.source = $1 AND list_contains($3, b.tokens[$2])",
                lake,
                [name, column, tokens],
            )
            refused |= {row["row_id"] for row in rows}
    keys.rows = sorted({*keys.rows, *refused})


def _add_came(lake: Folder, keys: Keys) -> None:
    """Add all that bronze has of these records and rows: versions, repetitions, refused ones."""
    rows, named = set(keys.rows), set(keys.records)
    for kind in KINDS.values():
        found = records(
            f"SELECT record_id, file_id || ':' || line AS row FROM {kind.bronze.id} "  # noqa: S608
            "WHERE list_contains($1, record_id) OR list_contains($2, file_id || ':' || line)",
            lake,
            [sorted(named), sorted(rows)],
        )
        rows |= {row["row"] for row in found}
        named |= {row["record_id"] for row in found if row["record_id"]}
    keys.rows, keys.records = sorted(rows), sorted(named)


def _torn(
    lake: Folder,
    keys: list[Keys],
    sought: list[str],
    files: Mapping[str, list[int]],
    landed: Iterable[Landed],
) -> dict[str, list[int]]:
    """Find refused records that nothing leads to and that hold a value of theirs.

    Their rows go too. What was read is whose it says: a record of somebody else who names this
    person, or whose number has this person's in it, is left to them.
    """
    wanted = Search(sought, hashed=False, whole=True)
    torn: dict[str, list[int]] = {}
    for feed, name, path, form in landed:
        values = {sought[hit.value] for hit in wanted.file(path) if hit.form == "plain"}
        if not values:
            continue
        where = f"{feed}\t{name}"
        known = set(files.get(where, ()))
        held = [n for n in holding(path, form, sorted(values)) if n not in known]
        refused = records(_REFUSED, lake, [feed, name, held]) if held else []
        if refused:
            torn[where] = sorted({int(row["line"]) for row in refused})
            keys[0].rows = sorted({*keys[0].rows, *(row["row_id"] for row in refused)})
    if torn:
        _add_came(lake, keys[0])
    return torn


def _sought(lake: Folder, keys: list[Keys], ring: Keyring | None) -> list[str]:
    """Return what is theirs alone and long enough to be told apart."""
    found: set[str] = set()
    for of in keys:
        found |= set(of.persons)
        found |= {n.partition(":")[2] for n in of.nodes if n not in of.shared}
        found |= set(of.records)
        rows = records(_SEALED, lake, [of.records])
        opener = Opener(ring, rows)
        shared = {n.partition(":")[2] for n in of.shared}
        for row in rows:
            values = opener.row({"record_id": row["record_id"], **dict(row["sealed"] or {})})
            for name in _SOUGHT:
                value = values.get(name)
                if value and ring is not None and ring.token(name, value) not in shared:
                    found.add(value)
    return sorted(value for value in found if len(value) >= SHORTEST)


def _files(lake: Folder, keys: list[Keys]) -> dict[str, list[int]]:
    """Return the records of files of the landing that are theirs."""
    wanted = sorted({row for of in keys for row in of.rows})
    found: dict[str, set[int]] = {}
    for kind in KINDS.values():
        rows = records(
            f"SELECT source, file, line FROM {kind.bronze.id} "  # noqa: S608
            "WHERE list_contains($1, file_id || ':' || line)",
            lake,
            [wanted],
        )
        for row in rows:
            found.setdefault(f"{row['source']}\t{row['file']}", set()).add(int(row["line"]))
    return {name: sorted(lines) for name, lines in sorted(found.items())}


def _timed(of: Mapping[str, Any]) -> dict[str, Any]:
    bounds = ("valid_from", "valid_to")
    spans = [
        span | {b: datetime.fromisoformat(span[b]) if span[b] else None for b in bounds}
        for span in of["spans"]
    ]
    return {**of, "spans": spans}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)
