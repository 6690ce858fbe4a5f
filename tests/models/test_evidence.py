"""Evidence: the person's own product behind a recommended one, whatever the model's age."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from models.als import AlsModel
from models.evidence import evidence
from models.recommender import recommend
from models.settings import AlsSettings, Weighting

NAMES = ["person_id", "product_id", "kind", "quantity", "occurred_on"]
TRAINED, TONIGHT = date(2024, 2, 1), date(2024, 3, 1)
SETTINGS = AlsSettings(
    factors=2, weighting=Weighting(half_life_days=None), repeat_weight=0.0, popularity_weight=0.0
)


@pytest.fixture
def model() -> AlsModel:
    """Two kinds of products, as the model learnt them a month ago."""
    return AlsModel(
        product_ids=np.array(["cup", "drill", "pot", "saw"]),
        item_factors=np.array([[1, 0], [0, 1], [0.9, 0.1], [0.1, 0.9]], dtype=np.float32),
        popularity=np.zeros(4, dtype=np.float32),
        settings=SETTINGS,
        trained_until=TRAINED,
        bm25=None,
    )


def bought(*rows: tuple[str, str, date]) -> pd.DataFrame:
    return pd.DataFrame([(a, b, "purchase", 1.0, day) for a, b, day in rows], columns=NAMES)


def test_people_and_purchases_after_the_training_speak_for_themselves(model: AlsModel) -> None:
    history = bought(
        ("ann", "cup", date(2024, 1, 5)),
        # First seen after the model was trained, between and after the names it was trained on.
        ("bea", "drill", date(2024, 2, 20)),
        ("cai", "cup", date(2024, 1, 7)),
        ("cai", "drill", date(2024, 2, 21)),
        ("zoe", "cup", date(2024, 2, 22)),
    )
    shown = recommend(model, history, as_of_exclusive=TONIGHT, n=1, leave_out_bought=True)
    told = shown.assign(because=evidence(model, history, shown, as_of_exclusive=TONIGHT))
    because = dict(zip(told["person_id"], told["because"], strict=True))
    assert set(because) == {"ann", "bea", "cai", "zoe"}
    own = history.groupby("person_id")["product_id"].agg(set)
    assert all(product in own[person] for person, product in because.items())
    assert (because["ann"], because["bea"], because["zoe"]) == ("cup", "drill", "cup")


def test_only_what_was_known_on_the_day_speaks(model: AlsModel) -> None:
    history = bought(("ann", "cup", date(2024, 1, 5)), ("ann", "saw", date(2024, 2, 20)))
    shown = pd.DataFrame({"person_id": ["ann"], "product_id": ["drill"]})
    assert evidence(model, history, shown, as_of_exclusive=TONIGHT).tolist() == ["saw"]
    assert evidence(model, history, shown, as_of_exclusive=TRAINED).tolist() == [None]


def test_who_and_what_nobody_knows_has_no_evidence(model: AlsModel) -> None:
    history = bought(("ann", "cup", date(2024, 1, 5)))
    shown = pd.DataFrame(
        {"person_id": ["nobody", "ann", "ann", "ann"], "product_id": ["pot", "new", "pot", "cup"]},
        index=[7, 3, 5, 1],
    )
    found = evidence(model, history, shown, as_of_exclusive=TONIGHT, block=2)
    assert found.to_dict() == {7: None, 3: None, 5: "cup", 1: "cup"}
    assert evidence(model, history.iloc[:0], shown.iloc[:0], as_of_exclusive=TONIGHT).empty
