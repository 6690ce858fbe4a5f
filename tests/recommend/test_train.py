"""Training: a night's settings are judged beside those of the model in use, on the same days."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from jobs.lake.run import Record, Run
from jobs.lake.settings import load_settings
from jobs.lake.store import Lake
from jobs.lake.tables.silver import PRODUCTS
from jobs.recommend.learnt import once_recommendable, recommendable
from jobs.recommend.settings import RecommendSettings
from jobs.recommend.train import measured, run_key
from models.settings import AlsSettings, PopularitySettings, Weighting

UNTIL = date(2024, 3, 1)
OWN = AlsSettings(factors=4, iterations=5)
WANTED = RecommendSettings(als=OWN, holdout_days=28)
METRIC = WANTED.metric


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


def test_one_training_is_one_whoever_starts_it(rows: pd.DataFrame) -> None:
    night = date(2024, 2, 29)
    key = run_key(night, rows, WANTED.of_training())
    shown = WANTED.model_copy(update={"products": 5, "expires_after_days": 9})
    assert run_key(night, rows.copy(), shown.of_training()) == key
    others = [
        run_key(date(2024, 2, 28), rows, WANTED.of_training()),
        run_key(night, rows.iloc[1:], WANTED.of_training()),
        run_key(night, rows, WANTED.model_copy(update={"holdout_days": 7}).of_training()),
    ]
    assert len({key, *others}) == 4


def test_short_lists_are_filled_as_the_settings_say(rows: pd.DataFrame) -> None:
    cut = UNTIL - timedelta(days=28)
    lately, long_ago = cut - timedelta(days=1), cut - timedelta(days=300)
    shop = [(f"old-{n}", "classic", "purchase", 1.0, long_ago) for n in range(90)]
    shop += [(f"new-{n}", "fad", "purchase", 1.0, lately) for n in range(60)]
    shop += [("eve", "cup", "add_to_cart", 1.0, lately)]
    shop += [("ann", "pot", "purchase", 1.0, lately)]
    shop += [("ann", "classic", "purchase", 1.0, UNTIL - timedelta(days=1))]
    frame = pd.DataFrame(shop, columns=rows.columns)
    # It learns of carts alone, so that it knows nothing of Ann.
    carts = OWN.model_copy(update={"weighting": Weighting(kinds={"add_to_cart": 1.0})})

    def value(half_life_days: float | None) -> float:
        popularity = PopularitySettings(half_life_days=half_life_days)
        wanted = WANTED.model_copy(update={"als": carts, "popularity": popularity})
        found = measured(frame, wanted, UNTIL, ["classic", "cup", "fad"], None)
        assert found is not None
        return found[METRIC]

    # The classic is first where all buyers count alike, second where only late ones do.
    assert value(None) == pytest.approx(1.0)
    assert value(7.0) == pytest.approx(0.63093, abs=1e-5)


def test_a_past_day_bars_nothing_by_tonights_stock(tmp_path: Path) -> None:
    def product(key: str, **said: Any) -> dict[str, Any]:
        provenance = {"version": "1", "row_hash": 1, "file_id": "f", "line": 2}
        row = {"source": "s", "product_id": key, "name": key, "item_type": "product"}
        return {**row, **provenance, "loaded_on": date(2024, 1, 1), **said}

    lake = Lake(tmp_path / "lake")
    lake.append_rows(
        PRODUCTS,
        [
            product("sold out", stock=0),
            product("plenty", stock=4, launched_on=date(2023, 1, 1)),
            product("launched since", launched_on=date(2024, 2, 20)),
            product("postage", item_type="service"),
            product("nameless", name=None),
        ],
    )
    settings = load_settings(environment={"BESPOKE_SOURCE": "demo"})
    run, record = Run(settings, lake, date(2024, 2, 29)), Record("train")
    assert recommendable(run, record) == ["launched since", "plenty"]
    assert once_recommendable(run, record, date(2024, 2, 2)) == ["plenty", "sold out"]
