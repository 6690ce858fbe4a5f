"""Households: who is taken to share a home, and that everybody known has one."""

from __future__ import annotations

import hashlib
import random
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from jobs.identity.households import households
from jobs.identity.settings import HouseholdsSettings, IdentitySettings
from jobs.lake.tables.golden import HOUSEHOLDS
from jobs.lake.tables.identity import IDENTIFIERS, PERSONS
from jobs.lake.tables.silver import CUSTOMERS
from tests.rows import dicts, rows

NIGHT = date(2026, 3, 1)
LIMITS = IdentitySettings(households=HouseholdsSettings(max_members=3))
ON_SPARK = LIMITS.model_copy(update={"single_node_records": 1})
Row = dict[str, Any]
COLUMNS = {
    "street": "street_token",
    "postcode": "postcode_token",
    "last": "last_name_token",
    "phone": "phone_token",
    "email": "email_token",
}


def record(person: str, *, since: str = "2025-01-01", of: str = "crm", **values: str) -> Row:
    """A record of a person."""
    told = {COLUMNS[name]: value for name, value in values.items()}
    return {"record_id": f"{of}:{person}", "person_id": person, "updated_at": since} | told


def run(
    spark: SparkSession,
    records: list[Row],
    limits: IdentitySettings = LIMITS,
    more: tuple[Row, ...] = (),
) -> list[Row]:
    """Households of the persons of the records, seen in the order of their names, and of more."""
    names = sorted({row["person_id"] for row in records})
    persons = [
        {"person_id": name, "kind": "known", "first_seen": f"2025-01-{place + 1:02}"}
        for place, name in enumerate(names)
    ]
    whose = [
        {
            "identifier": f"record:{r['record_id']}",
            "type": "record",
            "person_id": r["person_id"],
        }
        for r in records
    ]
    customers = [
        {"loaded_on": "2026-01-01"} | {k: v for k, v in row.items() if k != "person_id"}
        for row in records
    ]
    found = households(
        rows(spark, CUSTOMERS, customers),
        rows(spark, IDENTIFIERS, whose),
        rows(spark, PERSONS, [*persons, *more]),
        as_of=NIGHT,
        settings=limits,
    )
    return dicts(HOUSEHOLDS.conform(found))


def evidence(found: list[Row]) -> dict[str, dict[str, str]]:
    """``oldest person: {person: evidence}``."""
    by_household: dict[str, dict[str, str]] = {}
    for row in found:
        by_household.setdefault(row["household_id"], {})[row["person_id"]] = row["evidence"]
    return {min(members): members for members in by_household.values()}


HIGH = {"street": "12 high st", "postcode": "ls1"}
SHORT = {"street": "12 high street", "postcode": "ls1"}
FLATS = {"street": "tower", "postcode": "m1"}

STREET = [
    # A couple; he has moved in with her, and an old record names his flat.
    record("ann", **HIGH, last="lee"),
    record("ben", **HIGH, last="grant", since="2025-06-01"),
    record("ben", of="shop", **FLATS, last="grant", since="2020-01-01"),
    # Their daughter writes the street otherwise, and gives the number of the house.
    record("cat", **SHORT, last="lee", phone="house"),
    record("ann", of="shop", phone="house", since="2025-02-01"),
    # A neighbour of the same postcode, and one of the same street in another town.
    record("dan", street="14 high st", postcode="ls1", last="lee"),
    record("eve", street="12 high st", postcode="yo1", last="lee"),
    # The son has moved out; the number stayed with his record.
    record("fred", street="5 park row", postcode="bs1", last="lee", phone="house"),
    # Nothing is known of where they live: one name and the number of the house, another name.
    record("gus", last="lee", phone="mill"),
    record("hal", street="1 mill ln", postcode="ex1", last="lee", phone="mill"),
    record("ida", last="moss", phone="mill"),
    # A mail box takes in whoever uses it, and two homes are a guess too many.
    record("jim", email="mill"),
    record("hal", of="shop", email="mill"),
    record("kim", email="torn"),
    record("kim", of="shop", email="else"),
    record("eve", of="shop", email="torn"),
    record("fred", of="shop", email="else"),
    # Two of whom no home is known share a mail box.
    record("lou", email="nest"),
    record("may", email="nest"),
    # A block of flats: only those of one name, and not a name that half of it has.
    record("ned", **FLATS, last="ash"),
    record("oda", **FLATS, last="ash"),
    record("pat", **FLATS, last="elm"),
    *(record(f"q{n}", **FLATS, last="test") for n in range(4)),
    record("ray", **FLATS),
    # The shop's own number and address ties nobody.
    *(record(f"s{n}", phone="desk", email="desk", last="lee") for n in range(4)),
    # No street, so the postcode alone is no home.
    record("tom", postcode="ls9", last="lee"),
    record("una", postcode="ls9", last="lee"),
]
HOMES = {
    "ann": {"ann": "address", "ben": "address", "cat": "phone"},
    "gus": {"gus": "phone", "hal": "phone", "jim": "email"},
    "lou": {"lou": "email", "may": "email"},
    "ned": {"ned": "address_and_name", "oda": "address_and_name"},
}
LONERS = (
    {"dan", "eve", "fred", "ida", "kim", "pat", "ray", "tom", "una"}
    | {f"q{n}" for n in range(4)}
    | {f"s{n}" for n in range(4)}
)
EXPECTED = HOMES | {name: {name: "alone"} for name in LONERS}


