"""A small lake of records that a trained model has weighed, with its keys and its model."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from jobs.identity.formed import inline
from jobs.identity.match import FIELDS
from jobs.identity.matched import weigh
from jobs.identity.matching.matcher import Matcher, hash_key, train
from jobs.identity.matching.settings import MatchSettings
from jobs.identity.opening import CLEAR, SEALED
from jobs.lake.store import Lake
from jobs.lake.tables import TABLES
from jobs.privacy.keyring import Keyring, key_file, make_keyring, read_keyring, seal
from tests.identity.matching.people import population

NIGHT = date(2026, 6, 20)
AT = datetime(2026, 6, 20, 12, tzinfo=UTC)
SEEN = {"first_seen": AT, "last_seen": AT}
_NAMES = {"dob": "birth_date", "address": "street"}


def shop() -> pd.DataFrame:
    """Records with the columns that a night compares, in the order of their ids."""
    found = population(5, 60, copies=0.5).rename(columns=_NAMES).sort_values("id")
    return found.reindex(columns=["id", "who", *SEALED, *CLEAR]).reset_index(drop=True)


class IdentityLake:
    """The lake of a night: each true person is one, as far as nothing else is written."""

    def __init__(self, home: Path, matches: pd.DataFrame) -> None:
        self.home, self.lake = home, Lake(home / "lake")
        self.people, self.matches = shop(), matches

    @classmethod
    def made(cls, home: Path) -> IdentityLake:
        """Train a model, weigh all records, and write what a night would."""
        made = cls.unweighed(home)
        matcher, matches = _weighed(read_keyring(key_file(home)))
        made.matches = matches
        for name in ("identity.links", "identity.review"):
            made.lake.ensure(TABLES[name])
        made._registered(matcher)
        made.add("identity.matches", matches.to_dict("records"))
        made._resolved()
        return made

    @classmethod
    def unweighed(cls, home: Path) -> IdentityLake:
        """Write the records, and what opens them."""
        made = cls(home, pd.DataFrame())
        made.lake.ensure(TABLES["identity.decisions"])
        made._sealed(make_keyring(key_file(home)))
        return made

    def copied(self, home: Path) -> IdentityLake:
        """Return the same lake in another home; its model stays where it was registered."""
        shutil.copytree(self.home, home)
        return IdentityLake(home, self.matches)

    def _resolved(self) -> None:
        sizes = self.people["who"].value_counts()
        known = {"kind": "known", "identifiers": 0, "as_of": NIGHT} | SEEN
        persons = [{"person_id": f"p_{who}", "records": int(n)} | known for who, n in sizes.items()]
        self.add("identity.persons", persons)
        whose = zip(self.people["id"], self.people["who"], strict=True)
        own = [_identifier(f"record:{record}", f"p_{who}") for record, who in whose]
        self.add("identity.identifiers", own)

    def add(self, table: str, rows: Sequence[dict[str, Any]]) -> None:
        self.lake.append_rows(TABLES[table], rows)

    def identifier(self, name: str, person: str) -> None:
        self.add("identity.identifiers", [_identifier(name, person)])

    def link(self, one: str, other: str, evidence: str = "crm") -> None:
        row = {"left_id": min(one, other), "right_id": max(one, other), "evidence": evidence}
        self.add("identity.links", [row | SEEN | {"loaded_on": NIGHT, "version": "1"}])

    def review(self, one: str, other: str, reason: str, weight: float = 1.0) -> None:
        row = {
            "left_id": f"record:{one}",
            "right_id": f"record:{other}",
            "left_person": self.person(one),
            "right_person": self.person(other),
            "weight": weight,
            "probability": 0.5,
            "comparison": "first_name equal",
            "reason": reason,
            "as_of": NIGHT,
        }
        self.add("identity.review", [row])

    def decide(self, kind: str, one: str, other: str) -> None:
        row = {"decision_id": f"d{kind}", "kind": kind, "left_ids": [f"record:{one}"]}
        more = {"right_ids": [f"record:{other}"], "why": "seen", "decided_by": "ann"}
        self.add("identity.decisions", [row | more | {"recorded_at": AT}])

    def person(self, record: str) -> str:
        who = self.people.set_index("id")["who"]
        return f"p_{who[record]}"

    def pairs(self, *, one: bool) -> list[tuple[str, str, float]]:
        """Pairs of one true person, or of two, with their weights, the heaviest first."""
        who = self.people.set_index("id")["who"]
        rows = self.matches.sort_values("weight", ascending=False)
        told = zip(rows["left_id"], rows["right_id"], rows["weight"], strict=True)
        return [(a, b, w) for a, b, w in told if (who[a] == who[b]) is one]

    def values(self) -> set[str]:
        """All that the records tell and that is longer than a word of ours may be."""
        told = self.people[["first_name", "last_name", "birth_date", "phone", "postcode"]]
        return {value for value in told.to_numpy().ravel() if value and len(value) > 6}

    def _sealed(self, ring: Keyring) -> None:
        keys, contacts, customers = [], [], []
        for row in self.people.to_dict("records"):
            record = row["id"]
            wrapped = ring.new_key(record)
            key = ring.unwrap(record, wrapped)
            own = {"record_id": record, "source": "demo.crm", "loaded_on": NIGHT}
            told = [(c, seal(key, record, c, row[c])) for c in SEALED if isinstance(row[c], str)]
            keys.append(own | {"wrapped_key": wrapped, "master_key_id": ring.id})
            contacts.append(own | {"sealed": told, "version": "1"})
            city = {"city": row["city"], "version": "1", "file_id": "f", "line": 2}
            customers.append(own | city)
        self.add("vault.keys", keys)
        self.add("vault.contacts", contacts)
        self.add("silver.customers", customers)

    def _registered(self, matcher: Matcher) -> None:
        """Write what MLflow's store has of a version, as far as it is read without MLflow."""
        folder = self.home / "mlflow" / "run"
        matcher.save(folder)
        with sqlite3.connect(self.home / "mlflow.db") as store:
            store.executescript(
                f"""
                CREATE TABLE model_versions (name, version, run_id, storage_location);
                CREATE TABLE registered_model_aliases (name, alias, version);
                CREATE TABLE model_version_tags (name, version, key, value);
                CREATE TABLE params (run_uuid, key, value);
                INSERT INTO model_versions VALUES ('identity', 1, 'run', '{folder.as_uri()}');
                INSERT INTO registered_model_aliases VALUES ('identity', 'champion', 1);
                INSERT INTO model_version_tags
                    VALUES ('identity', 1, 'bespoke.trained_until', '{NIGHT}');
                INSERT INTO params VALUES ('run', 'trained_on', '{len(self.people)}'),
                    ('run', 'rules', 'email, phone+last_name'), ('run', 'why', 'the first');
                """
            )
        store.close()


def _identifier(name: str, person: str) -> dict[str, Any]:
    kind = name.partition(":")[0]
    return {"identifier": name, "type": kind, "person_id": person, "shared": False} | SEEN


def _weighed(ring: Keyring) -> tuple[Matcher, pd.DataFrame]:
    key, people = hash_key(ring.tokens), shop()
    matcher = train(people, FIELDS, MatchSettings(pairs=20_000), key=key, until=NIGHT)
    assert matcher is not None
    frame = people.set_index("id", drop=False)

    def opened(records: Sequence[str]) -> pd.DataFrame:
        return frame.loc[list(records)].reset_index(drop=True)

    blocks = pa.array([], pa.list_(pa.int64()))
    held = pa.table({"record_id": pa.array([], pa.string()), "blocks": blocks})
    found = weigh(list(people["id"]), held, matcher, inline(opened, matcher, key)).matches
    return matcher, found.to_pandas().assign(model=1, loaded_on=NIGHT, version="1")
