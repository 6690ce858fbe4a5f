"""The settings of the segments: what is accepted, and what a mistake is told."""

from collections import Counter
from itertools import product

import pytest
from pydantic import ValidationError

from jobs.lake.contract import Privacy
from jobs.lake.tables.gold import PROFILES
from jobs.segments.settings import ClusterSettings, Feature, RfmSettings
from tests.segments.rules import read_rules


def test_shipped_segments_hold_every_combination_once() -> None:
    rules = read_rules()
    held = Counter(
        scores
        for scores in product(range(1, 6), repeat=3)
        for box in rules.segments
        if box.holds(*scores)
    )
    assert len(held) == 125
    assert set(held.values()) == {1}


@pytest.mark.parametrize(
    ("r", "f", "name"),
    [
        (5, 5, "champions"),
        (5, 1, "new customers"),
        (4, 1, "promising"),
        (3, 5, "loyal"),
        (3, 3, "need attention"),
        (1, 5, "cannot lose them"),
        (2, 1, "hibernating"),
        (1, 2, "hibernating"),
        (1, 1, "lost"),
    ],
)
def test_shipped_segments_are_the_usual_ones(r: int, f: int, name: str) -> None:
    assert [box.name for box in read_rules().segments if box.holds(r, f, 3)] == [name]


def test_missing_combination_is_named() -> None:
    boxes = [{"name": "all but one", "r": [1, 2], "f": [1, 2], "m": [1, 1]}]
    boxes += [{"name": "recent", "r": [2, 2], "f": [1, 2], "m": [2, 2]}]
    boxes += [{"name": "rare", "r": [1, 1], "f": [1, 1], "m": [2, 2]}]
    with pytest.raises(ValidationError, match=r"R=1 F=2 M=2 in no segment"):
        RfmSettings.model_validate({"bins": 2, "segments": boxes})


def test_doubly_held_combination_is_named_with_its_segments() -> None:
    boxes = [{"name": "all", "r": [1, 2], "f": [1, 2]}]
    boxes += [{"name": "best", "r": [2, 2], "f": [2, 2], "m": [2, 2]}]
    with pytest.raises(ValidationError, match=r"R=2 F=2 M=2 \(all, best\) in more than one"):
        RfmSettings.model_validate({"bins": 2, "segments": boxes})


def test_unknown_key_is_refused() -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        ClusterSettings.model_validate({"clusters": 4})


@pytest.mark.parametrize(
    ("column", "reason"), [("age", "no column 'age'"), ("country", "not a number")]
)
def test_feature_must_be_a_number_of_the_profile(column: str, reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        Feature(name="x", column=column)


def test_protected_column_cannot_be_a_feature(monkeypatch: pytest.MonkeyPatch) -> None:
    age = type(PROFILES.column("orders"))("age", "int", "Age.", Privacy.PROTECTED)
    monkeypatch.setitem(PROFILES._by_name, "age", age)
    monkeypatch.setattr(type(PROFILES), "names", (*PROFILES.names, "age"))
    with pytest.raises(ValidationError, match="protected"):
        Feature(name="age", column="age")


@pytest.mark.parametrize("k", [(1, 4), (5, 3)])
def test_range_of_k_must_make_sense(k: tuple[int, int]) -> None:
    with pytest.raises(ValidationError, match="k is"):
        ClusterSettings(k=k)
