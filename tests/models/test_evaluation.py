"""Evaluation and tuning: exact figures of a made-up model, and no look into the future."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from models.als import train
from models.ease import EaseSettings, train_ease
from models.evaluation import Trainer, evaluate
from models.interactions import History, Ids
from models.item_item import ItemItemSettings, train_item_item
from models.popularity import PURCHASES_ONLY, train_popularity
from models.recommender import recommend
from models.repeat import RepeatSettings, train_repeat
from models.settings import AlsSettings, PopularitySettings, Weighting
from models.split import Window, time_split
from models.tuning import choices, tune

COLUMNS = ["person_id", "product_id", "kind", "quantity", "occurred_on"]
WINDOW = Window(date(2024, 2, 1), date(2024, 3, 1))


@dataclass(frozen=True, eq=False)
class Fixed:
    """Scores the products a, b, c, d in a fixed way for everybody."""

    scores: tuple[float, ...]
    product_ids: Ids
    weighting: Weighting = PURCHASES_ONLY
    repeat_half_life_days: float | None = None

    def score(self, history: History) -> NDArray[np.float32]:
        return np.tile(np.array(self.scores, dtype=np.float32), (len(history.person_ids), 1))


def fixed(*scores: float) -> Trainer:
    def trainer(interactions: pd.DataFrame, *, as_of_exclusive: date) -> Fixed:
        assert pd.to_datetime(interactions["occurred_on"]).max() < pd.Timestamp(as_of_exclusive)
        return Fixed(scores, np.array(["a", "b", "c", "d"]))

    return trainer


@pytest.fixture
def shop() -> pd.DataFrame:
    past = [("ann", "a"), ("ann", "b"), ("bob", "a"), ("bob", "c"), ("eve", "d")]
    later = [("ann", "a"), ("ann", "c"), ("bob", "b"), ("zoe", "a")]
    rows = [(person, product, "purchase", 1.0, date(2024, 1, 5)) for person, product in past]
    rows += [(person, product, "purchase", 1.0, date(2024, 2, 5)) for person, product in later]
    return pd.DataFrame(rows, columns=COLUMNS)


def test_exact_figures_by_variant(shop: pd.DataFrame) -> None:
    trainers = {"forward": fixed(4, 3, 2, 1), "backward": fixed(1, 2, 3, 4)}
    found = evaluate(trainers, shop, WINDOW, k=2, baselines=["backward"], resamples=50)

    # All items, forward: a, b to both. Ann has 1 of 2, Bob 1 of 1 at rank 2.
    warm = found.of("forward", items="all", people="warm")
    assert warm.n_people == 2
    assert warm.metrics["recall"].mean == pytest.approx((0.5 + 1.0) / 2)
    assert warm.metrics["ndcg"].mean == pytest.approx((0.613147 + 0.630930) / 2, abs=1e-6)
    assert warm.coverage == 0.5
    # Backward: d, c to both: Ann's c at rank 2 alone.
    other = found.of("backward", items="all", people="warm")
    assert other.metrics["recall"].mean == pytest.approx(0.25)
    assert warm.differences["backward"]["recall"].mean == pytest.approx(0.5)
    assert other.differences == {}

    # Zoe is cold: the popular a is the first she is shown, by every model.
    everybody = found.of("backward", items="all", people="all")
    assert everybody.n_people == 3
    assert everybody.metrics["recall"].mean == pytest.approx((0.5 + 0.0 + 1.0) / 3)

    # New only: Ann, who has a and b, is shown c, d; Bob, who has a and c, is shown b, d.
    new = found.of("forward", items="new", people="warm")
    assert new.metrics["recall"].mean == pytest.approx(1.0)
    assert new.metrics["ndcg"].mean == pytest.approx(1.0)

    assert found.flat_metrics("forward")["recall_at_2_all_warm"] == pytest.approx(0.75)
    assert found.to_dict()["window"] == {"start": "2024-02-01", "end": "2024-03-01"}


def test_what_was_only_looked_at_may_still_fill_a_list() -> None:
    # Ann looked at d before she bought it; c, which she bought, is all that is left out.
    looked = [("ann", "d", "product_view", 1.0, date(2024, 1, 5))]
    history = [("ann", "c"), ("bob", "d"), ("eve", "d"), ("eve", "a"), ("bob", "a")]
    rows = [(a, b, "purchase", 1.0, date(2024, 1, 4)) for a, b in history]
    bought = [("ann", "d", "purchase", 1.0, date(2024, 2, 5))]
    frame = pd.DataFrame([*rows, *looked, *bought], columns=COLUMNS)
    nothing = {"silent": fixed(*[-np.inf] * 4)}
    found = evaluate(nothing, frame, WINDOW, k=2, items=("new",), people=("warm",), resamples=0)
    assert found.of("silent", items="new").metrics["recall"].mean == 1.0


def test_unknown_baseline_and_empty_window_are_said(shop: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match=r"\['popularity'\] are not among the models"):
        evaluate({"f": fixed(1, 2, 3, 4)}, shop, WINDOW, baselines=["popularity"])
    with pytest.raises(ValueError, match="nothing was bought within"):
        evaluate({"f": fixed(1, 2, 3, 4)}, shop, Window(date(2025, 1, 1), date(2025, 2, 1)))


MODELS: dict[str, Trainer] = {
    "als": partial(train, settings=AlsSettings(factors=4, regularization=1.0)),
    "popularity": partial(train_popularity, settings=PopularitySettings()),
    "repeat": partial(train_repeat, settings=RepeatSettings()),
    "item_item": partial(train_item_item, settings=ItemItemSettings()),
    "ease": partial(train_ease, settings=EaseSettings(regularization=5.0)),
}


@pytest.mark.parametrize("name", ["als", "item_item", "ease"])
def test_personal_models_find_the_taste_and_popularity_cannot(
    two_tastes: pd.DataFrame, name: str
) -> None:
    later = two_tastes.groupby("person_id", as_index=False).first()
    number = later["person_id"].str.removeprefix("person-").astype(int)
    taste = np.where(number < 20, "tea-", "tools-")
    lacking = ((5 - number % 5) % 5).astype(str)
    later = later.assign(product_id=taste + lacking, occurred_on=date(2024, 2, 5))
    frame = pd.concat([two_tastes, later])
    chosen = {name: MODELS[name], "popularity": MODELS["popularity"]}
    found = evaluate(chosen, frame, WINDOW, k=2, baselines=["popularity"], resamples=200)
    score = found.of(name, items="new")
    assert score.metrics["recall"].mean == 1.0
    assert score.differences["popularity"]["recall"].low > 0


@pytest.mark.parametrize("name", sorted(MODELS))
def test_every_model_gives_the_same_for_shuffled_rows(two_tastes: pd.DataFrame, name: str) -> None:
    cut = date(2024, 2, 1)

    def lists(frame: pd.DataFrame) -> pd.DataFrame:
        model = MODELS[name](frame, as_of_exclusive=cut)
        return recommend(model, frame, as_of_exclusive=cut, n=4)

    shuffled = two_tastes.sample(frac=1, random_state=8)
    pd.testing.assert_frame_equal(lists(two_tastes), lists(shuffled))


def test_ease_leaves_out_the_rarest_products(two_tastes: pd.DataFrame) -> None:
    rare = two_tastes.head(1).assign(product_id="a-rarity")
    settings = EaseSettings(max_products=20)
    model = train_ease(pd.concat([two_tastes, rare]), settings, as_of_exclusive=date(2024, 2, 1))
    assert len(model.product_ids) == 20
    assert "a-rarity" not in model.product_ids


def test_draws_are_distinct_seeded_and_start_from_the_base() -> None:
    grid: dict[str, list[Any]] = {"factors": [8, 16], "weighting.half_life_days": [30.0, 60.0]}
    drawn = list(choices(AlsSettings(), grid, trials=10, seed=1))
    assert drawn[0] == AlsSettings()
    pairs = {(s.factors, s.weighting.half_life_days) for s in drawn[1:]}
    assert pairs == {(8, 30.0), (8, 60.0), (16, 30.0), (16, 60.0)}
    assert drawn == list(choices(AlsSettings(), grid, trials=10, seed=1))
    assert len(list(choices(AlsSettings(), grid, trials=3, seed=1))) == 3


def test_draws_are_validated() -> None:
    with pytest.raises(ValueError, match="factors"):
        list(choices(AlsSettings(), {"factors": [0]}, trials=5, seed=1))


def test_tuning_never_sees_the_test_window() -> None:
    end = date(2024, 3, 1)
    split = time_split(end, days=10)
    days = [end - timedelta(days=age) for age in (25, 15, 5)]
    rows = [
        (f"p{person}", f"i{(person + step) % 7}", "purchase", 1.0, day)
        for person in range(15)
        for step, day in enumerate(days)
    ]
    frame = pd.DataFrame(rows, columns=COLUMNS)
    seen: list[pd.Timestamp] = []

    def trainer_of(settings: PopularitySettings) -> Trainer:
        def trainer(interactions: pd.DataFrame, *, as_of_exclusive: date) -> Any:
            seen.append(pd.to_datetime(interactions["occurred_on"]).max())
            return train_popularity(interactions, settings, as_of_exclusive=as_of_exclusive)

        return trainer

    settings = [PopularitySettings(half_life_days=days) for days in (5.0, 50.0)]
    trials = tune(iter(settings), trainer_of, frame, split)
    assert max(seen) < pd.Timestamp(split.validation.start)
    assert [trial.value for trial in trials] == sorted((t.value for t in trials), reverse=True)
    without_test = frame[pd.to_datetime(frame["occurred_on"]) < pd.Timestamp(split.test.start)]
    assert tune(iter(settings), trainer_of, without_test, split) == trials
