"""ALS: what it learns, that it learns the same every time, and what it recommends."""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from models.als import AlsModel, TrainingError, train
from models.interactions import weigh
from models.recommender import recommend
from models.settings import AlsSettings, Weighting

CUT = date(2024, 2, 1)
SETTINGS = AlsSettings(
    factors=4, regularization=0.1, repeat_weight=0.0, popularity_weight=0.0, iterations=10
)


def advised(model: AlsModel, frame: pd.DataFrame, **options: object) -> pd.DataFrame:
    defaults = {"as_of_exclusive": CUT, "n": 2, "leave_out_bought": True}
    return recommend(model, frame, **(defaults | options))  # type: ignore[arg-type]


def test_recovers_two_planted_tastes(two_tastes: pd.DataFrame) -> None:
    shown = advised(train(two_tastes, SETTINGS, as_of_exclusive=CUT), two_tastes)
    assert len(shown) == 40 * 2
    for person, product in zip(shown["person_id"], shown["product_id"], strict=True):
        number = int(person.removeprefix("person-"))
        taste, place = product.split("-")
        assert taste == ("tea" if number < 20 else "tools")
        assert (number + int(place)) % 5 == 0  # the two of their own taste that they lack


def test_tidy_frame_with_ranks_from_one(two_tastes: pd.DataFrame) -> None:
    shown = advised(train(two_tastes, SETTINGS, as_of_exclusive=CUT), two_tastes, n=3)
    assert shown.columns.tolist() == ["person_id", "rank", "product_id", "score"]
    assert shown["rank"].tolist() == [1, 2, 3] * 40
    assert shown["person_id"].is_monotonic_increasing
    falls = shown.groupby("person_id")["score"].agg(lambda scores: scores.is_monotonic_decreasing)
    assert falls.all()
    assert (shown["score"].round(5) == shown["score"]).all()


@pytest.mark.parametrize("threads", [1, 2])
def test_shuffled_rows_and_threads_give_the_same_bits(
    two_tastes: pd.DataFrame, threads: int
) -> None:
    kept = two_tastes.copy(deep=True)
    first = train(two_tastes, SETTINGS, as_of_exclusive=CUT)
    shuffled = two_tastes.sample(frac=1.0, random_state=5)
    settings = SETTINGS.model_copy(update={"threads": threads})
    second = train(shuffled, settings, as_of_exclusive=CUT)
    assert first.item_factors.tobytes() == second.item_factors.tobytes()
    pd.testing.assert_frame_equal(advised(first, two_tastes), advised(second, shuffled))
    pd.testing.assert_frame_equal(two_tastes, kept)


def test_another_seed_gives_other_factors(two_tastes: pd.DataFrame) -> None:
    other = SETTINGS.model_copy(update={"seed": 21})
    first = train(two_tastes, SETTINGS, as_of_exclusive=CUT)
    second = train(two_tastes, other, as_of_exclusive=CUT)
    assert not np.array_equal(first.item_factors, second.item_factors)


def test_memory_blocks_do_not_show(two_tastes: pd.DataFrame) -> None:
    model = train(two_tastes, SETTINGS, as_of_exclusive=CUT)
    one_person_a_block = advised(model, two_tastes, block_bytes=1)
    pd.testing.assert_frame_equal(one_person_a_block, advised(model, two_tastes))


def test_only_recommendable_products_and_asked_persons(two_tastes: pd.DataFrame) -> None:
    model = train(two_tastes, SETTINGS, as_of_exclusive=CUT)
    shown = advised(
        model,
        two_tastes,
        n=5,
        leave_out_bought=False,
        recommendable=["tea-1", "tools-1", "unheard-of"],
        people=["person-00", "nobody"],
    )
    assert shown["person_id"].tolist() == ["person-00"] * 2
    assert shown["product_id"].tolist() == ["tea-1", "tools-1"]


