"""Benchmark of the recommenders on two real data sets: tuned on validation, judged on test.

Usage::

    python bench/recommender.py --data DIR --out bench/recommender.json

writes the result as JSON, and beside it as Markdown. The test window (the last 28 days) is
looked at once, after everything is chosen on the 28 days before it.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from math import prod
from pathlib import Path
from typing import Any, Final

import pandas as pd
from pydantic import BaseModel
from recommender_data import complete_journey, end_exclusive, online_retail
from recommender_report import markdown
from watch import machine

from models.als import train
from models.columns import PERSON, PRODUCT
from models.ease import EaseSettings, train_ease
from models.evaluation import Trainer, evaluate
from models.item_item import ItemItemSettings, train_item_item
from models.popularity import train_popularity
from models.recommender import recommend
from models.repeat import RepeatSettings, train_repeat
from models.settings import AlsSettings, PopularitySettings, Weighting
from models.split import before, time_split
from models.tuning import Trial, choices, tune

DATA_SETS: Final = {"online_retail": online_retail, "complete_journey": complete_journey}

TASTE: Final[dict[str, list[Any]]] = {
    "factors": [32, 64, 128],
    "regularization": [10.0, 30.0, 100.0],
    "alpha": [1.0, 3.0],
    "weighting.half_life_days": [60.0, 90.0, 180.0],
    "weighting.saturation": [True, False],
    "weighting.bm25_k1": [None, 10.0],
}
HABIT_AND_TREND: Final[dict[str, list[Any]]] = {
    "repeat_weight": [0.2, 0.3, 0.5, 1.0],
    "repeat_half_life_days": [180.0, 365.0, None],
    "popularity_weight": [0.1, 0.2, 0.4],
    "popularity_half_life_days": [7.0, 14.0, 30.0],
}
FINALISTS: Final = 3
# Searches start here, not at the models' defaults: those are this benchmark's own result.
UNTUNED: Final = Weighting(half_life_days=180.0)
START: Final = AlsSettings(
    factors=64,
    regularization=30.0,
    alpha=3.0,
    weighting=UNTUNED,
    repeat_weight=0.3,
    repeat_half_life_days=365.0,
    popularity_weight=0.2,
    popularity_half_life_days=30.0,
)
PLAIN: Final = START.model_copy(update={"repeat_weight": 0.0, "popularity_weight": 0.0})

TRAINERS: Final[dict[type[BaseModel], Any]] = {
    AlsSettings: train,
    PopularitySettings: train_popularity,
    RepeatSettings: train_repeat,
    ItemItemSettings: train_item_item,
    EaseSettings: train_ease,
}

SEARCHES: Final[dict[str, tuple[BaseModel, dict[str, list[Any]]]]] = {
    "als_plain": (PLAIN, TASTE),
    "popularity": (PopularitySettings(), {"half_life_days": [7.0, 14.0, 30.0, 90.0, None]}),
    "repeat": (
        RepeatSettings(),
        {"half_life_days": [30.0, 90.0, 365.0, None], "popularity.half_life_days": [7.0, 30.0]},
    ),
    "item_item": (
        ItemItemSettings(weighting=UNTUNED),
        {
            "similarity": ["cosine", "tfidf", "bm25"],
            "neighbours": [20, 200],
            "weighting.half_life_days": [90.0, 365.0],
        },
    ),
    "ease": (
        EaseSettings(max_products=3000, weighting=UNTUNED),
        {"regularization": [30.0, 100.0, 300.0], "weighting.half_life_days": [90.0]},
    ),
}


Tried = dict[str, dict[str, list[Trial[Any]]]]
"""Trials, best first, by data set and model."""


def main() -> None:
    """Read the arguments, run, and write both files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("BESPOKE_DATA"))
    parser.add_argument("--out", type=Path, default=Path("bench/recommender.json"))
    parser.add_argument("--trials", type=int, default=16, help="settings tried a search at most")
    parser.add_argument("--days", type=int, default=28, help="length of each window")
    parser.add_argument("--seed", type=int, default=20)
    arguments = parser.parse_args()
    if arguments.data is None:
        parser.error("say where the data is: --data DIR, or the environment variable BESPOKE_DATA")
    try:
        frames = {name: load(Path(arguments.data)) for name, load in DATA_SETS.items()}
    except FileNotFoundError as error:
        parser.error(str(error))
    result = run(frames, trials=arguments.trials, days=arguments.days, seed=arguments.seed)
    arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    arguments.out.with_suffix(".md").write_text(markdown(result), encoding="utf-8")
    _say(f"wrote {arguments.out} and {arguments.out.with_suffix('.md')}")


