"""Popularity: distinct buyers with decay, groups, and filling up."""

from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
import pytest

from models.popularity import fill_up, most_popular, popularity
from models.recommender import recommend
from models.repeat import RepeatSettings, train_repeat
from models.settings import PopularitySettings

Frame = Callable[..., pd.DataFrame]
CUT = date(2024, 3, 1)
TEN_DAYS = PopularitySettings(half_life_days=10)


@pytest.fixture
def sales(interactions: Frame) -> pd.DataFrame:
    return interactions(
        ("ann", "cup", "purchase", 900, date(2024, 2, 20)),  # one buyer, however many cups
        ("ann", "cup", "purchase", 1, date(2024, 2, 10)),
        ("ann", "tea", "purchase", 1, date(2024, 2, 10)),
        ("bob", "tea", "purchase", 1, date(2024, 2, 10)),
        ("zoe", "tea", "purchase", 1, date(2024, 2, 20)),
        ("zoe", "pot", "product_view", 1, date(2024, 2, 20)),
        ("zoe", "jug", "purchase", 1, CUT),
        ("bob", "bun", "purchase", 1, date(2024, 2, 20)),
    )


def test_decayed_distinct_buyers(sales: pd.DataFrame) -> None:
    ranked = most_popular(sales, TEN_DAYS, as_of_exclusive=CUT)
    assert ranked.to_dict("list") == {
        "rank": [1, 2, 3],
        "product_id": ["tea", "bun", "cup"],  # bun and cup tie at 0.5
        "score": [1.0, 0.5, 0.5],
        "buyers": [3, 1, 1],
    }


def test_by_group_and_top_n(sales: pd.DataFrame) -> None:
    grouped = sales.assign(segment=sales["person_id"].map({"ann": "b", "bob": "a", "zoe": "a"}))
    ranked = most_popular(grouped, TEN_DAYS, as_of_exclusive=CUT, by=["segment"], n=1)
    assert ranked[["segment", "rank", "product_id", "score"]].to_numpy().tolist() == [
        ["a", 1, "tea", 0.75],
        ["b", 1, "cup", 0.5],
    ]


def test_only_recommendable(sales: pd.DataFrame) -> None:
    ranked = most_popular(sales, TEN_DAYS, as_of_exclusive=CUT, recommendable=["cup", "pot"])
    assert ranked["product_id"].tolist() == ["cup"]


def test_share_of_the_most_popular(sales: pd.DataFrame) -> None:
    ids = np.array(["bun", "jug", "tea"])
    shares = popularity(sales, TEN_DAYS, as_of_exclusive=CUT, product_ids=ids)
    assert shares.tolist() == [0.5, 0.0, 1.0]


def test_no_sales(interactions: Frame) -> None:
    assert most_popular(interactions(), TEN_DAYS, as_of_exclusive=CUT).empty


def test_shuffled_input_gives_the_same_and_is_not_changed(sales: pd.DataFrame) -> None:
    kept = sales.copy(deep=True)
    shuffled = most_popular(sales.sample(frac=1, random_state=3), TEN_DAYS, as_of_exclusive=CUT)
    pd.testing.assert_frame_equal(shuffled, most_popular(sales, TEN_DAYS, as_of_exclusive=CUT))
    pd.testing.assert_frame_equal(sales, kept)


def test_lists_are_filled_without_repeating_or_touching_what_is_barred() -> None:
    popular = pd.DataFrame({"rank": [1, 2, 3, 4], "product_id": ["a", "b", "c", "d"]})
    have = pd.DataFrame({"person_id": ["ann"], "rank": [1], "product_id": ["b"], "score": [0.7]})
    barred = pd.DataFrame({"person_id": ["zoe"], "product_id": ["a"]})
    filled = fill_up(have, popular, people=["zoe", "ann"], n=3, barred=barred)
    assert filled[["person_id", "rank", "product_id"]].to_numpy().tolist() == [
        ["ann", 1, "b"],
        ["ann", 2, "a"],
        ["ann", 3, "c"],
        ["zoe", 1, "b"],
        ["zoe", 2, "c"],
        ["zoe", 3, "d"],
    ]
    assert filled["score"].isna().tolist() == [False, True, True, True, True, True]


def test_full_lists_stay_as_they_are() -> None:
    popular = pd.DataFrame({"rank": [1], "product_id": ["a"]})
    have = pd.DataFrame({"person_id": ["ann"], "rank": [1], "product_id": ["b"], "score": [0.7]})
    pd.testing.assert_frame_equal(fill_up(have, popular, people=["ann"], n=1), have)


def test_repeat_baseline_shows_own_products_by_frequency_then_the_popular(
    sales: pd.DataFrame,
) -> None:
    model = train_repeat(sales, RepeatSettings(popularity=TEN_DAYS), as_of_exclusive=CUT)
    shown = recommend(model, sales, as_of_exclusive=CUT, n=3)
    lists = shown.groupby("person_id")["product_id"].agg(list).to_dict()
    assert lists == {
        "ann": ["cup", "tea", "bun"],  # cup on two days
        "bob": ["tea", "bun", "cup"],  # one day each: the more popular first
        "zoe": ["tea", "bun", "cup"],
    }