def test_what_happened_after_the_cut_is_not_known(two_tastes: pd.DataFrame) -> None:
    late = two_tastes.head(1).assign(product_id="tools-1", occurred_on=CUT)
    both = pd.concat([two_tastes, late])
    first = train(two_tastes, SETTINGS, as_of_exclusive=CUT)
    second = train(both, SETTINGS, as_of_exclusive=CUT)
    assert first.item_factors.tobytes() == second.item_factors.tobytes()
    pd.testing.assert_frame_equal(advised(first, two_tastes), advised(second, both))


def test_customer_who_came_after_training_is_served(two_tastes: pd.DataFrame) -> None:
    model = train(two_tastes, SETTINGS, as_of_exclusive=CUT)
    newcomer = two_tastes[two_tastes["person_id"] == "person-25"].assign(person_id="zoe")
    shown = advised(model, newcomer)
    assert shown["product_id"].str.startswith("tools-").all()


def test_one_person_alone_scores_as_among_all(two_tastes: pd.DataFrame) -> None:
    settings = SETTINGS.model_copy(update={"weighting": Weighting(bm25_k1=1.2)})
    model = train(two_tastes, settings, as_of_exclusive=CUT)
    alone = two_tastes[two_tastes["person_id"] == "person-07"]
    among = advised(model, two_tastes).query("person_id == 'person-07'").reset_index(drop=True)
    pd.testing.assert_frame_equal(advised(model, alone), among)


def test_the_model_holds_no_person(two_tastes: pd.DataFrame, tmp_path: Path) -> None:
    train(two_tastes, SETTINGS, as_of_exclusive=CUT).save(tmp_path)
    with np.load(tmp_path / "factors.npz", allow_pickle=False) as arrays:
        texts = [str(arrays[name].tolist()) for name in arrays.files]
    texts.append((tmp_path / "settings.json").read_text())
    assert not any("person-" in text for text in texts)


def test_habit_and_trend_are_added_as_the_formula_says(two_tastes: pd.DataFrame) -> None:
    blended = SETTINGS.model_copy(
        update={"repeat_weight": 2.0, "repeat_half_life_days": 31.0, "popularity_weight": 0.5}
    )
    plain = train(two_tastes, SETTINGS, as_of_exclusive=CUT)
    model = train(two_tastes, blended, as_of_exclusive=CUT)
    history = weigh(two_tastes, model.weighting, as_of_exclusive=CUT, repeat_half_life_days=31.0)
    added = model.score(history) - plain.score(history)
    # All products have 16 buyers, so popularity is 1; a purchase 31 days old counts half.
    bought = history.weights.toarray() > 0
    assert added[bought] == pytest.approx(2.0 * 0.5 + 0.5, abs=1e-5)
    assert added[~bought] == pytest.approx(0.5, abs=1e-5)


@pytest.mark.parametrize("bm25_k1", [None, 1.2])
def test_saved_model_comes_back(
    two_tastes: pd.DataFrame, tmp_path: Path, bm25_k1: float | None
) -> None:
    settings = AlsSettings(factors=4, weighting=Weighting(bm25_k1=bm25_k1))
    model = train(two_tastes, settings, as_of_exclusive=CUT)
    model.save(tmp_path / "als")
    back = AlsModel.load(tmp_path / "als")
    assert back.settings == settings
    assert back.trained_until == CUT
    pd.testing.assert_frame_equal(advised(back, two_tastes), advised(model, two_tastes))


def test_nothing_to_learn_from_is_said(two_tastes: pd.DataFrame) -> None:
    with pytest.raises(TrainingError, match=r"no interaction before 2023-01-01 has a weight"):
        train(two_tastes, SETTINGS, as_of_exclusive=date(2023, 1, 1))


def test_unknown_settings_are_refused() -> None:
    with pytest.raises(ValidationError, match="factor"):
        AlsSettings.model_validate({"factor": 3})
