"""Consent: whose word holds, and for what."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from jobs.lake.tables.identity import IDENTIFIERS
from jobs.lake.tables.silver import CONSENTS, CUSTOMERS
from jobs.profiles.consent import (
    addresses_of,
    consent_acts,
    current_consents,
    current_purposes,
)
from tests.rows import rows

NIGHT = date(2026, 3, 1)
OWNERS = {
    "customer_no:ann": "p_ann",
    "email:ann1": "p_ann",
    "email:ann2": "p_ann",
    "customer_no:bob": "p_bob",
    "customer_no:cat": "p_cat",
    "record:crm:bob": "p_bob",
    "record:crm:cat": "p_cat",
    "email:family": "p_family",
    "customer_no:dan": "p_dan",
    "customer_no:eve": "p_eve",
    "email:eve": "p_eve",
    "customer_no:fay": "p_fay",
    "customer_no:gil": "p_gil",
    "customer_no:hal": "p_hal",
    "customer_no:ivy": "p_ivy",
}


def act(who: str, day: str, status: str, **scope: Any) -> dict[str, Any]:
    """An act of consent to marketing, to all channels and addresses unless said otherwise."""
    return {
        "consent_id": f"{who} {day} {status}",
        "identifier": who,
        "occurred_at": day,
        "status": status,
        "purpose": "marketing",
        **scope,
    }


ACTS = [
    # A grant for all, then a withdrawal for one of two addresses.
    act("customer_no:ann", "2026-01-01", "granted"),
    act("email:ann2", "2026-01-05", "withdrawn", email_token="ann2", channel="email"),
    # A shared address: what Bob grants is Bob's; what is withdrawn from the address is everyone's.
    act("customer_no:cat", "2026-01-01", "granted", email_token="family", channel="email"),
    act("email:family", "2026-01-02", "withdrawn", email_token="family", channel="email"),
    act("customer_no:bob", "2026-01-03", "granted", email_token="family", channel="email"),
    # At equal time a withdrawal wins; after the night nothing counts.
    act("customer_no:dan", "2026-01-01 10:00", "granted", channel="sms"),
    act("customer_no:dan", "2026-01-01 10:00", "withdrawn", channel="sms"),
    act("customer_no:dan", "2026-03-02", "granted", channel="sms"),
    act("customer_no:dan", "2026-03-01 23:59", "granted", channel="email"),
    # A later word about email alone does not bring back the other channels.
    act("customer_no:eve", "2026-01-01", "withdrawn"),
    act("customer_no:eve", "2026-01-02", "granted", email_token="eve", channel="email"),
    act("customer_no:eve", "2026-01-01", "granted", purpose="personalization"),
    act("customer_no:eve", "2026-01-04", "withdrawn", purpose="personalization", channel="email"),
    # A late grant waits until it is known, a late withdrawal does not.
    act("customer_no:fay", "2026-02-01", "granted", channel="post", known_from="2026-03-02"),
    act("customer_no:gil", "2026-01-01", "granted", channel="post", known_from="2026-01-01"),
    act("customer_no:gil", "2026-02-01", "withdrawn", channel="post", known_from="2026-03-02"),
    # Known on the evening of the night, which is the next day in UTC; then a day later.
    act("customer_no:hal", "2026-01-01", "granted", channel="post"),
    act("customer_no:hal", "2026-03-02", "withdrawn", channel="post", known_from="2026-03-01"),
    act("customer_no:ivy", "2026-01-01", "granted", channel="post"),
    act("customer_no:ivy", "2026-03-02", "withdrawn", channel="post", known_from="2026-03-02"),
    # Nobody we know.
    act("customer_no:gone", "2026-01-01", "granted"),
]


@pytest.fixture(scope="module")
def frames(spark: SparkSession) -> tuple[DataFrame, DataFrame, DataFrame]:
    """Consents, identifiers and addresses."""
    identifiers = rows(
        spark,
        IDENTIFIERS,
        [
            {"identifier": node, "type": node.split(":")[0], "person_id": person}
            for node, person in OWNERS.items()
        ],
    )
    customers = rows(
        spark,
        CUSTOMERS,
        [
            {"record_id": "crm:bob", "email_token": "family"},
            {"record_id": "crm:cat", "email_token": "family"},
            {"record_id": "crm:none"},
        ],
    )
    return rows(spark, CONSENTS, ACTS), identifiers, addresses_of(customers, identifiers)


def test_the_latest_act_that_covers_an_address_wins(
    frames: tuple[DataFrame, DataFrame, DataFrame],
) -> None:
    consents, identifiers, addresses = frames
    acts = consent_acts(consents, identifiers, addresses, NIGHT)
    found = current_consents(acts, addresses)
    marketing = {
        (r.person_id, r.email_token, r.channel): r.granted
        for r in found.where("purpose = 'marketing'").collect()
    }
    assert marketing == {
        ("p_ann", "ann1", "email"): True,
        ("p_ann", "ann2", "email"): False,
        ("p_ann", None, "sms"): True,
        ("p_ann", None, "push"): True,
        ("p_ann", None, "post"): True,
        ("p_cat", "family", "email"): False,
        ("p_bob", "family", "email"): True,
        ("p_family", "family", "email"): False,
        ("p_dan", None, "sms"): False,
        ("p_dan", None, "email"): True,
        ("p_eve", "eve", "email"): True,
        ("p_eve", None, "sms"): False,
        ("p_eve", None, "push"): False,
        ("p_eve", None, "post"): False,
        ("p_gil", None, "post"): False,
        ("p_hal", None, "post"): False,
        ("p_ivy", None, "post"): True,
    }
    granted_at = {
        (r.person_id, r.email_token): r.granted_at.date()
        for r in found.where("purpose = 'marketing' AND channel = 'email' AND granted").collect()
    }
    assert granted_at == {
        ("p_ann", "ann1"): date(2026, 1, 1),
        ("p_bob", "family"): date(2026, 1, 3),
        ("p_dan", None): NIGHT,
        ("p_eve", "eve"): date(2026, 1, 2),
    }


def test_what_leaves_now_heeds_withdrawals_of_later_days_and_no_later_grant(
    frames: tuple[DataFrame, DataFrame, DataFrame],
) -> None:
    consents, identifiers, addresses = frames
    acts = consent_acts(consents, identifiers, addresses, NIGHT, later_withdrawals=True)
    found = current_consents(acts, addresses).where("channel IN ('post', 'sms')")
    said = {(r.person_id, r.channel): r.granted for r in found.collect()}
    assert {key: said.get(key) for key in (("p_ivy", "post"), ("p_fay", "post"))} == {
        ("p_ivy", "post"): False,
        ("p_fay", "post"): None,
    }
    # The grant after the night is of no account, so the withdrawal before it holds.
    assert said["p_dan", "sms"] is False


def test_a_purpose_is_decided_by_the_latest_act_of_any_channel(
    frames: tuple[DataFrame, DataFrame, DataFrame],
) -> None:
    found = current_purposes(consent_acts(*frames, NIGHT))
    assert {
        r.person_id: r.granted for r in found.where("purpose = 'personalization'").collect()
    } == {"p_eve": False}