@pytest.fixture(scope="module")
def street(spark: SparkSession) -> list[Row]:
    return run(spark, STREET)


def test_who_lives_together(street: list[Row]) -> None:
    assert evidence(street) == EXPECTED


def test_a_household_is_named_by_whom_was_seen_first(street: list[Row]) -> None:
    by_person = {row["person_id"]: row for row in street}
    named = "h_" + hashlib.sha256(b"ann").hexdigest()[:20]
    assert {by_person[name]["household_id"] for name in ("ann", "ben", "cat")} == {named}
    assert (by_person["cat"]["members"], by_person["dan"]["members"]) == (3, 1)
    assert by_person["cat"]["as_of"] == NIGHT


def test_engine_and_order_of_rows_do_not_matter(spark: SparkSession, street: list[Row]) -> None:
    assert run(spark, random.Random(4).sample(STREET, len(STREET)), ON_SPARK) == street


def test_only_known_persons_have_one_those_without_a_record_too(spark: SparkSession) -> None:
    more = (
        {"person_id": "web", "kind": "known", "first_seen": "2025-01-01"},
        {"person_id": "visitor", "kind": "anonymous", "first_seen": "2025-01-01"},
    )
    found = run(spark, [record("ann", **HIGH)], more=more)
    assert evidence(found) == {"ann": {"ann": "alone"}, "web": {"web": "alone"}}
    assert run(spark, []) == []


def test_a_number_is_no_mail_box(spark: SparkSession) -> None:
    """Tokens of the two are never the same; were they, nothing would follow from it."""
    made = [
        record("u", postcode="a", email="a"),
        record("v", email="a"),
        record("w", postcode="a", phone="a"),
        record("z", phone="a"),
    ]
    assert evidence(run(spark, made)) == {
        "u": {"u": "email", "v": "email"},
        "w": {"w": "alone"},
        "z": {"z": "alone"},
    }


VALUES = st.one_of(st.none(), st.sampled_from("ab"))
RECORDS = st.lists(
    st.fixed_dictionaries({"person": st.sampled_from("uvwxyz")} | dict.fromkeys(COLUMNS, VALUES)),
    min_size=1,
    max_size=8,
)


@settings(
    max_examples=2, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(drawn=RECORDS, seed=st.randoms())
def test_everybody_has_one_household_in_any_order(
    spark: SparkSession, drawn: list[Row], seed: random.Random
) -> None:
    made = [
        record(of=f"feed{place}", **{k: v for k, v in row.items() if v is not None})
        for place, row in enumerate(drawn)
    ]
    found = run(spark, made)
    assert [row["person_id"] for row in found] == sorted({row["person_id"] for row in made})
    assert run(spark, seed.sample(made, len(made)), ON_SPARK) == found
    for oldest, members in evidence(found).items():
        named = "h_" + hashlib.sha256(oldest.encode()).hexdigest()[:20]
        of_it = [row for row in found if row["household_id"] == named]
        assert {row["members"] for row in of_it} == {len(members)}
        assert (members == {oldest: "alone"}) == (len(members) == 1)
        assert len(members) == 1 or "alone" not in members.values()
