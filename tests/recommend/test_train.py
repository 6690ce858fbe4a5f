"""Training: a night's settings are judged beside those of the model in use, on the same days."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import pytest

from jobs.recommend.settings import RecommendSettings
from jobs.recommend.train import measured
from models.settings import AlsSettings

UNTIL = date(2024, 3, 1)
OWN = AlsSettings(factors=4, iterations=5)
WANTED = RecommendSettings(als=OWN, holdout_days=28)
METRIC = f"ndcg_at_10_{WANTED.judged_items}_warm"


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """Forty persons of two tastes; each buys in the last days what it lacked of its own."""
    found = []
    for person in range(40):
        taste = "tea" if person < 20 else "tools"
        for product in range(10):
            late = (person + product) % 5 == 0
            day = UNTIL - timedelta(days=3 if late else 60)
            found.append((f"person-{person:02}", f"{taste}-{product}", "purchase", 1.0, day))
    names = ["person_id", "product_id", "kind", "quantity", "occurred_on"]
    return pd.DataFrame(found, columns=names)


def figures(rows: pd.DataFrame, champion: AlsSettings | None) -> dict[str, float]:
    products = sorted(rows["product_id"].unique())
    found = measured(rows, WANTED, UNTIL, products, champion)
    assert found is not None
    return found


def test_the_first_model_is_judged_beside_popularity_only(rows: pd.DataFrame) -> None:
    found = figures(rows, None)
    assert found[METRIC] > found[f"popularity_{METRIC}"] > 0
    assert not [name for name in found if name.startswith("champion_")]


def test_the_same_settings_are_the_champions_equal(rows: pd.DataFrame) -> None:
    found = figures(rows, OWN)
    assert found[f"champion_{METRIC}"] == found[METRIC]


def test_other_settings_are_judged_on_the_same_days(rows: pd.DataFrame) -> None:
    held = AlsSettings(factors=1, iterations=1, regularization=100.0)
    found = figures(rows, held)
    assert found[f"champion_{METRIC}"] < found[METRIC]
    assert found[METRIC] == figures(rows, None)[METRIC]


def test_without_anything_to_hold_out_nothing_is_measured(rows: pd.DataFrame) -> None:
    early = rows[rows["occurred_on"] < UNTIL - timedelta(days=28)]
    assert measured(early, WANTED, UNTIL, ["tea-0"], None) is None
