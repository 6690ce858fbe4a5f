"""The hard world: who is in it, that it is hard, and that who is who can still be told."""

import difflib
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date
from itertools import combinations
from typing import Any

import pytest
from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F

from jobs.identity.accuracy import accuracy
from jobs.simulate.chance import Chance
from jobs.simulate.clock import Clock
from jobs.simulate.devices import phone, phone_browser
from jobs.simulate.hard_records import hard_crm_rows
from jobs.simulate.people import people
from jobs.simulate.settings import TIME_ZONE, SimulateSettings
from jobs.simulate.truth import true_records
from jobs.simulate.vocabulary import FEMALE_NAMES, JUNK_EMAILS, JUNK_PHONES, MALE_NAMES

# Its records are made of long expressions, and this session compiles none.
pytestmark = pytest.mark.slow

HARD = SimulateSettings(people=2_400, records="hard")
PET_NAMES = dict(name.lower().split("/") for name in (*FEMALE_NAMES, *MALE_NAMES))


@pytest.fixture(scope="module")
def persons(spark: SparkSession) -> list[Row]:
    made = people(spark, HARD, Chance(HARD.seed), parts=2)
    told = made.select(
        "person", "household", "first_name", "last_name", "born", "second_twin", "junior", "child"
    )
    return told.collect()


@pytest.fixture(scope="module")
def records(spark: SparkSession) -> list[dict[str, Any]]:
    """Each record as it stands on the last day, with its true person."""
    chance = Chance(HARD.seed)
    made = people(spark, HARD, chance, parts=2)
    owners = {row.record_key: row.person for row in true_records(made, HARD, chance).collect()}
    rows = hard_crm_rows(made, HARD, chance, Clock(HARD.first_day, TIME_ZONE)).collect()
    latest = {row.customer_no: row for row in sorted(rows, key=lambda row: row.updated_at)}
    return [{**row.asDict(), "person": owners[number]} for number, row in latest.items()]


def _houses(persons: list[Row]) -> list[list[Row]]:
    found = defaultdict(list)
    for row in persons:
        found[row.household].append(row)
    return list(found.values())


def test_houses_hold_one_to_five_and_families_one_name(persons: list[Row]) -> None:
    houses = _houses(persons)
    assert {len(house) for house in houses} == {1, 2, 3, 4, 5}
    of_several = [house for house in houses if len(house) > 2]
    of_one_name = [house for house in of_several if len({row.last_name for row in house}) == 1]
    assert 0.5 < len(of_one_name) / len(of_several) < 0.8


def test_twins_are_born_on_one_day_and_named_differently(persons: list[Row]) -> None:
    by_person = {row.person: row for row in persons}
    twins = [(by_person[row.person - 1], row) for row in persons if row.second_twin]
    assert len(twins) > 10
    for one, other in twins:
        assert (one.born, one.last_name) == (other.born, other.last_name)
        assert one.first_name != other.first_name
    initials = [one.first_name[0] == other.first_name[0] for one, other in twins]
    assert any(initials)
    assert not all(initials)


def test_namesakes_of_a_house_are_a_generation_apart(persons: list[Row]) -> None:
    juniors = [row for row in persons if row.junior]
    heads = {row.person: row for row in persons if row.person == row.household}
    assert len(juniors) > 10
    for child in juniors:
        parent = heads[child.household]
        assert (child.first_name, child.last_name) == (parent.first_name, parent.last_name)
        assert 7_600 < (child.born - parent.born).days < 14_000


def test_children_are_old_enough_to_be_customers(persons: list[Row]) -> None:
    youngest = max(row.born for row in persons if row.child)
    assert (HARD.first_day - youngest).days > 14 * 365


