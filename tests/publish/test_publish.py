"""Publish and rollback on a small lake: whom a file is about, whenever it is written."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession
from typer.testing import CliRunner

from jobs.lake.contract import Table
from jobs.lake.errors import DataError
from jobs.lake.run import Run
from jobs.lake.settings import load_settings, settings
from jobs.lake.store import Lake
from jobs.lake.tables.bronze import VAULT_CONTACTS, VAULT_KEYS
from jobs.lake.tables.identity import IDENTIFIERS, PERSONS
from jobs.lake.tables.ops import RUNS
from jobs.lake.tables.serving import RECOMMENDATIONS
from jobs.lake.tables.silver import CONSENTS, PRODUCTS
from jobs.privacy import keyring
from jobs.publish import pointer
from jobs.publish.publish import publish, roll_back
from jobs.stages import night_settings

# Whole nights through a lake: seconds each.
pytestmark = pytest.mark.slow

FIRST, SECOND, THIRD = (date(2026, 3, day) for day in (1, 2, 3))
PEOPLE = ("ann", "bob", "cat")
SEEN = datetime(2026, 2, 1, tzinfo=UTC)
OF_SILVER = {"source": "demo.x", "version": "1", "file_id": "f", "line": 2, "loaded_on": FIRST}


def act(who: str, status: str, day: date, purpose: str = "marketing") -> dict[str, Any]:
    return OF_SILVER | {
        "consent_id": f"{who} {status} {day} {purpose}",
        "identifier": f"email:{who}",
        "email_token": who,
        "channel": "email" if purpose == "marketing" else None,
        "purpose": purpose,
        "status": status,
        "occurred_at": datetime(day.year, day.month, day.day, 10, tzinfo=UTC),
        "known_from": day,
    }


def listed(who: str, night: date, strategy: str = "als") -> dict[str, Any]:
    return {
        "person_id": f"p_{who}",
        "rank": 1,
        "product_id": "tea",
        "score": 1.0,
        "strategy": strategy,
        "reason": "Chosen for you",
        "model_version": "recommender/7" if strategy == "als" else "popularity",
        "as_of": night,
    }


class Shop:
    """A lake of three persons who agreed to everything, with lists of two nights."""

    def __init__(self, home: Path, spark: SparkSession) -> None:
        self.home = home
        self.lake = Lake(home / "lake", spark)
        self.settings = load_settings(environment={"BESPOKE_SOURCE": "demo"})
        keyring.make_keyring(home / "secrets" / "master.json")
        ring = keyring.read_keyring(home / "secrets" / "master.json")
        for who in PEOPLE:
            self.join(who, ring)
        self.add(PRODUCTS, OF_SILVER | {"product_id": "tea", "name": "Tea", "item_type": "product"})

    def join(self, who: str, ring: keyring.Keyring) -> None:
        record = {"record_id": f"crm:{who}", "source": "crm", "loaded_on": FIRST}
        key = ring.new_key(f"crm:{who}")
        address = f"{who}@example.com"
        sealed = keyring.seal(ring.unwrap(f"crm:{who}", key), f"crm:{who}", "email", address)
        person = {"person_id": f"p_{who}", "first_seen": SEEN, "last_seen": SEEN}
        counts = {"records": 1, "identifiers": 1}
        self.add(VAULT_KEYS, record | {"wrapped_key": key})
        contact = {"email_token": who, "sealed": [("email", sealed)], "version": "1"}
        self.add(VAULT_CONTACTS, record | contact)
        self.add(PERSONS, person | counts | {"kind": "known", "as_of": FIRST})
        for kind, value in (("email", who), ("customer_no", f"A:{who}")):
            self.add(IDENTIFIERS, person | {"identifier": f"{kind}:{value}", "type": kind})
        self.add(CONSENTS, act(who, "granted", FIRST))
        self.add(RECOMMENDATIONS, listed(who, FIRST), listed(who, SECOND))

    def add(self, table: Table, *rows: dict[str, Any]) -> None:
        self.lake.append_rows(table, rows)

    def run(self, night: date) -> Run:
        return Run(self.settings, self.lake, night)

    def show(self, night: date) -> None:
        """Move the pointer as if a night had been published."""
        pointer.export_folder(self.home).mkdir(parents=True, exist_ok=True)
        assert pointer.publish(self.lake, self.home, night, f"nightly:{night}")

    def file(self, night: date | str) -> Path:
        return pointer.export_folder(self.home) / str(night) / "recommendations.csv"

    def recipients(self, night: date | str) -> set[str]:
        with self.file(night).open(encoding="utf-8", newline="") as file:
            return {row["recipient"].partition("@")[0] for row in csv.DictReader(file)}


@pytest.fixture
def shop(tmp_path: Path, spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    home = tmp_path / "home"
    monkeypatch.setenv("BESPOKE_HOME", str(home))
    monkeypatch.setenv("BESPOKE_SOURCE", "demo")
    monkeypatch.delenv("BESPOKE_MASTER_KEY_FILE", raising=False)
    settings.cache_clear()
    yield Shop(home, spark)
    settings.cache_clear()


def test_going_back_shows_nobody_who_has_withdrawn_since(shop: Shop) -> None:
    publish(shop.run(FIRST))
    assert shop.recipients("latest") == set(PEOPLE)
    shop.show(SECOND)
    shop.add(CONSENTS, act("bob", "withdrawn", THIRD))
    # Cat wants nothing personal any more, and the list of that night was made for her.
    shop.add(CONSENTS, act("cat", "withdrawn", THIRD, purpose="personalization"))

    done = CliRunner().invoke(_app(), ["publish", "rollback"])
    assert done.exit_code == 0, done.output
    assert pointer.switches(shop.lake)[-1]["as_of"] == FIRST
    assert shop.recipients("latest") == shop.recipients(FIRST) == {"ann"}


def test_a_past_night_done_again_leaves_out_who_has_withdrawn_since_and_says_the_same_else(
    shop: Shop,
) -> None:
    publish(shop.run(FIRST))
    before = shop.file(FIRST).read_bytes()
    # A grant of a later day changes nothing.
    shop.add(CONSENTS, act("ann", "granted", THIRD))
    publish(shop.run(FIRST))
    assert shop.file(FIRST).read_bytes() == before
    shop.show(SECOND)
    shop.add(CONSENTS, act("bob", "withdrawn", THIRD))
    publish(shop.run(FIRST))
    assert shop.recipients(FIRST) == {"ann", "cat"}
    assert pointer.switches(shop.lake)[-1]["as_of"] == SECOND


def test_a_night_without_lists_is_not_published(shop: Shop) -> None:
    shop.show(FIRST)
    with pytest.raises(DataError, match=r"no lists of 2026-03-03.*bespoke job recommend --date"):
        publish(shop.run(THIRD))
    assert pointer.switches(shop.lake)[-1]["as_of"] == FIRST
    assert not shop.file(THIRD).parent.exists()
    assert [row["state"] for row in shop.lake.rows(RUNS).to_pylist()] == ["stopped"]


def test_the_pointer_stays_where_the_export_to_go_back_to_cannot_be_written(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError("no space left")

    shop.show(FIRST)
    shop.show(SECOND)
    monkeypatch.setattr("jobs.publish.publish._write_export", full)
    with pytest.raises(OSError, match="no space"):
        roll_back(shop.run(FIRST))
    assert pointer.switches(shop.lake)[-1]["as_of"] == SECOND


def test_a_set_without_addresses_writes_to_numbers_and_heeds_the_same_consent(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BESPOKE_SOURCE", "online_retail")
    settings.cache_clear()
    shop.settings = night_settings()
    # Bob withdrew at his address only; what Cat withdrew is another purpose.
    shop.add(CONSENTS, act("bob", "withdrawn", FIRST), act("cat", "withdrawn", FIRST, "analytics"))
    publish(shop.run(FIRST))
    assert shop.recipients("latest") == {"A:ann", "A:cat"}
    told = json.loads((shop.file(FIRST).parent / "manifest.json").read_text())
    assert told["recipient"] == "customer_no"
    assert set(told["assumed_purposes"]) == {"marketing", "personalization"}


def _app() -> Any:
    from jobs.cli.main import app

    return app
