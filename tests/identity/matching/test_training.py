"""Training: weights learnt without labels are those the pairs were made by."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from jobs.identity.matching.fields import Role
from jobs.identity.matching.model import Kind, untrained
from jobs.identity.matching.training import equal_pairs, estimated, frequencies

ROLES = {
    "first_name": Role.FIRST_NAME,
    "birth_date": Role.BIRTH_DATE,
    "phone": Role.PHONE,
    "mobile": Role.PHONE,
    "work": Role.PHONE,
}
SHARED = ("phone", "mobile", "work")
MODEL = untrained(ROLES, tuple(ROLES), ((),), linked=False)
SIZES = {name: len(shares) for name, shares in MODEL.strangers.shares.items()}
EVERY = 1_000_000
PERSON, RELATED = 0.004, 0.02


def shares(size: int, *, none: float, equal: float) -> list[float]:
    """Shares of so many grades: of the lowest, of the highest, and the rest alike."""
    return [none, *[(1 - none - equal) / (size - 2)] * (size - 2), equal]


@pytest.fixture(scope="module")
def truth() -> dict[str, dict[str, list[float]]]:
    """Kind of pairs to field to the shares of its grades."""
    person = {name: shares(size, none=0.04, equal=0.75) for name, size in SIZES.items()}
    strangers = {name: shares(size, none=0.9, equal=0.01) for name, size in SIZES.items()}
    house = {name: shares(SIZES[name], none=0.05, equal=0.85) for name in SHARED}
    return {"person": person, "related": strangers | house, "strangers": strangers}


@pytest.fixture(scope="module")
def pairs(truth: dict[str, dict[str, list[float]]]) -> NDArray[np.int64]:
    """Grades of every pair, one in twenty of a field not told."""
    draw = np.random.default_rng(11)
    kinds = [round(PERSON * EVERY), round(RELATED * EVERY)]
    counts = dict(zip(truth, [*kinds, EVERY - sum(kinds)], strict=True))
    columns = []
    for name in ROLES:
        drawn = [draw.choice(len(of[name]), counts[k], p=of[name]) for k, of in truth.items()]
        grade = np.concatenate(drawn)
        grade[draw.random(EVERY) < 0.05] = -1
        columns.append(grade)
    return draw.permutation(np.stack(columns, axis=1))


def patterns(seen: NDArray[np.int64]) -> pd.DataFrame:
    """How often each combination of grades is seen."""
    return pd.DataFrame(seen, columns=list(ROLES)).value_counts().rename("pairs").reset_index()


def one_of(kinds: tuple[Kind, ...]) -> Kind:
    """Return the only kind of its sort that is present."""
    (kind,) = kinds
    return kind


def test_a_mixture_is_taken_apart(
    pairs: NDArray[np.int64], truth: dict[str, dict[str, list[float]]]
) -> None:
    every = patterns(pairs)
    found = estimated(MODEL, every, every, all_pairs=EVERY)
    person, related = one_of(found.persons), one_of(found.related)
    assert person.prior == pytest.approx(PERSON, rel=0.05)
    assert related.prior == pytest.approx(RELATED, rel=0.05)
    for kind, made in zip((person, related, found.strangers), truth.values(), strict=True):
        for name in ROLES:
            assert sum(kind.shares[name]) == pytest.approx(1)
            assert kind.shares[name] == pytest.approx(made[name], abs=0.02)


def test_blocked_pairs_and_a_draw_tell_as_much_as_all(
    pairs: NDArray[np.int64], truth: dict[str, dict[str, list[float]]]
) -> None:
    equal = pairs == np.array(list(SIZES.values())) - 1
    found = estimated(
        MODEL,
        patterns(pairs[equal.any(axis=1)]),
        patterns(pairs[:200_000]),
        all_pairs=EVERY,
        equal=dict(zip(ROLES, equal.sum(axis=0).astype(float), strict=True)),
    )
    person = one_of(found.persons)
    assert person.prior == pytest.approx(PERSON, rel=0.05)
    for name in ROLES:
        assert found.strangers.shares[name][-1] == pytest.approx(0.01, rel=0.2)
        assert person.shares[name][-1] == pytest.approx(truth["person"][name][-1], abs=0.03)


def test_the_order_of_patterns_does_not_matter(pairs: NDArray[np.int64]) -> None:
    every = patterns(pairs[:100_000])
    mixed = every.sample(frac=1, random_state=3)
    one, other = (
        one_of(estimated(MODEL, seen, seen, all_pairs=1e5).persons) for seen in (every, mixed)
    )
    assert other.prior == pytest.approx(one.prior)
    for name in ROLES:
        assert other.shares[name] == pytest.approx(one.shares[name])


def test_what_was_counted_is_left_as_it_was(pairs: NDArray[np.int64]) -> None:
    few = patterns(pairs[:10_000])
    before = few.copy()
    found = estimated(MODEL, few, few, all_pairs=1e4)
    pd.testing.assert_frame_equal(few, before)
    assert (found.roles, found.rules) == (MODEL.roles, MODEL.rules)


TABLE = pd.DataFrame(
    {
        "first_name": ["ann", "ann", "ann", "bob", None, None],
        "street": ["mill", "mill", "park", "park", "park", None],
        "side": [0, 1, 1, 0, 0, 1],
    }
)
SOME = {"first_name": Role.FIRST_NAME, "street": Role.STREET}


def test_equal_pairs_are_counted() -> None:
    model = untrained(SOME, tuple(TABLE), ((),), linked=False)
    assert equal_pairs(TABLE, model, linked=False) == {"first_name": 3.0, "street": 4.0}
    assert equal_pairs(TABLE, model, linked=True) == {"first_name": 2.0, "street": 3.0}


def test_frequencies_count_the_others_who_hold_a_value() -> None:
    model = untrained(SOME, tuple(TABLE), ((),), linked=False)
    found = frequencies(TABLE, model)
    # Three hold it: one besides the two compared, of two besides; and fifty that were expected,
    # of which 0.005 each are equal.
    assert found["first_name"].to_dict() == pytest.approx(
        {"ann": (1 + 50 * 0.005) / (2 + 50), "bob": 50 * 0.005 / (2 + 50)}
    )
    assert found["street"]["park"] == pytest.approx((1 + 50 * 0.005) / (3 + 50))


def decided(draw: np.random.Generator, of: dict[str, list[float]], count: int) -> pd.DataFrame:
    """Pairs of one person who write their first names in wholly different ways."""
    columns = {name: draw.choice(len(share), count, p=share) for name, share in of.items()}
    return pd.DataFrame(columns | {"first_name": 0, "one": True})


def test_what_people_have_said_of_pairs_is_learnt_from(
    truth: dict[str, dict[str, list[float]]], pairs: NDArray[np.int64]
) -> None:
    draw = np.random.default_rng(5)
    few = pairs[draw.choice(len(pairs), 200_000, replace=False)]
    seen, chance = patterns(few), patterns(pairs[:50_000])

    def of_person(labels: pd.DataFrame | None) -> float:
        found = estimated(MODEL, seen, chance, all_pairs=200_000, decided=labels)
        return found.persons[0].shares["first_name"][0]

    said = decided(draw, truth["person"], 300)
    before = of_person(None)
    assert before == pytest.approx(0.04, abs=0.02)
    # 800 pairs of one person are there, and 300 are said to be; others that differ follow them.
    assert of_person(said) == pytest.approx((0.04 * 800 + 300) / 1_100, abs=0.1)
    # That they are two says that a name tells more, and nothing said is nothing learnt.
    assert of_person(said.assign(one=False)) < before
    assert of_person(said.iloc[:0]) == before


def test_pairs_that_were_decided_are_not_counted_twice(
    truth: dict[str, dict[str, list[float]]], pairs: NDArray[np.int64]
) -> None:
    few = pairs[np.random.default_rng(6).choice(len(pairs), 20_000, replace=False)]
    seen, chance = patterns(few), patterns(pairs[:5_000])
    found = estimated(MODEL, seen, chance, all_pairs=20_000)
    # All who are alike in everything are one person: that is what is thought anyway.
    alike = pd.DataFrame([{n: s - 1 for n, s in SIZES.items()} | {"one": True}])
    held = seen.set_index(list(ROLES))["pairs"].get(tuple(s - 1 for s in SIZES.values()), 0)
    again = estimated(MODEL, seen, chance, all_pairs=20_000, decided=alike.loc[[0] * int(held)])
    assert again.persons[0].prior == pytest.approx(found.persons[0].prior, rel=0.02)
