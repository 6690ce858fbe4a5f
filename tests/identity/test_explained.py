"""A pair's weight taken apart: the steps add up to what the matcher gave the pair."""

from __future__ import annotations

from dataclasses import replace
from math import log2

import pandas as pd
import pytest

from jobs.identity.explained import (
    FIELD,
    MOVED,
    PRIOR,
    RARITY,
    RELATED,
    Grades,
    called,
    explained,
    explained_without_values,
    graded_pairs,
    grades_of,
)
from jobs.identity.matching.fields import Role
from jobs.identity.matching.matcher import Matcher
from jobs.identity.matching.model import Kind, MatchModel
from tests.identity.learnt import KEY, Nights, learnt
from tests.identity.matching.people import population

THOUSANDTH = 1e-3
BY_CHANCE = {"gender": (0.5, 0.5), "city": (0.7, 0.1, 0.2)}
EQUAL = 2


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    """Records in the order of their ids."""
    return population(5, 120, copies=0.4).set_index("id", drop=False).sort_index()


@pytest.fixture(scope="module")
def matcher(people: pd.DataFrame) -> Matcher:
    """Learnt from all of them."""
    return learnt(people)


@pytest.fixture(scope="module")
def matches(people: pd.DataFrame, matcher: Matcher) -> pd.DataFrame:
    """All pairs that are worth a look, and as many others."""
    ids = list(people["id"])
    strange = list(zip(ids[:-7], ids[7:], strict=True))
    found: pd.DataFrame = Nights(people, matcher).night(ids, asked=strange).matches.to_pandas()
    return found


@pytest.fixture(scope="module")
def told(people: pd.DataFrame, matcher: Matcher, matches: pd.DataFrame) -> list[Grades]:
    """How alike they are."""
    place = {record: number for number, record in enumerate(people["id"])}
    ends = [matches[side].map(place) for side in ("left_id", "right_id")]
    return graded_pairs(matcher, people.reset_index(drop=True), KEY, list(zip(*ends, strict=True)))


def test_the_steps_add_up_to_the_weight_of_every_pair(
    matcher: Matcher, matches: pd.DataFrame, told: list[Grades]
) -> None:
    found = [explained(matcher.model, one) for one in told]
    assert len(found) > 400
    assert [f.weight for f in found] == pytest.approx(list(matches["weight"]), abs=THOUSANDTH)
    wanted = pytest.approx(list(matches["probability"]), abs=THOUSANDTH)
    assert [f.probability for f in found] == wanted


def test_a_comparison_in_words_says_every_grade(
    matcher: Matcher, matches: pd.DataFrame, told: list[Grades]
) -> None:
    read = [grades_of(matcher.model, words) for words in matches["comparison"]]
    assert read == [dict(one.grades) for one in told]


def test_without_the_values_the_steps_add_up_as_well(
    matcher: Matcher, matches: pd.DataFrame
) -> None:
    for words, weight in zip(matches["comparison"][:50], matches["weight"][:50], strict=True):
        found = explained_without_values(matcher.model, words, weight)
        assert found.weight == pytest.approx(weight)
        assert [step.kind for step in found.steps].count(RARITY) == 1


def _model(*, related: tuple[Kind, ...] = (), moved: tuple[Kind, ...] = ()) -> MatchModel:
    """Two bits for a city that is equal, by hand."""
    return MatchModel(
        roles={"gender": Role.GENDER, "city": Role.CITY},
        columns=("gender", "city"),
        rules=(),
        linked=False,
        persons=(Kind(0.25, {"gender": (0.1, 0.9), "city": (0.1, 0.1, 0.8)}), *moved),
        strangers=Kind(0.5, BY_CHANCE),
        related=related,
        frequencies={},
    )


def _told(city: int, share: float | None = None) -> Grades:
    rarity = None if share is None else log2(share)
    return Grades({"gender": -1, "city": city}, {"gender": None, "city": rarity})


