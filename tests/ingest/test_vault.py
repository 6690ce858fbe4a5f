"""What is personal: in the vault, encrypted, and nowhere else."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from jobs.ingest import bronze
from jobs.lake.contract import Privacy
from jobs.lake.tables.bronze import BRONZE_CRM, BRONZE_EVENTS, VAULT_CONTACTS, VAULT_KEYS
from jobs.lake.tables.silver import CUSTOMERS, EVENTS, ORDER_LINES
from jobs.privacy.keyring import key_file, read_keyring, unseal
from tests.ingest.shop import DAY, Shop, silver
from tests.lake.contents import stored


def test_of_people_a_row_that_cannot_be_taken_apart_is_kept_encrypted(shop: Shop) -> None:
    from jobs.lake.tables.ops import QUARANTINE

    (reason,) = shop.reasons("shop.people")["people.csv", 7]
    assert reason.startswith("record: the number of columns is not that of the header, or bytes")
    rows = shop.lake.rows(QUARANTINE, [("source", "=", "shop.people")]).to_pylist()
    by_line = {row["line"]: row for row in rows}
    # The value of one column may stand in another: none of them is left readable.
    assert not by_line[6]["raw"]
    assert by_line[6]["corrupt"].startswith("enc:1:")
    assert by_line[7]["corrupt"].startswith("enc:1:")


def test_a_newer_record_wins(shop: Shop) -> None:
    rows = {r["customer_no"]: r for r in silver(shop, CUSTOMERS, "shop.people")}
    ring = read_keyring(key_file(shop.home))
    assert rows["7"]["email_token"] == ring.token("email", "ann.ray@example.com")
    assert rows["7"]["phone_token"] is None


def test_a_malformed_address_identifies_nobody_but_keeps_its_row(shop: Shop) -> None:
    rows = {r["customer_no"]: r for r in silver(shop, CUSTOMERS, "shop.people")}
    assert rows["8"]["email_token"] is None
    assert rows["8"]["phone_token"] is None


def test_the_vault_gives_back_what_came(shop: Shop) -> None:
    ring = read_keyring(key_file(shop.home))
    keys = {r["record_id"]: r["wrapped_key"] for r in stored(shop.lake, VAULT_KEYS)}
    contacts = {r["record_id"]: r for r in stored(shop.lake, VAULT_CONTACTS)}
    contact = contacts["shop.people:7"]
    key = ring.unwrap("shop.people:7", keys["shop.people:7"])
    sealed = dict(contact["sealed"])
    assert unseal(key, "shop.people:7", "email", sealed["email"]) == "ann.ray@example.com"
    assert unseal(key, "shop.people:7", "last_name", sealed["last_name"]) == "Annabel Ray"


def test_a_column_that_nobody_declared_is_kept_encrypted(shop: Shop) -> None:
    rows = shop.lake.rows(BRONZE_CRM, [("record_id", "=", "shop.people:7")]).to_pylist()
    first = dict(min(rows, key=lambda r: r["loaded_on"])["raw"])
    assert first["shoe_size"].startswith("enc:1:")


def test_an_undeclared_key_of_json_is_encrypted_with_its_files_key(shop: Shop) -> None:
    rows = shop.lake.rows(BRONZE_EVENTS, [("source", "=", "shop.clicks")]).to_pylist()
    raws = {dict(r["raw"] or []).get("id"): dict(r["raw"] or []) for r in rows}
    assert raws["e2"]["note"].startswith("enc:1:")
    assert raws["e2"]["sku"] == "P1"
    assert {r["record_id"] for r in rows} == {f"shop.clicks:file:{rows[0]['file_id']}"}


def test_no_personal_value_stands_anywhere_in_the_lake(shop: Shop) -> None:
    # Long enough never to turn up by chance in the base64 of what is encrypted.
    secrets = (
        "a word that nobody declared",
        "Annabel",
        "ann.lee",
        "ann.ray",
        "020 7946",
        "Newline",
        "bob@@",
        "nokey@",
        "12 Hidden Street",
        "formed,broken",
        "broken@",
        "call me",
    )
    for path in (shop.home / "lake").rglob("*"):
        if path.is_file():
            text = _decoded(path)
            found = [s for s in secrets if s in text]
            assert not found, f"{found} in {path}"


def _decoded(path: Path) -> str:
    if path.suffix == ".parquet":
        return json.dumps(pq.read_table(path).to_pylist(), default=str, ensure_ascii=False)
    return path.read_bytes().decode("utf-8", errors="replace")


def test_contracts_hold_no_statistics_on_people(shop: Shop) -> None:
    for table in (CUSTOMERS, ORDER_LINES, EVENTS):
        private = set(table.of_privacy(*set(Privacy) - {Privacy.PUBLIC}))
        for log in Path(shop.lake.path(table), "_delta_log").glob("*.json"):
            for line in log.read_text().splitlines():
                added = json.loads(line).get("add", {})
                stats = json.loads(added.get("stats") or "{}")
                assert not private & set(stats.get("minValues", {})), table.id


def test_many_keys_are_minted_by_spark_and_are_as_good(
    tmp_path: Path, spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bronze, "FEW", 0)
    shop = Shop(tmp_path, spark)
    monkeypatch.setenv("BESPOKE_CONF", str(shop.conf))
    shop.drop("people.csv", "no,name,mail,tel,changed\n7,Ray,ann.ray@example.com,,2026-03-01\n")
    shop.night(DAY)
    ring = read_keyring(key_file(shop.home))
    (key,) = stored(shop.lake, VAULT_KEYS)
    assert (key["source"], key["loaded_on"], key["master_key_id"]) == ("shop.people", DAY, ring.id)
    (contact,) = stored(shop.lake, VAULT_CONTACTS)
    opened = ring.unwrap(key["record_id"], key["wrapped_key"])
    email = dict(contact["sealed"])["email"]
    assert unseal(opened, key["record_id"], "email", email) == "ann.ray@example.com"
