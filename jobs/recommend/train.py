"""Train the recommender: measured on the last days beside its baselines, then trained on all."""

from __future__ import annotations

import hashlib
import json
import logging
import math
from collections.abc import Mapping
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from jobs.lake.registry import open_registry
from jobs.lake.run import Run
from jobs.lake.runner import recorded
from jobs.lake.unchanged import unchanged
from jobs.recommend.learnt import (
    MODEL,
    MODEL_ID,
    digest,
    learnt,
    once_recommendable,
)

if TYPE_CHECKING:
    import pandas as pd

    from jobs.lake.history import Success
    from jobs.recommend.settings import RecommendSettings
    from models.als import AlsModel
    from models.settings import AlsSettings

log = logging.getLogger("bespoke")


def train(run: Run) -> None:
    """Train, measure and register the night's model.

    The same rows and settings have one version, however often the night is run. With too little
    history to hold anything out, or nobody who agreed, no model is trained and everybody is shown
    what is popular.
    """
    from models.als import TrainingError
    from models.als import train as train_als

    wanted = run.settings.recommend
    with recorded(run, "train") as record:
        if unchanged(run, record, still=partial(_registered, run)):
            return
        known = learnt(run, record)
        rows = known.rows
        until = run.as_of + timedelta(days=1)
        held_out = until - timedelta(days=wanted.holdout_days)
        products = once_recommendable(run, record, held_out)
        registry = open_registry(run, MODEL)
        champion = registry.settings_of(MODEL)
        metrics = measured(rows, wanted, until, products, champion)
        if metrics is None:
            record.error = "too little history of persons who agreed: no model was trained"
            log.warning("train: %s", record.error)
            return
        try:
            model = train_als(rows, wanted.als, as_of_exclusive=until)
        except TrainingError as error:
            record.error = f"no model was trained: {error}"
            log.warning("train: %s", record.error)
            return
        parameters = wanted.of_training()
        done = registry.register(
            MODEL,
            model,
            run_key=run_key(run.as_of, rows, parameters),
            metric=wanted.metric,
            metrics=metrics,
            tables=record.inputs,
            parameters={name: value for name, value in parameters.items() if name != "als"}
            | ({} if known.below is None else {"persons_below": known.below}),
            gate=wanted.gate,
            champion_value=metrics.get(f"champion_{wanted.metric}"),
        )
        record.outputs[MODEL_ID] = int(done.version)
        record.counts["rows_read"] = len(rows)
    log.info(
        "train: version %s is %s (%s); NDCG@10 %.4f, popularity %.4f",
        done.version,
        done.alias or "kept aside",
        done.reason,
        metrics[wanted.metric],
        metrics[f"popularity_{wanted.metric}"],
    )


def _registered(run: Run, earlier: Success) -> bool:
    """Whether the version that an earlier try has trained, if it has, is there still."""
    version = earlier.outputs.get(MODEL_ID)
    return version is None or open_registry(run, MODEL).holds(MODEL, str(version))


def run_key(as_of: date, rows: pd.DataFrame, parameters: Mapping[str, Any]) -> str:
    """Name a training by its night, its rows and its settings: whoever starts it, it is one."""
    settings = json.dumps(parameters, sort_keys=True).encode()
    return f"{as_of}:{digest(rows)}:{hashlib.sha256(settings).hexdigest()[:8]}"


def measured(
    rows: pd.DataFrame,
    wanted: RecommendSettings,
    until: date,
    products: list[str],
    champion: AlsSettings | None,
) -> dict[str, float] | None:
    """Judge the settings on the last days, beside popularity and the champion's settings.

    The champion itself has seen these days, and its figure of another night was of other days:
    what can be compared is a model made in its way of the same history.

    Parameters
    ----------
    rows : DataFrame
        Interactions.
    wanted : RecommendSettings
        The settings.
    until : date
        End of the history, exclusive.
    products : list of str
        Those that could be recommended when the last days began.
    champion : AlsSettings or None
        Settings of the model in use; None before there is one.

    Returns
    -------
    dict of str to float, or None
        Means over persons, the baseline's beginning with ``popularity_``, the champion's with
        ``champion_``; None when no person bought both before and within the last days.
    """
    from models.evaluation import evaluate
    from models.popularity import train_popularity
    from models.split import Window

    window = Window(until - timedelta(days=wanted.holdout_days), until)
    bought = rows[rows["kind"] == "purchase"]
    early = bought["occurred_on"] < window.start
    warm = set(bought.loc[early, "person_id"]) & set(bought.loc[~early, "person_id"])
    if not warm:
        return None
    recipes = {"als": wanted.als}
    if champion is not None and champion != wanted.als:
        recipes["champion"] = champion
    # These names only: the full table of baselines is a benchmark's, not a night's.
    result = evaluate(
        {
            **{name: partial(_als, settings) for name, settings in recipes.items()},
            "popularity": lambda past, *, as_of_exclusive: train_popularity(
                past, wanted.popularity, as_of_exclusive=as_of_exclusive
            ),
        },
        rows,
        window,
        baselines=("popularity",),
        items=(wanted.judged_items,),
        people=("warm",),
        fallback=wanted.popularity,
        recommendable=products,
        # A night logs means; how sure they are is the benchmark's to say.
        resamples=0,
    )
    own = result.flat_metrics("als")
    if math.isnan(own[wanted.metric]):
        # Nobody bought anything in these days that could have been foretold.
        return None
    held = own if recipes.keys() == {"als"} else result.flat_metrics("champion")
    base = result.flat_metrics("popularity")
    return (
        own
        | {f"popularity_{k}": v for k, v in base.items()}
        | ({f"champion_{k}": v for k, v in held.items()} if champion is not None else {})
    )


def _als(settings: AlsSettings, past: pd.DataFrame, *, as_of_exclusive: date) -> AlsModel:
    from models.als import train as train_als

    return train_als(past, settings, as_of_exclusive=as_of_exclusive)