def test_each_field_says_how_much_commoner_its_grade_is_among_one_persons_pairs() -> None:
    found = explained(_model(), _told(EQUAL))
    assert [(s.kind, s.name, s.words) for s in found.steps] == [
        (PRIOR, "", ""),
        (FIELD, "city", "equal"),
    ]
    assert [s.bits for s in found.steps] == pytest.approx([-1.0, 2.0])
    assert found.untold == ("gender",)
    assert found.weight == pytest.approx(1.0)


def test_a_rare_value_says_more_and_a_common_one_less() -> None:
    found = [explained(_model(), _told(EQUAL, share)) for share in (0.4, 0.2, 0.05)]
    assert [f.weight for f in found] == pytest.approx([0.0, 1.0, 3.0])
    assert [f.steps[1].rarity for f in found] == pytest.approx([-1.0, 0.0, 2.0])


def test_what_differs_speaks_against_the_pair() -> None:
    found = explained(_model(), _told(0))
    assert found.steps[1].words == "differs"
    assert found.steps[1].bits == pytest.approx(log2(0.1 / 0.7))


def test_that_they_may_be_of_one_place_is_a_step_of_its_own() -> None:
    place = Kind(0.5, {"gender": BY_CHANCE["gender"], "city": (0.1, 0.1, 0.8)})
    found = explained(_model(related=(place,)), _told(EQUAL))
    # Two of one place are four times as likely as strangers: there are five times as many others.
    assert [(s.kind, s.name) for s in found.steps[2:]] == [(RELATED, "two of one place")]
    assert found.steps[2].bits == pytest.approx(-log2(5))


def test_kinds_of_one_name_are_one_step() -> None:
    near = Kind(0.5, {"gender": BY_CHANCE["gender"], "city": (0.1, 0.1, 0.8)})
    nearer = Kind(0.25, {"gender": BY_CHANCE["gender"], "city": (0.1, 0.0, 0.8)})
    found = explained(_model(related=(near, nearer)), _told(EQUAL))
    assert [s.name for s in found.steps[2:]] == ["two of one place"]
    # Four times as likely as strangers the one, twice the other.
    assert found.steps[2].bits == pytest.approx(-log2(1 + 4 + 2))


def test_one_who_moved_speaks_for_the_pair() -> None:
    moved = Kind(0.25, {"gender": (0.1, 0.9), "city": BY_CHANCE["city"]})
    found = explained(_model(moved=(moved,)), _told(0))
    # Of one person's pairs 0.1 differ in the city, and of one's who moved 0.7.
    assert [s.kind for s in found.steps] == [PRIOR, FIELD, MOVED]
    assert found.steps[-1].bits == pytest.approx(log2(0.8 / 0.1))


def test_kinds_are_called_by_what_they_have_in_common() -> None:
    model = _model()
    place = Kind(0.5, {"gender": BY_CHANCE["gender"], "city": (0.1, 0.1, 0.8)})
    assert called(model, place) == "two of one place"
    assert called(model, Kind(0.5, BY_CHANCE, frozenset({"city"}))) == "namesakes"
    assert called(model, Kind(0.5, BY_CHANCE)) == "two who are related"


@pytest.mark.parametrize(
    ("alike", "name"),
    [
        (("last_name", "street"), "two of one house"),
        (("first_name", "last_name", "street"), "two of one name and house"),
        (("last_name", "street", "birth_date"), "twins"),
    ],
)
def test_people_of_one_house_are_told_apart(alike: tuple[str, ...], name: str) -> None:
    roles = (Role.FIRST_NAME, Role.LAST_NAME, Role.STREET, Role.BIRTH_DATE)
    chance = {role.value: (0.99, 0.01) for role in roles}
    shares = chance | dict.fromkeys(alike, (0.02, 0.98))
    model = replace(
        _model(),
        roles={role.value: role for role in roles},
        strangers=Kind(0.9, chance),
        persons=(Kind(0.1, dict.fromkeys(chance, (0.1, 0.9))),),
    )
    assert called(model, Kind(0.1, shares)) == name
