"""Two persons of a hand-made home, for what people may ask for."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from jobs.ingest.catalogue import SourceSet, source_set
from jobs.lake.settings import conf_folder
from jobs.lake.store import Lake
from jobs.lake.tables import TABLES
from jobs.privacy.access import gathered
from jobs.privacy.keyring import Keyring, make_keyring, seal
from jobs.privacy.reads import reading

FIRST, LATER = datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)
NIGHT = date(2026, 8, 1)
DAY = {"annika": FIRST, "benno": LATER}


class Home:
    """Ann and Ben, who share an address, and a tablet: hers until July, then his."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.lake = folder, Lake(folder / "lake")
        self.ring: Keyring = make_keyring(folder / "secrets" / "master.json")
        self.lines = iter(range(2, 1000))
        for who in ("annika", "benno"):
            self.customer(who)
        self.identifiers()
        for number, (who, at) in enumerate([("annika", FIRST), ("benno", LATER)]):
            known = {"event_id": f"e{number}", "type": "search", "event_date": NIGHT}
            self.add(
                "silver.events",
                "demo.events",
                identifier="device:tablet",
                query=f"{who} looks",
                occurred_at=at,
                **known,
            )
            self.add(
                "silver.messages",
                "demo.messages",
                message_id=f"m{number}",
                sent_at=at,
                identifier=f"customer_no:{who}",
                email_token="shared",
                subject=f"for {who}",
            )
        self.add(
            "silver.consents",
            "demo.consents",
            consent_id="c1",
            identifier="email:shared",
            email_token="shared",
            purpose="marketing",
            status="granted",
            occurred_at=FIRST,
        )
        self.put("gold.profiles", [profile("annika"), profile("benno")])
        pair = {"evidence": "crm", "first_seen": FIRST, "last_seen": FIRST, "loaded_on": NIGHT}
        self.put(
            "identity.links",
            [
                pair | {"left_id": "customer_no:annika", "right_id": "record:demo.crm:annika"},
                pair | {"left_id": "device:tablet", "right_id": "customer_no:benno"},
            ],
        )

    def put(self, table: str, rows: list[dict[str, Any]]) -> None:
        self.lake.append_rows(TABLES[table], rows)

    def add(self, table: str, source: str, **row: Any) -> int:
        line = next(self.lines)
        came = {"source": source, "version": "1", "file_id": "f", "line": line, "loaded_on": NIGHT}
        self.put(table, [came | row])
        return line

    def customer(self, who: str) -> None:
        record = f"demo.crm:{who}"
        wrapped = self.ring.new_key(record)
        key = self.ring.unwrap(record, wrapped)
        name = seal(key, record, "first_name", f"{who}'s name")
        known = {"record_id": record, "source": "demo.crm", "loaded_on": NIGHT}
        self.put("vault.keys", [known | {"wrapped_key": wrapped, "master_key_id": self.ring.id}])
        contact = {"sealed": [("first_name", name)], "email_token": "shared", "version": "1"}
        self.put("vault.contacts", [known | contact])
        line = self.add(
            "silver.customers",
            "demo.crm",
            record_id=record,
            email_token="shared",
            identifier=f"customer_no:{who}",
            customer_no=who,
            city="York",
        )
        came = known | {"file": "crm.csv", "file_id": "f", "line": line}
        raw = [("first_name", name), ("nick", seal(key, record, "nick", f"{who}'s nick"))]
        self.put("bronze.crm", [came | {"raw": raw}])

    def identifiers(self) -> None:
        def row(identifier: str, who: str, **more: Any) -> dict[str, Any]:
            known = {"identifier": identifier, "type": identifier.partition(":")[0]}
            seen = {"person_id": f"p_{who}", "first_seen": FIRST, "last_seen": LATER}
            return known | seen | more

        own = [
            row(f"{kind}:{who}", who) for who in DAY for kind in ("customer_no", "record:demo.crm")
        ]
        tablet = [
            row("device:tablet", "annika", valid_to=LATER),
            row("device:tablet", "benno", valid_from=LATER),
        ]
        self.put("identity.identifiers", [*own, *tablet])

    def package(self, person: str, ring: Keyring | None = None) -> dict[str, Any]:
        sources: SourceSet = source_set(conf_folder() / "sources", "demo")
        with reading(self.lake, "a test", people=1):
            return gathered(
                self.lake.root, person, ring or self.ring, sources, self.folder / "exports"
            )


def profile(who: str) -> dict[str, Any]:
    numbers = {c.name: 0 for c in TABLES["gold.profiles"].columns if c.type == "bigint"}
    money = {c.name: 0 for c in TABLES["gold.profiles"].columns if c.type.startswith("decimal")}
    known = {"person_id": f"p_{who}", "as_of": NIGHT, "kind": "known", "country": who}
    agreed = {"email_marketing": False, "personalization": False}
    return numbers | money | known | agreed
