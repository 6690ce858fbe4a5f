"""The vault's addresses: opened for who is written to, and for nobody who was erased."""

from __future__ import annotations

from pathlib import Path

from pyspark.sql import SparkSession

from jobs.lake.tables.bronze import VAULT_CONTACTS, VAULT_KEYS
from jobs.privacy import keyring
from jobs.publish.vault import opened, sealed_addresses
from tests.rows import rows


def test_an_address_is_opened_and_one_whose_key_is_gone_is_not(
    spark: SparkSession, tmp_path: Path
) -> None:
    path = tmp_path / "master.json"
    keyring.make_keyring(path)
    ring = keyring.read_keyring(path)
    contacts, keys = [], []
    # Two records hold Ann's address, Bob's only one has lost its key, nobody asks for Cat's, and
    # Dan's stands in a message alone.
    held = (
        ("crm:1", "ann"),
        ("mail:1", "ann"),
        ("crm:2", "bob"),
        ("crm:3", "cat"),
        ("mail:2", "dan"),
    )
    for record, name in held:
        wrapped = ring.new_key(record)
        value = keyring.seal(ring.unwrap(record, wrapped), record, "email", f"{name}@example.com")
        named = {"record_id": record, "source": record.partition(":")[0]}
        contacts.append({**named, "email_token": name, "sealed": {"email": value}})
        if name != "bob":
            keys.append({**named, "wrapped_key": wrapped})
    sealed = sealed_addresses(
        spark.createDataFrame(
            [("p_ann", "ann"), ("p_bob", "bob"), ("p_dan", "dan")],
            "person_id string, email_token string",
        ),
        rows(spark, VAULT_CONTACTS, contacts),
        rows(spark, VAULT_KEYS, keys),
        first=["crm"],
    )
    found = opened(sealed, path).orderBy("person_id").collect()
    assert [tuple(row) for row in found] == [
        ("p_ann", "ann@example.com"),
        ("p_dan", "dan@example.com"),
    ]
