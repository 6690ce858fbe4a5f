"""A night's records weighed: the same pairs, whatever nights the records come in."""

from __future__ import annotations

import random
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.identity.matching.matcher import Matcher, hash_key
from tests.identity.learnt import KEY, Nights, learnt
from tests.identity.matching.people import population


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    """Records by their id."""
    return population(5, 120, copies=0.4).set_index("id", drop=False)


@pytest.fixture(scope="module")
def matcher(people: pd.DataFrame) -> Matcher:
    """Learnt from all of them."""
    return learnt(people)


@pytest.fixture(scope="module")
def whole(people: pd.DataFrame, matcher: Matcher) -> Nights:
    """All records in one night."""
    nights = Nights(people, matcher)
    nights.night(list(people["id"]))
    return nights


def test_true_pairs_weigh_more_than_others(people: pd.DataFrame, whole: Nights) -> None:
    who = people["who"]
    found = {pair for pair, (weight, _) in whole.matches.items() if weight > 0}
    right = {pair for pair in found if who[pair[0]] == who[pair[1]]}
    true = sum(n * (n - 1) // 2 for n in who.value_counts())
    assert len(right) > 0.9 * true
    assert len(right) > 0.95 * len(found)


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 1_000), nights=st.integers(2, 6))
def test_however_records_are_split_into_nights_the_same_pairs_are_found(
    people: pd.DataFrame, matcher: Matcher, whole: Nights, seed: int, nights: int
) -> None:
    chance = random.Random(seed)
    mixed = chance.sample(list(people["id"]), len(people))
    split = Nights(people, matcher)
    for n in range(nights):
        split.night(mixed[n::nights])
    # A record that is delivered twice is weighed again.
    split.night(chance.sample(mixed, 5))
    assert split.matches == whole.matches
    assert split.blocks == whole.blocks


def test_a_night_opens_what_it_is_compared_with_and_no_more(
    people: pd.DataFrame, matcher: Matcher
) -> None:
    nights = Nights(people, matcher)
    nights.night(list(people["id"][:-1]))
    nights.opened = 0
    nights.night(list(people["id"][-1:]))
    assert 1 <= nights.opened < len(people) / 2


def test_a_pair_that_is_asked_for_is_weighed_however_little_speaks_for_it(
    people: pd.DataFrame, matcher: Matcher, whole: Nights
) -> None:
    ids = sorted(people["id"])
    strange = next((ids[0], other) for other in ids[1:] if (ids[0], other) not in whole.matches)
    nights = Nights(people, matcher)
    nights.night([r for r in ids if r != strange[0]])
    found = nights.night([strange[0]], asked=[strange])
    assert nights.matches[strange][0] < 0
    assert not found.matches.to_pandas().duplicated(["left_id", "right_id"]).any()


def test_a_record_that_tells_nothing_is_looked_for_by_nothing(
    people: pd.DataFrame, matcher: Matcher
) -> None:
    silent = people.copy()
    silent.loc["r0000", silent.columns.drop(["id", "who"])] = None
    nights = Nights(silent, matcher)
    nights.night(list(people["id"]))
    assert nights.blocks["r0000"] == []
    assert not any("r0000" in pair for pair in nights.matches)


def test_a_matcher_that_was_kept_weighs_as_before(
    people: pd.DataFrame, matcher: Matcher, whole: Nights, tmp_path: Path
) -> None:
    matcher.save(tmp_path)
    again = Nights(people, Matcher.load(tmp_path))
    again.night(list(people["id"]))
    assert again.matches == whole.matches


def test_a_kept_matcher_holds_no_name(
    people: pd.DataFrame, matcher: Matcher, tmp_path: Path
) -> None:
    matcher.save(tmp_path)
    written = b"".join(path.read_bytes() for path in sorted(tmp_path.iterdir()))
    common = pd.read_parquet(tmp_path / "common.parquet")
    assert set(common.columns) == {"field", "hash", "log2_share"}
    assert len(common) > 50
    for column in ("first_name", "last_name", "city", "phone"):
        for value in set(people[column]):
            # Also the names of fields and rules stand there, which are made of short words.
            assert len(value) < 6 or value.encode() not in written


def test_another_secret_has_other_hashes(people: pd.DataFrame, matcher: Matcher) -> None:
    forms = matcher.forms(people.reset_index(drop=True), KEY)
    one, other = (set(matcher.keys(forms, key)["block"]) for key in (KEY, hash_key(b"another")))
    assert not one & other
