"""Persons: who is joined, who is kept apart, and that nobody is lost."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from jobs.identity import resolution
from jobs.identity.persons import persons
from jobs.identity.settings import IdentitySettings
from jobs.lake.tables.identity import IDENTIFIERS, LINKS, PERSONS, SIGHTINGS
from jobs.lake.tables.matching import DECISIONS, MATCHES, NAMES, REVIEW
from jobs.lake.tables.silver import CUSTOMERS
from tests.identity.limits import few_holders
from tests.rows import dicts, rows

NIGHT = date(2026, 3, 1)
LIMITS = few_holders(4, links=3)
ON_SPARK = LIMITS.model_copy(update={"single_node_links": 1})

CUSTOMER_ROWS = [
    # A family behind one email and one phone.
    {"record_id": "crm:anna", "first_name_token": "anna", "birth_date_token": "1980"},
    {"record_id": "crm:ben", "first_name_token": "ben", "birth_date_token": "2011"},
    # One person in three systems, joined by email here and by phone there.
    {"record_id": "crm:carl", "first_name_token": "carl", "birth_date_token": "1975"},
    {"record_id": "shop:carl", "first_name_token": "carl"},
    {"record_id": "card:carl", "birth_date_token": "1975"},
    # Two names, one birthday.
    {"record_id": "crm:robert", "first_name_token": "robert", "birth_date_token": "1960"},
    {"record_id": "shop:bob", "first_name_token": "bob", "birth_date_token": "1960"},
    # First and last name the wrong way round.
    {"record_id": "crm:lee", "first_name_token": "lee", "last_name_token": "grant"},
    {"record_id": "shop:lee", "first_name_token": "grant", "last_name_token": "lee"},
    # Five who gave the shop's own address.
    *({"record_id": f"desk:{n}", "first_name_token": "eva"} for n in range(5)),
]

LINK_ROWS: list[tuple[str, str, str]] = [
    ("email:family", "record:crm:anna", "2025-01-01"),
    ("email:family", "record:crm:ben", "2025-01-02"),
    ("phone:family", "record:crm:anna", "2025-01-01"),
    ("phone:family", "record:crm:ben", "2025-01-02"),
    # An account that tells no name: at the family's address it could be either of them.
    ("email:family", "login:noname", "2025-01-03"),
    ("customer_no:3", "record:crm:carl", "2025-02-01"),
    ("email:carl", "record:crm:carl", "2025-02-01"),
    ("email:carl", "record:shop:carl", "2024-02-01"),
    ("login:carl", "record:shop:carl", "2024-02-01"),
    ("phone:carl", "record:crm:carl", "2025-02-01"),
    ("phone:carl", "record:card:carl", "2025-02-03"),
    ("loyalty_no:3", "record:card:carl", "2025-02-03"),
    ("email:robert", "record:crm:robert", "2025-03-01"),
    ("email:robert", "record:shop:bob", "2025-03-02"),
    # A nameless account between two named people belongs to neither.
    ("email:robert", "login:between", "2025-03-03"),
    ("login:between", "phone:carl", "2025-03-03"),
    # A nameless account at one named person's address is that person's.
    ("email:robert", "login:rob", "2025-03-04"),
    ("email:lee", "record:crm:lee", "2025-03-05"),
    ("email:lee", "record:shop:lee", "2025-03-05"),
    *(("email:desk", f"record:desk:{n}", "2025-04-01") for n in range(5)),
    # A tablet of two people, with a browser each and one that nobody logged in with.
    ("device:tablet", "login:carl", "2025-05-01"),
    ("device:tablet", "login:rob", "2025-05-01"),
    ("cookie:carl", "login:carl", "2025-05-01"),
    ("cookie:carl", "device:tablet", "2025-05-01"),
    ("cookie:guest", "device:tablet", "2025-05-02"),
    # A phone of one person, with a browser never logged in.
    ("device:phone", "login:carl", "2025-05-03"),
    ("cookie:quiet", "device:phone", "2025-05-04"),
    # Visitors.
    ("cookie:alone", "cookie:alone", "2025-06-01"),
    ("cookie:visitor", "device:visitor", "2025-06-02"),
    # A kiosk, whose visitors are not one person.
    *((f"cookie:kiosk{n}", "device:kiosk", "2025-06-03") for n in range(4)),
]

SAME_PERSON = [
    {"record:crm:anna"},
    {"record:crm:ben"},
    {"email:family"},
    {"phone:family"},
    {"login:noname"},
    {
        "customer_no:3",
        "record:crm:carl",
        "record:shop:carl",
        "record:card:carl",
        "login:carl",
        "loyalty_no:3",
        "email:carl",
        "cookie:carl",
        "device:phone",
        "cookie:quiet",
    },
    {"record:crm:robert", "record:shop:bob", "login:rob"},
    {"record:crm:lee", "record:shop:lee", "email:lee"},
    {"login:between"},
    {"email:robert"},
    {"phone:carl"},
    *({f"record:desk:{n}"} for n in range(5)),
    {"email:desk"},
    {"device:tablet"},
    {"cookie:guest"},
    {"cookie:alone"},
    {"cookie:visitor", "device:visitor"},
    *({f"cookie:kiosk{n}"} for n in range(4)),
    {"device:kiosk"},
]
SHARED = {
    "email:family",
    "phone:family",
    "email:robert",
    "phone:carl",
    "email:desk",
    "device:tablet",
    "device:kiosk",
}

Row = dict[str, Any]


def run(
    spark: SparkSession,
    links: list[tuple[str, str, str]],
    limits: IdentitySettings,
    customers: list[Row] = CUSTOMER_ROWS,
) -> tuple[list[Row], list[Row]]:
    """Identifiers and persons that follow from the links."""
    _, identifiers, people, _ = resolved_by(spark, links, limits, customers)
    return identifiers, people


def resolved_by(
    spark: SparkSession,
    links: Sequence[tuple[str, str, str]],
    limits: IdentitySettings = LIMITS,
    customers: Sequence[Row] = (),
    *,
    matches: Sequence[Row] = (),
    decisions: Sequence[Row] = (),
    names: Sequence[Row] = (),
    before: Sequence[Row] = (),
) -> tuple[list[Row], list[Row], list[Row], list[Row]]:
    """Rows of names, identifiers, persons and review that follow from all that is known."""
    link_rows = [
        {"left_id": a, "right_id": b, "first_seen": day, "last_seen": day} for a, b, day in links
    ]
    given = (
        (LINKS, link_rows),
        (CUSTOMERS, customers),
        (MATCHES, matches),
        (SIGHTINGS, []),
        (DECISIONS, decisions),
        (NAMES, names),
        (IDENTIFIERS, before),
        (PERSONS, []),
        (REVIEW, []),
    )
    frames = persons(
        *(rows(spark, table, values) for table, values in given), as_of=NIGHT, settings=limits
    )
    tables = (NAMES, IDENTIFIERS, PERSONS, REVIEW)
    found = [dicts(t.conform(f)) for t, f in zip(tables, frames, strict=True)]
    for row in found[2]:
        assert len(row.pop("resolved_by")) == 12
    return found[0], found[1], found[2], found[3]


def clusters(identifiers: list[Row]) -> set[frozenset[str]]:
    """Sets of identifiers that are one person."""
    by_person: dict[str, set[str]] = {}
    for row in identifiers:
        by_person.setdefault(row["person_id"], set()).add(row["identifier"])
    return {frozenset(nodes) for nodes in by_person.values()}


@pytest.fixture(scope="module")
def resolved(spark: SparkSession) -> tuple[list[Row], list[Row]]:
    """The whole neighbourhood above, resolved."""
    return run(spark, LINK_ROWS, LIMITS)


def test_who_is_joined_and_who_is_kept_apart(resolved: tuple[list[Row], list[Row]]) -> None:
    found = clusters(resolved[0])
    expected = {frozenset(nodes) for nodes in SAME_PERSON}
    assert found - expected == set()
    assert expected - found == set()


def test_every_identifier_has_one_person(resolved: tuple[list[Row], list[Row]]) -> None:
    nodes = [row["identifier"] for row in resolved[0]]
    assert sorted(nodes) == sorted({node for a, b, _ in LINK_ROWS for node in (a, b)})


def test_what_several_people_use_is_shared(resolved: tuple[list[Row], list[Row]]) -> None:
    assert {row["identifier"] for row in resolved[0] if row["shared"]} == SHARED


def test_a_person_is_named_by_its_oldest_strong_node(
    resolved: tuple[list[Row], list[Row]],
) -> None:
    identifiers, people = resolved
    carl = "p_" + hashlib.sha256(b"login:carl").hexdigest()[:20]
    visitor = "p_" + hashlib.sha256(b"cookie:visitor").hexdigest()[:20]
    by_node = {row["identifier"]: row["person_id"] for row in identifiers}
    assert by_node["loyalty_no:3"] == carl
    assert by_node["device:visitor"] == visitor
    by_id = {row["person_id"]: row for row in people}
    assert (by_id[carl]["kind"], by_id[carl]["records"], by_id[carl]["identifiers"]) == (
        "known",
        3,
        7,
    )
    assert (by_id[visitor]["kind"], by_id[visitor]["records"]) == ("anonymous", 0)
    assert by_id[carl]["as_of"] == NIGHT


def test_engine_and_order_of_rows_do_not_matter(
    spark: SparkSession, resolved: tuple[list[Row], list[Row]]
) -> None:
    shuffled = random.Random(3).sample(LINK_ROWS, len(LINK_ROWS))
    assert run(spark, shuffled, ON_SPARK) == resolved


def crowd(seed: int, towns: int) -> tuple[list[tuple[str, str, str]], list[Row]]:
    """Random links within many small towns, whose people bear few names: all kinds of cases."""
    chance = random.Random(seed)
    links: set[tuple[str, str]] = set()
    customers: list[Row] = []
    for town in range(towns):
        records = [f"record:crm:{town}-{n}" for n in range(chance.randint(1, 5))]
        for record in records:
            traits = ("first_name_token", "last_name_token", "birth_date_token")
            told = {name: chance.choice([None, "x", "y", "z"]) for name in traits}
            customers.append({"record_id": record.removeprefix("record:"), **told})
        kinds = ["login", "loyalty_no", "email", "email", "phone", "device", "cookie", "cookie"]
        nodes = records + [f"{kind}:{town}-{n}" for n, kind in enumerate(kinds)]
        for _ in range(chance.randint(1, 16)):
            one, other = chance.choice(nodes), chance.choice(nodes)
            links.add((min(one, other), max(one, other)))
    days = [f"2025-0{chance.randint(1, 9)}-01" for _ in links]
    return [(a, b, day) for (a, b), day in zip(sorted(links), days, strict=True)], customers


@pytest.mark.parametrize("records", [20, 2])
def test_one_machine_and_spark_find_the_same_persons(spark: SparkSession, records: int) -> None:
    links, customers = crowd(seed=5, towns=150)
    limits = few_holders(4, links=3, records=records)
    found = run(spark, links, limits, customers)
    on_spark = limits.model_copy(update={"single_node_links": 1})
    assert found == run(spark, links, on_spark, customers)
    sizes = [len(nodes) for nodes in clusters(found[0])]
    assert min(sizes) == 1
    assert max(sizes) > 5


def test_spark_takes_over_above_the_limit(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise AssertionError("on one machine")

    monkeypatch.setattr(resolution, "resolve", refused)
    links = [("login:a", "login:b", "2025-01-01"), ("login:c", "login:d", "2025-01-01")]
    assert len(run(spark, links, ON_SPARK)[1]) == 2
    with pytest.raises(AssertionError, match="on one machine"):
        run(spark, links, LIMITS.model_copy(update={"single_node_links": 2}))


def test_no_links_are_nobody(spark: SparkSession) -> None:
    assert run(spark, [], LIMITS) == ([], [])
    assert run(spark, [], LIMITS, []) == ([], [])


NODES = ["record:crm:anna", "record:crm:ben", "login:a", "email:e", "cookie:c", "device:d"]


@settings(
    max_examples=2, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    pairs=st.sets(
        st.tuples(st.sampled_from(NODES), st.sampled_from(NODES)), min_size=1, max_size=10
    )
)
def test_no_identifier_is_lost(spark: SparkSession, pairs: set[tuple[str, str]]) -> None:
    ordered = sorted({(min(p), max(p)) for p in pairs})
    identifiers, people = run(spark, [(a, b, "2025-01-01") for a, b in ordered], LIMITS)
    assert sorted(row["identifier"] for row in identifiers) == sorted(
        {node for pair in ordered for node in pair}
    )
    assert {row["person_id"] for row in identifiers} == {row["person_id"] for row in people}
    assert sum(row["records"] + row["identifiers"] for row in people) == len(identifiers)


def test_matches_of_the_latest_model_join_records(spark: SparkSession) -> None:
    links = [(f"record:{r}", f"record:{r}", "2025-01-01") for r in ("a", "b", "c")]
    pair = {"probability": 0.99, "comparison": "last_name equal", "contradicting": False}
    matches = [
        pair | {"left_id": "a", "right_id": "b", "weight": 6.0, "model": 2},
        pair | {"left_id": "b", "right_id": "c", "weight": 6.0, "model": 1},
        pair | {"left_id": "a", "right_id": "c", "weight": -1.0, "model": 2},
    ]
    found = [resolved_by(spark, links, limits, matches=matches) for limits in (LIMITS, ON_SPARK)]
    assert found[0] == found[1]
    _, identifiers, _, review = found[0]
    assert clusters(identifiers) == {
        frozenset({"record:a", "record:b"}),
        frozenset({"record:c"}),
    }
    (row,) = review
    assert (row["left_id"], row["right_id"], row["reason"]) == (
        "record:a",
        "record:c",
        "undecided",
    )
    assert row["comparison"] == "last_name equal"
    by_node = {i["identifier"]: i["person_id"] for i in identifiers}
    assert (row["left_person"], row["right_person"]) == (by_node["record:a"], by_node["record:c"])


def test_of_a_person_that_was_two_the_larger_part_keeps_the_name(spark: SparkSession) -> None:
    days = {"a": "2024-01-01", "b": "2025-01-01", "c": "2025-02-01"}
    links = [(f"record:{r}", f"record:{r}", day) for r, day in days.items()]
    together = [
        {"left_id": a, "right_id": b, "weight": 8.0, "model": 1, "contradicting": False}
        for a, b in (("a", "b"), ("a", "c"), ("b", "c"))
    ]
    _, before, _, _ = resolved_by(spark, links, matches=together)
    (name,) = {row["person_id"] for row in before}
    apart = [m | {"weight": -8.0 if m["left_id"] == "a" else 8.0} for m in together]
    names, after, _, _ = resolved_by(spark, links, matches=apart, before=before)
    by_node = {row["identifier"]: row["person_id"] for row in after}
    assert by_node["record:b"] == by_node["record:c"] == name
    assert by_node["record:a"] not in (name, None)
    assert {row["identifier"] for row in names} == {"record:a", "record:b"}
    # The night after, and when the night is done again, it is called so still.
    again, later, _, _ = resolved_by(spark, links, matches=apart, before=after, names=names)
    assert (again, later) == ([], after)
    redone, same, _, _ = resolved_by(spark, links, matches=apart, before=before, names=names)
    assert (redone, same) == ([], after)


def test_a_merge_that_is_undone_gives_both_their_names_back(spark: SparkSession) -> None:
    days = {"a": "2024-01-01", "b": "2025-01-01", "c": "2025-02-01"}
    links = [(f"record:{r}", f"record:{r}", day) for r, day in days.items()]
    match = {"left_id": "b", "right_id": "c", "weight": 8.0, "model": 1, "contradicting": False}
    merge = {"decision_id": "d1", "kind": "merge", "recorded_at": "2026-03-01T10:00:00"}
    merge |= {"left_ids": ["record:a"], "right_ids": ["record:b"], "withdraws": None}
    undo = {"decision_id": "d2", "kind": "withdraw", "recorded_at": "2026-03-02T10:00:00"}
    undo |= {"left_ids": [], "right_ids": [], "withdraws": "d1"}
    _, first, _, _ = resolved_by(spark, links, matches=[match])
    _, merged, _, _ = resolved_by(spark, links, matches=[match], decisions=[merge], before=first)
    assert len({row["person_id"] for row in merged}) == 1
    names, last, _, _ = resolved_by(
        spark, links, matches=[match], decisions=[merge, undo], before=merged
    )
    assert (names, last) == ([], first)
