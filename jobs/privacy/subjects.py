"""Whose a row is: the keys of a person, and the rows of each table that they lead to.

Which columns name a person is said by the tables' contracts, so a table that is added is searched
like any other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from jobs.identity.nodes import RECORD
from jobs.lake.contract import Subject, Table
from jobs.lake.folders import Folder
from jobs.lake.query import records
from jobs.lake.tables import TABLES
from jobs.lake.tables.identity import IDENTIFIERS

_OWN = """
    SELECT identifier, type, valid_from, valid_to FROM identity.identifiers
    WHERE person_id = $1 ORDER BY ALL
"""
_FORMER = """
    WITH RECURSIVE line AS (
        SELECT $1 AS person_id
        UNION SELECT h.other_id FROM identity.history h JOIN line USING (person_id)
        WHERE h.event IN ('merged', 'renamed')
            -- Who was parted again is somebody else.
            AND h.other_id NOT IN (SELECT person_id FROM identity.persons)
    ) SELECT person_id FROM line ORDER BY person_id
"""
_CONTACTS = """
    SELECT record_id, email_token, phone_token FROM silver.customers
    WHERE list_contains($1, record_id)
"""
_OTHERS = """
    SELECT 'email:' || email_token AS node FROM silver.customers
    WHERE list_contains($1, 'email:' || email_token) AND NOT list_contains($2, record_id)
    UNION SELECT 'phone:' || phone_token FROM silver.customers
    WHERE list_contains($1, 'phone:' || phone_token) AND NOT list_contains($2, record_id)
"""


@dataclass
class Keys:
    """By what a person is found.

    Attributes
    ----------
    person : str
        ``person_id``.
    persons : list of str
        It, and the ids of persons who became part of it.
    spans : list of dict
        ``identifier``, ``valid_from``, ``valid_to``: whose an identifier was, and when.
    records : list of str
        Records of sources, those of messages and consents too.
    nodes : list of str
        Identifiers that are bounded by no time, addresses and numbers of their records among them.
    shared : list of str
        Those of the addresses and numbers that others have, too.
    rows : list of str
        ``<file_id>:<line>`` of the rows that sources sent about them.
    """

    person: str
    persons: list[str]
    spans: list[dict[str, Any]]
    records: list[str] = field(default_factory=list)
    nodes: list[str] = field(default_factory=list)
    shared: list[str] = field(default_factory=list)
    rows: list[str] = field(default_factory=list)

    @property
    def bounded(self) -> list[dict[str, Any]]:
        """Spans that end, or that began when the identifier was another's before."""
        return [s for s in self.spans if not (s["valid_from"] is None and s["valid_to"] is None)]

    def of(self, kind: Subject) -> list[str]:
        """Return the values of a kind that name the person alone."""
        if kind is Subject.PERSON:
            return self.persons
        if kind is Subject.RECORD:
            return self.records
        if kind is Subject.ROW:
            return self.rows
        if kind in (Subject.NODE, Subject.NODES):
            return self.nodes
        nodes = [node for node in self.nodes if node not in self.shared]
        return [n.partition(":")[2] for n in nodes if n.startswith(f"{kind.value}:")]


def keys_of(lake: Folder, person: str) -> Keys:
    """Find by what a person is found.

    Parameters
    ----------
    lake : Path or StoreFolder
        Folder of the lake.
    person : str
        ``person_id``.
    """
    spans = records(_OWN, lake, [person])
    former = [row["person_id"] for row in records(_FORMER, lake, [person])] or [person]
    keys = Keys(person, former, spans)
    unbounded = [s for s in spans if s["valid_from"] is None and s["valid_to"] is None]
    keys.nodes = sorted({s["identifier"] for s in unbounded})
    prefix = f"{RECORD}:"
    keys.records = [n.removeprefix(prefix) for n in keys.nodes if n.startswith(prefix)]
    contacts = records(_CONTACTS, lake, [keys.records])
    held = {f"email:{row['email_token']}" for row in contacts if row["email_token"]}
    held |= {f"phone:{row['phone_token']}" for row in contacts if row["phone_token"]}
    others = records(_OTHERS, lake, [sorted(held), keys.records])
    keys.shared = sorted({row["node"] for row in others})
    keys.nodes = sorted({*keys.nodes, *held})
    _add_rows(lake, keys)
    return keys


def rows_of(lake: Folder, table: Table, keys: Keys) -> list[dict[str, Any]]:
    """Return the rows of a table that are about a person, in the order of its key.

    A row with an identifier is whose that identifier was at the row's time; one without is whose
    any other of its columns names.
    """
    condition, parameters = _condition(table, keys)
    order = ", ".join(f't."{name}"' for name in table.key)
    query = f"SELECT t.* FROM {table.id} t WHERE {condition} ORDER BY {order}"  # noqa: S608
    return records(query, lake, parameters)


def tables_about_people() -> list[Table]:
    """Return the tables whose rows name persons."""
    return [table for table in TABLES.values() if table.subjects]


def _add_rows(lake: Folder, keys: Keys) -> None:
    """Add the rows that sources sent, and the records of their messages, consents and the like."""
    found, named = set(), set(keys.records)
    for table in TABLES.values():
        if table.layer != "silver" or not table.subjects:
            continue
        own = table.key[-1]
        for row in rows_of(lake, table, keys):
            found.add(f"{row['file_id']}:{row['line']}")
            named.add(row[own] if own == "record_id" else f"{row['source']}:{row[own]}")
    keys.rows, keys.records = sorted(found), sorted(named)


def _condition(table: Table, keys: Keys) -> tuple[str, list[Any]]:
    """Return the SQL condition of a table's rows that are a person's, and what it is given."""
    by_time = [c for c in table.subjects if c.names is Subject.NODE and table.at is not None]
    if by_time:
        return _by_time(table, by_time[0].name, keys)
    parts: dict[Subject, list[str]] = {}
    parameters: list[list[str]] = []
    for column in table.subjects:
        assert column.names is not None
        parameters.append(keys.of(column.names))
        wanted = f"${len(parameters)}"
        has = "list_has_any" if column.names is Subject.NODES else "list_contains"
        parts.setdefault(column.names, []).append(f'{has}({wanted}, t."{column.name}")')
    if table.layer == "bronze":
        parameters.append(keys.rows)
        parts[Subject.ROW] = [f"list_contains(${len(parameters)}, t.file_id || ':' || t.line)"]
    # A pair is of the person where both of it are: the other one's id is the other one's.
    return " OR ".join(f"({' AND '.join(of_kind)})" for of_kind in parts.values()), parameters


def _by_time(table: Table, column: str, keys: Keys) -> tuple[str, list[Any]]:
    contacts = [n for n in keys.nodes if n.startswith(("email:", "phone:"))]
    condition = f"""EXISTS (
        SELECT 1 FROM {IDENTIFIERS.id} i WHERE i.person_id = $1 AND i.identifier = t."{column}"
            AND (i.valid_from IS NULL OR i.valid_from <= t."{table.at}")
            AND (i.valid_to IS NULL OR t."{table.at}" < i.valid_to)
    ) OR list_contains($2, t."{column}")"""  # noqa: S608 - names of the contract
    return condition, [keys.person, contacts]
