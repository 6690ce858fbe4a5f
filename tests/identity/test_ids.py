"""Ids that stay: what a person is called, after new records and however they come in."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pandas as pd
import pyarrow as pa
import pytest

from jobs.identity.matching.matcher import Matcher
from jobs.identity.resolution import Evidence, resolve
from jobs.identity.settings import IdentitySettings
from tests.identity.learnt import Nights, learnt
from tests.identity.matching.people import population

TRAITS = pa.table({"node": pa.array([], pa.string()), "trait": pa.array([], pa.string())})


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    """Records by their id, the oldest first."""
    return population(8, 400, copies=0.3).set_index("id", drop=False)


@pytest.fixture(scope="module")
def matcher(people: pd.DataFrame) -> Matcher:
    """Learnt from the first nine in ten."""
    return learnt(people.iloc[: len(people) * 9 // 10], pairs=40_000)


def called(people: pd.DataFrame, matcher: Matcher, ids: Sequence[str]) -> Mapping[str, str]:
    """Record to what its person is named by, of some records in some order."""
    matches = Nights(people, matcher).night(ids).matches
    made = {record: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=n)
            for n, record in enumerate(people["id"])}  # fmt: skip
    nodes = [f"record:{record}" for record in ids]
    times = pa.chunked_array([pa.array([made[r] for r in ids], pa.timestamp("us", tz="UTC"))])
    ends = pa.chunked_array([pa.array(nodes, pa.string())])
    links = pa.table({"left_id": ends, "right_id": ends, "first_seen": times, "last_seen": times})
    columns = ["left_id", "right_id", "weight", "contradicting"]
    evidence = Evidence(TRAITS, matches.select(columns))
    found = resolve(links, evidence, IdentitySettings()).identifiers
    names = found.column("representative").to_pylist()
    return dict(zip(found.column("identifier").to_pylist(), names, strict=True))


def test_ids_stay_when_a_tenth_more_records_come(people: pd.DataFrame, matcher: Matcher) -> None:
    ids = list(people["id"])
    before = called(people, matcher, ids[: len(ids) * 9 // 10])
    after = called(people, matcher, ids)
    persons = set(before.values())
    assert len(persons) > 700
    gone = {name for node, name in before.items() if after[node] != name}
    assert len(gone) <= 0.001 * len(persons)


def test_ids_do_not_depend_on_the_order_of_records(people: pd.DataFrame, matcher: Matcher) -> None:
    ids = list(people["id"])
    mixed = random.Random(4).sample(ids, len(ids))
    assert called(people, matcher, mixed) == called(people, matcher, ids)
