"""Recipients: only who agreed, at an address they agreed at, each address once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import DataFrame, SparkSession

from jobs.lake.tables.identity import IDENTIFIERS, PERSONS
from jobs.publish.recipients import consented_addresses, consented_numbers, in_turn
from tests.rows import rows

SEEN = {"ann": "2026-02-01", "bob": "2026-02-02", "cat": "2026-02-03", "dan": "2026-02-04"}
AGREEMENT = (
    "person_id string, email_token string, channel string, purpose string, granted boolean, "
    "granted_at timestamp"
)


@pytest.fixture(scope="module")
def persons(spark: SparkSession) -> DataFrame:
    """Four persons; the later in the alphabet, the later seen."""
    known = [{"person_id": n, "kind": "known", "last_seen": day} for n, day in SEEN.items()]
    return rows(spark, PERSONS, known)


def said(spark: SparkSession, *words: tuple[str, str | None, bool, str]) -> DataFrame:
    """Rows of current consents: person, address, granted or not, day of the grant."""
    values = [
        (person, address, "email", "marketing", granted, datetime.fromisoformat(day))
        for person, address, granted, day in words
    ]
    return spark.createDataFrame(values, AGREEMENT)


def chosen(persons: DataFrame, consents: DataFrame) -> dict[str, str]:
    return {
        row.person_id: row.email_token for row in consented_addresses(consents, persons).collect()
    }


def test_only_who_agreed_and_at_an_address(spark: SparkSession, persons: DataFrame) -> None:
    words = (
        ("ann", "a", True, "2026-01-01"),
        ("bob", "b", False, "2026-01-01"),
        ("cat", None, True, "2026-01-01"),
        ("gone", "g", True, "2026-01-01"),
    )
    assert chosen(persons, said(spark, *words)) == {"ann": "a"}


def test_of_ones_own_addresses_it_is_the_one_agreed_at_last(
    spark: SparkSession, persons: DataFrame
) -> None:
    words = (
        ("ann", "a1", True, "2026-01-01"),
        ("ann", "a2", True, "2026-01-03"),
        ("ann", "a3", False, "2026-01-04"),
        ("bob", "b2", True, "2026-01-02"),
        ("bob", "b1", True, "2026-01-02"),
    )
    assert chosen(persons, said(spark, *words)) == {"ann": "a2", "bob": "b1"}


def test_an_address_of_several_goes_to_the_one_seen_last_and_the_others_take_another(
    spark: SparkSession, persons: DataFrame
) -> None:
    words = (
        # Dan was seen last and wants the one of his own: the shared one is left to Cat.
        ("dan", "shared", True, "2026-01-01"),
        ("dan", "own", True, "2026-01-02"),
        ("cat", "shared", True, "2026-01-01"),
        # Bob and Ann share both of theirs: he takes the first, and she is not left without.
        ("bob", "first", True, "2026-01-03"),
        ("bob", "second", True, "2026-01-02"),
        ("ann", "first", True, "2026-01-03"),
        ("ann", "second", True, "2026-01-02"),
    )
    assert chosen(persons, said(spark, *words)) == {
        "dan": "own",
        "cat": "shared",
        "bob": "first",
        "ann": "second",
    }


def test_who_shares_the_only_address_goes_without(spark: SparkSession, persons: DataFrame) -> None:
    words = [(person, "shared", True, "2026-01-01") for person in ("ann", "bob")]
    assert chosen(persons, said(spark, *words)) == {"bob": "shared"}


@given(
    wishes=st.sets(st.tuples(st.sampled_from("pqrs"), st.sampled_from("abcd")), min_size=1),
    order=st.randoms(),
)
def test_nobody_goes_without_while_one_of_theirs_is_free(
    wishes: set[tuple[str, str]], order: Any
) -> None:
    lines = [
        {"person_id": p, "email_token": a, "last_seen": ord(p), "wish": ord(a)} for p, a in wishes
    ]
    frame = pd.DataFrame(lines)
    found = dict(in_turn(frame).itertuples(index=False))
    assert len(set(found.values())) == len(found)
    assert set(found.items()) <= wishes
    assert all(a in found.values() for p, a in wishes if p not in found)
    order.shuffle(lines)
    assert dict(in_turn(pd.DataFrame(lines)).itertuples(index=False)) == found


def test_a_number_is_all_that_follows_the_type(spark: SparkSession, persons: DataFrame) -> None:
    numbers = [("ann", "A:17"), ("bob", "B:17"), ("cat", "9"), ("cat", "8"), ("new", "5")]
    identifiers = rows(
        spark,
        IDENTIFIERS,
        [
            {"identifier": f"customer_no:{number}", "type": "customer_no", "person_id": person}
            for person, number in numbers
        ]
        + [{"identifier": "login:dan", "type": "login", "person_id": "dan"}],
    )
    consents = said(
        spark,
        ("ann", None, True, "2026-01-01"),
        # One of two addresses is still agreed to; bob withdrew all he had.
        ("cat", "c1", False, "2026-01-01"),
        ("cat", "c2", True, "2026-01-01"),
        ("bob", None, False, "2026-01-01"),
    )
    everybody = persons.unionByName(rows(spark, PERSONS, [{"person_id": "new", "kind": "known"}]))

    def recipients(assumed: bool) -> set[tuple[str, str]]:
        found = consented_numbers(consents, identifiers, everybody, assumed=assumed)
        return {(row.person_id, row.recipient) for row in found.collect()}

    assert recipients(assumed=False) == {("ann", "A:17"), ("cat", "8")}
    assert recipients(assumed=True) == {("ann", "A:17"), ("cat", "8"), ("new", "5")}
