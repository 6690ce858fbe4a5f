"""An access package: all of a person, and nothing of anybody else."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from jobs.privacy.access import as_json
from jobs.privacy.keyring import KeyringError, make_keyring
from jobs.privacy.subjects import keys_of
from jobs.report.access_page import access_page
from tests.planted import MARKED, NORMAL
from tests.privacy.two_persons import DAY, Home
from tests.tiny import TinyShop


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
def shop(tiny: TinyShop, tmp_path_factory: pytest.TempPathFactory) -> TinyShop:
    """A tiny shop of its own."""
    return tiny.copy(tmp_path_factory.mktemp("access"))


@pytest.fixture(scope="module")
def package(shop: TinyShop) -> Iterator[Path]:
    """What the planted person is given."""
    folder = shop.home.parent / "package"
    done = shop.call(
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
def test_the_request_is_in_the_audit_trail(shop: TinyShop, package: Path) -> None:
    done = shop.call("bespoke", "audit", "list", "--action", "request", "--json")
    entries = [row for row in json.loads(done.stdout) if row["why"] == "request 7"]
    assert [row["subject"].partition(":")[0] for row in entries] == ["access"]
    assert shop.call("bespoke", "audit", "verify").returncode == 0
