"""Golden records: which record's value survives, and which values are disputed."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError
from pyspark.sql import SparkSession

from jobs.identity.golden import golden
from jobs.identity.settings import IdentitySettings
from jobs.identity.survivorship import GoldenSettings
from jobs.lake.settings import load_settings
from jobs.lake.tables.gold import TOUCHPOINTS
from jobs.lake.tables.golden import CONFLICTS, GOLDEN
from jobs.lake.tables.identity import IDENTIFIERS
from jobs.lake.tables.silver import CONSENTS, CUSTOMERS, MESSAGES
from tests.identity.limits import few_holders
from tests.rows import dicts, rows

NIGHT = date(2026, 3, 1)
Row = dict[str, Any]
RULES = GoldenSettings(
    sources=("crm", "shop"),
    attributes={
        "first_name": ("most_frequent", "source_trust"),
        "last_name": ("newest",),
        "birth_date": ("source_trust",),
        "email": ("verified", "newest"),
        "phone": ("verified", "oldest"),
        "address": ("most_complete", "newest"),
        "country": ("address", "source_trust"),
        "gender": ("source_trust",),
    },
    otherwise=("most_complete",),
    strong=("birth_date", "gender"),
)
LIMITS = few_holders(2, golden=RULES)

CRM: Row = {
    "source": "crm",
    "record_id": "crm:1",
    "first_name_token": "robert",
    "last_name_token": "lee",
    "birth_date_token": "1960",
    "email_token": "old",
    "phone_token": "landline",
    "street_token": "12 high st",
    "postcode_token": "ls1",
    "city": "Leeds",
    "country": "GB",
    "gender": "M",
    "registered_at": "2020-01-01",
    "updated_at": "2021-01-01",
}
SHOP: Row = {
    "source": "shop",
    "record_id": "shop:1",
    "first_name_token": "bob",
    "last_name_token": "lee",
    "email_token": "proven",
    "phone_token": "mobile",
    "attributes": {"income": "50-74K", "pet": " "},
    "registered_at": "2022-01-01",
}
CARD: Row = {
    "source": "card",
    "record_id": "card:1",
    "first_name_token": "bob",
    "last_name_token": "grant",
    "birth_date_token": "1961",
    "email_token": "new",
    "postcode_token": "yo1",
    "city": "York",
    "country": "IE",
    "gender": "F",
    "attributes": {"income": "35-49K"},
    "registered_at": "2024-01-01",
}
BOB = [CRM, SHOP, CARD]
READ: Row = {"message_id": "m1", "kind": "email_open", "occurred_on": "2026-02-01"}
SENT: Row = {"message_id": "m1", "email_token": "proven"}


def run(
    spark: SparkSession,
    customers: list[Row],
    limits: IdentitySettings = LIMITS,
    *,
    persons: dict[str, str] | None = None,
    consents: list[Row] | None = None,
) -> tuple[list[Row], list[Row]]:
    """Golden values and conflicts of records that are all one person, or as ``persons`` says."""
    whose = persons or {}
    identifiers = [
        {
            "identifier": f"record:{row['record_id']}",
            "type": "record",
            "person_id": whose.get(row["record_id"], "p_bob"),
        }
        for row in customers
    ]
    best, disputed = golden(
        rows(spark, CUSTOMERS, [{"loaded_on": "2026-01-01"} | row for row in customers]),
        rows(spark, IDENTIFIERS, identifiers),
        rows(spark, MESSAGES, [SENT]),
        rows(spark, TOUCHPOINTS, [READ]),
        rows(spark, CONSENTS, consents or []),
        as_of=NIGHT,
        settings=limits,
    )
    return dicts(GOLDEN.conform(best)), dicts(CONFLICTS.conform(disputed))


def told(best: list[Row]) -> dict[str, tuple[str, str, str]]:
    """``attribute: (record_id, token or value, rule)``."""
    return {
        row["attribute"]: (row["record_id"], row["token"] or row["value"], row["rule"])
        for row in best
    }


@pytest.fixture(scope="module")
def bob(spark: SparkSession) -> tuple[list[Row], list[Row]]:
    return run(spark, BOB)


def test_each_attribute_follows_its_rules(bob: tuple[list[Row], list[Row]]) -> None:
    assert told(bob[0]) == {
        # Two of three say Bob; of these the shop is trusted more.
        "first_name": ("shop:1", "bob", "most_frequent"),
        "last_name": ("card:1", "grant", "newest"),
        "birth_date": ("crm:1", "1960", "source_trust"),
        # A newer one was never seen to work.
        "email": ("shop:1", "proven", "verified"),
        # None is verified, so the next rule decides.
        "phone": ("crm:1", "landline", "oldest"),
        # The card's postcode is newer, but tells no street: no part of it is taken.
        "street": ("crm:1", "12 high st", "agreed"),
        "postcode": ("crm:1", "ls1", "most_complete"),
        "city": ("crm:1", "Leeds", "most_complete"),
        "country": ("crm:1", "GB", "address"),
        "gender": ("crm:1", "M", "source_trust"),
        "attributes.income": ("card:1", "35-49K", "most_complete"),
    }


def test_what_is_personal_is_a_token_and_the_rest_a_value(
    bob: tuple[list[Row], list[Row]],
) -> None:
    values = {row["attribute"] for row in bob[0] if row["value"] is not None}
    assert values == {"city", "country", "gender", "attributes.income"}
    assert all((row["token"] is None) == (row["attribute"] in values) for row in bob[0])


def test_how_many_tell_it_and_how_differently(bob: tuple[list[Row], list[Row]]) -> None:
    counts = {r["attribute"]: (r["records"], r["distinct_values"], r["conflict"]) for r in bob[0]}
    assert counts["first_name"] == (3, 2, False)
    assert counts["email"] == (3, 3, False)
    assert counts["birth_date"] == (2, 2, True)
    assert counts["street"] == (1, 1, False)
    assert {row["as_of"] for row in bob[0]} == {NIGHT}


def test_conflicts_name_the_records_of_either_side(bob: tuple[list[Row], list[Row]]) -> None:
    sides = [
        (r["attribute"], r["record_id"], r["token"] or r["value"], r["golden"]) for r in bob[1]
    ]
    assert sorted(sides) == [
        ("birth_date", "card:1", "1961", False),
        ("birth_date", "crm:1", "1960", True),
        ("gender", "card:1", "F", False),
        ("gender", "crm:1", "M", True),
    ]


def test_a_source_corrected_tomorrow_changes_it(spark: SparkSession) -> None:
    corrected = CRM | {"birth_date_token": "1961", "updated_at": "2026-02-28", "email_token": "x"}
    best, disputed = run(spark, [corrected, SHOP, CARD])
    assert told(best)["birth_date"] == ("crm:1", "1961", "agreed")
    assert {row["attribute"] for row in disputed} == {"gender"}
    assert told(best)["email"][1] == "proven"


def test_engine_and_order_of_rows_do_not_matter(
    spark: SparkSession, bob: tuple[list[Row], list[Row]]
) -> None:
    on_spark = LIMITS.model_copy(update={"single_node_records": 1})
    assert run(spark, random.Random(2).sample(BOB, 3), on_spark) == bob


ACTS = [
    {"collected_via": "double_opt_in", "email_token": "dora1", "occurred_at": "2026-02-01"},
    {"collected_via": "double_opt_in", "phone_token": "dora1", "occurred_at": "2026-02-01"},
    {"collected_via": "store_till", "email_token": "emil1", "occurred_at": "2026-02-01"},
    {"collected_via": "double_opt_in", "email_token": "emil1", "occurred_at": "2026-03-02"},
]
SALES = {"source": "crm", "updated_at": "2025-01-01"}
LATER = {"source": "web", "updated_at": "2025-02-01"}
PEOPLE = {
    # Two records that no rule tells apart.
    "p_twin": [SALES | {"record_id": f"twin:{n}", "last_name_token": f"name{n}"} for n in (2, 1)],
    # What the till gives everybody is nobody's, in spite of its source.
    "p_till": [
        CRM | {"record_id": "till:1", "email_token": "desk", "birth_date_token": "1900"},
        {"record_id": "till:2", "source": "web", "email_token": "own", "birth_date_token": "1970"},
    ],
    **{
        f"p_till{n}": [
            {"record_id": f"tills:{n}", "email_token": "desk", "birth_date_token": "1900"}
        ]
        for n in range(3)
    },
    # No address, so the next rule tells the country.
    "p_abroad": [
        LATER | {"record_id": "abroad:1", "country": "IE"},
        SALES | {"record_id": "abroad:2", "country": "GB"},
    ],
    "p_quiet": [{"record_id": "quiet:1", "source": "crm", "customer_no": "9", "city": " "}],
    # An act of consent proves the older of two; one of a till, or of tomorrow, does not.
    "p_dora": [
        SALES | {"record_id": "dora:1", "email_token": "dora1", "phone_token": "dora1"},
        LATER | {"record_id": "dora:2", "email_token": "dora2"},
        {"record_id": "dora:3", "phone_token": "dora3", "registered_at": "2000-01-01"},
    ],
    "p_emil": [
        SALES | {"record_id": "emil:1", "email_token": "emil1"},
        LATER | {"record_id": "emil:2", "email_token": "emil2"},
    ],
}


@pytest.fixture(scope="module")
def people(spark: SparkSession) -> tuple[dict[str, dict[str, tuple[str, str, str]]], list[Row]]:
    records = [row for own in PEOPLE.values() for row in own]
    persons = {row["record_id"]: name for name, own in PEOPLE.items() for row in own}
    best, disputed = run(spark, records, persons=persons, consents=ACTS)
    by_person = {name: [row for row in best if row["person_id"] == name] for name in PEOPLE}
    return {name: told(own) for name, own in by_person.items()}, disputed


def test_even_records_are_told_apart_by_their_key(people: Any) -> None:
    assert people[0]["p_twin"] == {"last_name": ("twin:1", "name1", "record_id")}


def test_what_everybody_tells_is_nobody_s(people: Any) -> None:
    found, disputed = people
    assert found["p_till"]["email"] == ("till:2", "own", "agreed")
    assert found["p_till"]["birth_date"] == ("till:2", "1970", "agreed")
    assert [found[f"p_till{n}"] for n in range(3)] == [{}, {}, {}]
    assert disputed == []


def test_a_country_without_an_address_is_the_next_rule_s(people: Any) -> None:
    assert people[0]["p_abroad"] == {"country": ("abroad:2", "GB", "source_trust")}


def test_nothing_told_is_no_row(people: Any) -> None:
    assert people[0]["p_quiet"] == {}


def test_a_consent_verifies_what_it_names(people: Any) -> None:
    assert people[0]["p_dora"]["email"] == ("dora:1", "dora1", "verified")
    assert people[0]["p_dora"]["phone"] == ("dora:1", "dora1", "verified")


def test_a_till_and_an_act_of_tomorrow_verify_nothing(people: Any) -> None:
    assert people[0]["p_emil"]["email"] == ("emil:2", "emil2", "newest")


def test_no_records_are_no_values(spark: SparkSession) -> None:
    assert run(spark, []) == ([], [])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"attributes": {"emial": ["newest"]}}, "no attribute 'emial'"),
        ({"attributes": {"street": ["newest"]}}, "set address"),
        ({"attributes": {"email": ["latest"]}}, "source_trust"),
        ({"attributes": {"gender": ["verified"]}}, "gender cannot be verified"),
        ({"attributes": {"phone": ["address"]}}, "for the country alone"),
        ({"attributes": {"email": []}}, "name one rule at least"),
        ({"attributes": {"email": ["newest", "newest"]}}, "newest is named twice"),
        ({"otherwise": ["verified"]}, "cannot be verified"),
        ({"sources": ["a", "a"]}, "a is named twice"),
        ({"strong": ["age"]}, "no attribute 'age'"),
        ({"strong": ["address"]}, "name street, postcode or city"),
        ({"trust": []}, "Extra inputs"),
    ],
)
def test_wrong_rules_are_refused_in_words(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        GoldenSettings.model_validate(wrong)


def test_rules_are_set_in_conf_and_by_variable() -> None:
    shipped = load_settings(environment={}).identity.golden
    assert shipped.rules_of("email")[0] == "verified"
    assert shipped.rules_of("street") == ("address",)
    assert shipped.rules_of("attributes.income") == shipped.otherwise
    one = {"BESPOKE__IDENTITY__GOLDEN__ATTRIBUTES__EMAIL": "[newest]"}
    changed = load_settings(environment=one).identity.golden
    assert changed.rules_of("email") == ("newest",)
    assert changed.rules_of("phone") == shipped.rules_of("phone")
