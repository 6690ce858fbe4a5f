"""An access package: all of a person, and nothing of anybody else."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from jobs.ingest.catalogue import SourceSet, source_set
from jobs.lake.settings import conf_folder
from jobs.lake.store import Lake
from jobs.lake.tables import TABLES
from jobs.privacy.access import as_json, gathered
from jobs.privacy.keyring import Keyring, KeyringError, make_keyring, seal
from jobs.privacy.reads import reading
from jobs.privacy.subjects import keys_of
from jobs.report.access_page import access_page
from tests.planted import MARKED, NORMAL
from tests.tiny import TinyShop

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


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("home"))


def told(package: Mapping[str, Any], table: str, column: str) -> list[Any]:
    return [row[column] for row in package["held"][table]["rows"]]


def test_everything_of_the_person_is_in_it_and_opened(home: Home) -> None:
    package = home.package("p_annika")
    assert told(package, "vault.contacts", "sealed") == [{"first_name": "annika's name"}]
    # Also what nobody has declared, as it came.
    (raw,) = told(package, "bronze.crm", "raw")
    assert raw == {"first_name": "annika's name", "nick": "annika's nick"}
    assert told(package, "silver.events", "query") == ["annika looks"]
    assert told(package, "silver.messages", "subject") == ["for annika"]
    assert told(package, "gold.profiles", "country") == ["annika"]
    # What was said about the address is about each who has it.
    assert told(package, "silver.consents", "consent_id") == ["c1"]
    assert told(package, "identity.links", "right_id") == ["record:demo.crm:annika"]


def test_nothing_of_anybody_else_is(home: Home) -> None:
    text = as_json(home.package("p_annika"))
    assert "benno" not in text
    assert "annika" not in as_json(home.package("p_benno"))


def test_it_says_what_for_how_long_and_who_answers(home: Home) -> None:
    package = home.package("p_annika")
    contacts = package["held"]["vault.contacts"]
    assert contacts["answers"] == "privacy"
    assert contacts["kept"] == "until erased"
    assert set(contacts["columns"]) >= {"sealed", "email_token"}
    shared = {row["identifier"]: row["shared"] for row in package["identifiers"]}
    assert shared["email:shared"] is True
    assert shared["customer_no:annika"] is False


def test_exports_that_are_kept_are_told_of(home: Home) -> None:
    night = home.folder / "exports" / "email" / "2026-08-01"
    night.mkdir(parents=True)
    lines = [json.dumps({"recipient": f"{who}@x.com", "person_id": f"p_{who}"}) for who in DAY]
    (night / "recommendations.jsonl").write_text("\n".join(lines))
    (night.parent / "latest").symlink_to("2026-08-01")
    sent = {"recipient": "annika@x.com", "person_id": "p_annika"}
    told = [{"export": "email", "night": "2026-08-01", "sent": sent}]
    assert home.package("p_annika")["recipients"] == told


def test_another_master_key_gives_a_clear_error(home: Home, tmp_path: Path) -> None:
    with pytest.raises(KeyringError, match="cannot be unwrapped"):
        home.package("p_annika", make_keyring(tmp_path / "other.json"))


def test_the_page_escapes_what_it_shows(home: Home) -> None:
    package = home.package("p_annika")
    package["held"]["silver.events"]["rows"][0]["query"] = "<script>alert(1)</script>"
    page = access_page(package, "demo")
    assert "&lt;script&gt;" in page
    assert "<script" not in page
    assert "What we hold about you" in page


def test_the_keys_of_a_person_name_rows_of_files(home: Home) -> None:
    keys = keys_of(home.lake.root, "p_annika")
    assert "demo.crm:annika" in keys.records
    # The consent for the address, and the message: they have data keys of their own.
    assert {"demo.consents:c1", "demo.messages:m0"} <= set(keys.records)
    assert all(row.startswith("f:") for row in keys.rows)


@pytest.fixture(scope="module")
def package(tiny: TinyShop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What the planted person of the tiny shop is given."""
    folder = tmp_path_factory.mktemp("package") / "of"
    done = tiny.call(
        "bespoke", "privacy", "access", MARKED["email"], "--why", "request 7", "--out", str(folder)
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert MARKED["email"] not in done.stdout + done.stderr
    yield folder


@pytest.mark.slow
def test_a_person_of_a_whole_shop_gets_what_was_sent_about_them(package: Path) -> None:
    held = json.loads((package / "data.json").read_text())["held"]
    (contact,) = (
        row["sealed"]
        for row in held["vault.contacts"]["rows"]
        if row["record_id"] == "demo.crm_customers:C99999901"
    )
    assert contact["email"] == MARKED["email"]
    assert contact["phone"] == NORMAL["phone"]
    assert contact["street"] == MARKED["street"]
    accounts = [row["raw"] for row in held["bronze.crm"]["rows"] if "nickname" in row["raw"]]
    assert MARKED["street"] in {raw["nickname"] for raw in accounts}
    assert {"gold.profiles", "serving.recommendations", "silver.consents"} <= set(held)
    for name in ("data.json", "index.html"):
        assert (package / name).stat().st_mode & 0o077 == 0
    assert MARKED["street"] in (package / "index.html").read_text()


@pytest.mark.slow
def test_the_request_is_in_the_audit_trail(tiny: TinyShop, package: Path) -> None:
    done = tiny.call("bespoke", "audit", "list", "--action", "request", "--json")
    entries = [row for row in json.loads(done.stdout) if row["why"] == "request 7"]
    assert [row["subject"].partition(":")[0] for row in entries] == ["access"]
    assert tiny.call("bespoke", "audit", "verify").returncode == 0