def test_there_are_true_pairs_enough(records: list[dict[str, Any]]) -> None:
    held = Counter(row["person"] for row in records)
    assert max(held.values()) == 6
    assert sum(count * (count - 1) // 2 for count in held.values()) > HARD.people


def test_email_alone_finds_too_few(records: list[dict[str, Any]]) -> None:
    alone = [(row["email"] or row["customer_no"]).lower() for row in records]
    assert accuracy(alone, [row["person"] for row in records]).recall < 0.85


def test_the_tills_placeholders_are_there(records: list[dict[str, Any]]) -> None:
    assert {row["email"] for row in records} >= set(JUNK_EMAILS)
    assert "1900-01-01" in {row["birth_date"] for row in records}


def test_a_careful_reader_could_tell_who_is_who(records: list[dict[str, Any]]) -> None:
    """First names that go together, and two more in common, of which one is not two namesakes'."""
    read = [_read(row) for row in records]
    of_two = _contacts_of_namesakes(read)
    group = list(range(len(read)))

    def head(place: int) -> int:
        while group[place] != place:
            group[place] = group[group[place]]
            place = group[place]
        return place

    for left, right in _candidates(read):
        if _same(read[left], read[right], of_two):
            group[head(left)] = head(right)
    found = accuracy([head(at) for at in range(len(read))], [row["person"] for row in records])
    assert found.recall > 0.97
    assert found.precision > 0.99


def _read(row: dict[str, Any]) -> dict[str, Any]:
    mail = (row["email"] or "").lower()
    digits = "".join(sign for sign in row["phone"] or "" if sign.isdigit())
    names = [row["first_name"].lower(), row["last_name"].lower()]
    born = row["birth_date"]
    return {
        "names": names,
        "birth": None if born in (None, "1900-01-01") else frozenset(born.split("-")),
        "mail": None if mail in ("", *JUNK_EMAILS) else mail,
        "phone": None if digits in ("", *JUNK_PHONES) else digits[-9:],
        "home": (row["postcode"] or "").replace(" ", "").upper() or None,
    }


def _contacts_of_namesakes(read: list[dict[str, Any]]) -> set[str]:
    """Addresses and numbers that people of one first name and two birth dates gave."""
    held = defaultdict(list)
    for row in read:
        for mark in ("mail", "phone"):
            if row[mark] and row["birth"]:
                held[row[mark]].append(row)
    return {
        contact
        for contact, rows in held.items()
        if any(
            len(one["birth"] & other["birth"]) < 2 and _go_together(one["names"], other["names"])
            for one, other in combinations(rows, 2)
        )
    }


def _candidates(read: list[dict[str, Any]]) -> Iterator[tuple[int, int]]:
    for mark in ("mail", "phone", "birth"):
        held = defaultdict(list)
        for place, row in enumerate(read):
            if row[mark]:
                held[row[mark]].append(place)
        for places in held.values():
            yield from combinations(places, 2)


def _same(one: dict[str, Any], other: dict[str, Any], of_two: set[str]) -> bool:
    common = {
        mark
        for mark in ("birth", "mail", "phone", "home")
        if one[mark] and one[mark] == other[mark]
    }
    own = {mark for mark in common - {"home"} if one[mark] not in of_two}
    if not own & {"mail", "phone"} and any(
        name.endswith(".") for row in (one, other) for name in row["names"]
    ):
        return False
    last = any(_alike(left, right) for left in one["names"][1:] for right in other["names"])
    return bool(own) and len(common) + last > 1 and _go_together(one["names"], other["names"])


def _go_together(one: list[str], other: list[str]) -> bool:
    """Whether two first names can be one person's; the names of either may have been swapped."""
    return any(_alike(*pair) for pair in ((one[0], other[0]), (one[0], other[1]),
                                          (one[1], other[0])))  # fmt: skip


def _alike(one: str, other: str) -> bool:
    if one.endswith(".") or other.endswith("."):
        return one[0] == other[0]
    forms = ({one, PET_NAMES.get(one, one)}, {other, PET_NAMES.get(other, other)})
    return bool(forms[0] & forms[1]) or any(
        difflib.SequenceMatcher(None, left, right).ratio() >= 0.75
        for left in forms[0]
        for right in forms[1]
    )


def test_a_sold_phone_is_one_persons_and_then_a_strangers(spark: SparkSession) -> None:
    small = SimulateSettings(people=600, days=30, records="hard")
    chance = Chance(small.seed)
    days = spark.range(600).select(F.col("id").alias("person"), F.explode(
        F.sequence(F.lit(0), F.lit(29))).alias("day"))  # fmt: skip
    rows = days.select(
        "person",
        "day",
        phone(small, chance, F.col("person") * 8).alias("phone"),
        phone_browser(small, chance, F.col("person") * 8).alias("browser"),
    ).collect()
    users, browsers = defaultdict(list), defaultdict(set)
    for row in sorted(rows, key=lambda row: row.day):
        browsers[row.browser].add(row.person)
        if not users[row.phone] or users[row.phone][-1] != row.person:
            users[row.phone].append(row.person)
    sold = [people for people in users.values() if len(people) > 1]
    assert 8 <= len(sold) <= 35
    for seller, buyer in sold:
        assert buyer == seller + 300
    assert {len(people) for people in browsers.values()} == {1}


def test_the_usual_world_is_named_as_before() -> None:
    usual = SimulateSettings(people=2_000, days=90, first_day=date(2026, 6, 1))
    assert usual.digest() == "f1c684ae8b9e40746c76fd61e72833345fe55f0bae9135a03ace5f908888fe5a"
    assert usual.model_copy(update={"records": "hard"}).digest() != usual.digest()
