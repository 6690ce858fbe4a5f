"""Recipients: only who agreed, at an address they agreed at, each address once."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from jobs.ingest import keyring
from jobs.lake.tables.bronze import VAULT_CONTACTS, VAULT_KEYS
from jobs.lake.tables.identity import IDENTIFIERS, PERSONS
from jobs.lake.tables.silver import CONSENTS, CUSTOMERS
from jobs.publish.recipients import (
    consented_addresses,
    customer_numbers,
    opened_addresses,
    withdrawn,
)
from tests.rows import rows

NIGHT = date(2026, 3, 1)
SEEN = {"ann": "2026-02-01", "bob": "2026-02-02", "cat": "2026-02-03", "dan": "2026-02-04"}
ADDRESSES = {"ann": "ann1", "bob": "shared", "cat": "shared", "dan": "dan1"}


def act(who: str, status: str, at: str, **more: Any) -> dict[str, Any]:
    return {
        "consent_id": f"{who} {at}",
        "identifier": f"customer_no:{who}",
        "email_token": ADDRESSES[who],
        "channel": "email",
        "purpose": "marketing",
        "status": status,
        "occurred_at": at,
        "known_from": at[:10],
        **more,
    }


@pytest.fixture(scope="module")
def known(spark: SparkSession) -> dict[str, DataFrame]:
    return {
        "identifiers": rows(
            spark,
            IDENTIFIERS,
            [
                {"identifier": f"{kind}:{name}", "type": kind.split(":")[0], "person_id": name}
                for name in SEEN
                for kind in ("customer_no", "record:crm")
            ],
        ),
        "customers": rows(
            spark,
            CUSTOMERS,
            [{"record_id": f"crm:{name}", "email_token": t} for name, t in ADDRESSES.items()],
        ),
        "persons": rows(
            spark,
            PERSONS,
            [{"person_id": n, "kind": "known", "last_seen": day} for n, day in SEEN.items()],
        ),
    }


def chosen(spark: SparkSession, known: dict[str, DataFrame], *acts: dict[str, Any]) -> set[Any]:
    found = consented_addresses(
        consents=rows(spark, CONSENTS, acts),
        as_of=NIGHT,
        channel="email",
        purpose="marketing",
        **known,
    )
    return {tuple(row) for row in found.collect()}


def test_silence_a_withdrawal_and_another_purpose_are_a_no(
    spark: SparkSession, known: dict[str, DataFrame]
) -> None:
    assert chosen(
        spark,
        known,
        act("ann", "granted", "2026-01-01 10:00"),
        act("bob", "granted", "2026-01-01 10:00", purpose="analytics"),
        act("cat", "granted", "2026-01-01 10:00", channel="sms"),
        act("dan", "granted", "2026-01-01 10:00"),
        act("dan", "withdrawn", "2026-02-01 10:00"),
    ) == {("ann", "ann1")}


def test_an_address_of_two_who_agreed_goes_to_the_one_seen_last(
    spark: SparkSession, known: dict[str, DataFrame]
) -> None:
    assert chosen(
        spark,
        known,
        act("bob", "granted", "2026-01-01 10:00"),
        act("cat", "granted", "2026-01-02 10:00"),
    ) == {("cat", "shared")}


def test_a_withdrawal_counts_as_soon_as_it_is_known(
    spark: SparkSession, known: dict[str, DataFrame]
) -> None:
    # On the evening of the shop's day, which is the next one in UTC.
    gone = act("ann", "withdrawn", "2026-03-02 03:00", known_from="2026-03-01")
    later = act("ann", "granted", "2026-03-02 04:00", known_from="2026-03-01")
    acts = (act("ann", "granted", "2026-01-01 10:00"), gone, later)
    assert chosen(spark, known, *acts) == set()
    left = withdrawn(
        rows(spark, CONSENTS, acts), known["identifiers"], as_of=NIGHT, purpose="marketing"
    )
    assert [row.person_id for row in left.collect()] == ["ann"]


def test_customer_numbers_are_of_known_persons(
    spark: SparkSession, known: dict[str, DataFrame]
) -> None:
    found = customer_numbers(known["identifiers"], known["persons"].where("person_id != 'dan'"))
    assert sorted(map(tuple, found.collect())) == [("ann", "ann"), ("bob", "bob"), ("cat", "cat")]


def test_an_address_is_opened_and_one_whose_key_is_gone_is_not(
    spark: SparkSession, tmp_path: Path
) -> None:
    path = tmp_path / "master.json"
    keyring.make_keyring(path)
    ring = keyring.read_keyring(path)
    contacts, keys = [], []
    for name in ("ann", "bob"):
        record = f"crm:{name}"
        wrapped = ring.new_key(record)
        value = keyring.seal(ring.unwrap(record, wrapped), record, "email", f"{name}@example.com")
        contacts.append({"record_id": record, "email_token": name, "sealed": {"email": value}})
        if name == "ann":
            keys.append({"record_id": record, "wrapped_key": wrapped})
    found = opened_addresses(
        spark.createDataFrame(
            [("ann", "ann"), ("bob", "bob")], "person_id string, email_token string"
        ),
        rows(spark, VAULT_CONTACTS, contacts),
        rows(spark, VAULT_KEYS, keys),
        path,
    )
    assert [tuple(row) for row in found.collect()] == [("ann", "ann@example.com")]