def run(frames: Mapping[str, pd.DataFrame], *, trials: int, days: int, seed: int) -> dict[str, Any]:
    """Tune on every data set, choose what serves all of them, then judge once on test."""
    tried: Tried = {name: {} for name in frames}
    for model, (base, grid) in SEARCHES.items():
        _try(tried, frames, model, list(choices(base, grid, trials=trials, seed=seed)), days=days)
    tastes = list(choices(START, TASTE, trials=trials, seed=seed))
    _try(tried, frames, "als", tastes, days=days)
    around = [
        settings
        for finalist in _best_for_all(tried, "als")[:FINALISTS]
        for settings in choices(finalist, HABIT_AND_TREND, trials=trials // 2, seed=seed)
    ]
    _try(tried, frames, "als", around, days=days)
    shared = _best_for_all(tried, "als")[0]
    return {
        "command": "python bench/recommender.py --data DIR --out bench/recommender.json",
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
        "trials": len(tastes) + len(around),
        "days": days,
        "seed": seed,
        "shared_settings": shared.model_dump(mode="json"),
        "data_sets": {
            name: _judged(frame, tried[name], shared, days=days) for name, frame in frames.items()
        },
    }


def _try(
    tried: Tried,
    frames: Mapping[str, pd.DataFrame],
    model: str,
    candidates: list[Any],
    *,
    days: int,
) -> None:
    """Add the trials of some settings on the validation window of every data set, best first."""
    for name, frame in frames.items():
        started = time.perf_counter()
        split = time_split(end_exclusive(frame), days=days)
        trials = tried[name].get(model, []) + tune(iter(candidates), _trainer, frame, split)
        tried[name][model] = sorted(trials, key=lambda trial: -trial.value)
        best = tried[name][model][0]
        _say(
            f"{name}: {model}: {len(candidates)} settings in "
            f"{time.perf_counter() - started:.0f} s, best {best.values} with {best.settings!r}"
        )


def _best_for_all(tried: Tried, model: str) -> list[BaseModel]:
    """Order settings by the geometric mean of their values over the data sets, best first."""
    values: dict[str, dict[str, float]] = {}
    settings = {}
    for name, models in tried.items():
        for trial in models[model]:
            key = trial.settings.model_dump_json()
            settings[key] = trial.settings
            values.setdefault(key, {})[name] = trial.value
    return [settings[key] for key in sorted(values, key=lambda key: -prod(values[key].values()))]


def _judged(
    frame: pd.DataFrame, tried: dict[str, list[Trial[Any]]], shared: BaseModel, *, days: int
) -> dict[str, Any]:
    """Figures of the test window, and the cost of a full training and recommending."""
    split = time_split(end_exclusive(frame), days=days)
    best = {model: trials[0].settings for model, trials in tried.items()}
    chosen = {"als": shared, "als_tuned_here": best.pop("als"), **best}
    evaluation = evaluate(
        {model: _trainer(settings) for model, settings in chosen.items()},
        frame,
        split.test,
        baselines=("popularity", "repeat", "item_item", "ease"),
    )
    past = before(frame, split.test.start)
    return {
        "rows": len(frame),
        "people": int(frame[PERSON].nunique()),
        "products": int(frame[PRODUCT].nunique()),
        "validation": {day: str(at) for day, at in asdict(split.validation).items()},
        "test": evaluation.to_dict(),
        "settings": {model: found.model_dump(mode="json") for model, found in chosen.items()},
        "validation_values": {model: trials[0].values for model, trials in tried.items()},
        "seconds": _timed(past, shared, split.test.start),
    }


def _timed(past: pd.DataFrame, settings: BaseModel, cut: Any) -> dict[str, float]:
    started = time.perf_counter()
    model = _trainer(settings)(past, as_of_exclusive=cut)
    trained = time.perf_counter()
    recommend(model, past, as_of_exclusive=cut, n=10)
    done = time.perf_counter()
    return {"train": round(trained - started, 2), "recommend": round(done - trained, 2)}


def _trainer(settings: BaseModel) -> Trainer:
    trainer: Trainer = partial(TRAINERS[type(settings)], settings=settings)
    return trainer


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


if __name__ == "__main__":
    main()
