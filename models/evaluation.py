"""Models side by side on a holdout window: metrics with intervals, and paired differences."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, Final, Literal, Protocol

import numpy as np
import pandas as pd

from models.bootstrap import Interval, mean_intervals
from models.columns import KIND, PERSON, PRODUCT, PURCHASE
from models.interactions import Ids
from models.metrics import (
    Judgement,
    Values,
    coverage_at_k,
    hit_at_k,
    judge,
    map_at_k,
    ndcg_at_k,
    recall_at_k,
)
from models.popularity import fill_up, most_popular
from models.recommender import Recommender, recommend
from models.settings import PopularitySettings
from models.split import Holdout, Window, before, holdout

Items = Literal["all", "new"]
Population = Literal["warm", "all"]

METRICS: Final = {
    "ndcg": ndcg_at_k,
    "recall": recall_at_k,
    "map": map_at_k,
    "hit_rate": hit_at_k,
}


class Trainer(Protocol):
    """Whatever turns the interactions before a date into a recommender."""

    def __call__(self, interactions: pd.DataFrame, *, as_of_exclusive: date) -> Recommender:
        """Train on ``(-inf, as_of_exclusive)``."""


@dataclass(frozen=True)
class Score:
    """One model in one variant of the holdout.

    Attributes
    ----------
    model : str
        Its name.
    items : {"all", "new"}
        "all": everything bought in the window is relevant and may be recommended; "new": only
        what the person had never bought before, and what was bought is left out of the lists.
    people : {"warm", "all"}
        "warm": persons with a purchase before the window; "all": cold ones too, to whom every
        model shows the same popular products.
    n_people : int
        Persons with something relevant.
    metrics : dict of str to Interval
        Mean over persons of each metric at ``k``, with its 95% interval.
    coverage : float
        Share of the products purchased before the window that anybody was shown, 0 to 1.
    differences : dict of str to (dict of str to Interval)
        By baseline, then by metric: this model minus the baseline, person by person.
    """

    model: str
    items: Items
    people: Population
    n_people: int
    metrics: dict[str, Interval]
    coverage: float
    differences: dict[str, dict[str, Interval]] = field(default_factory=dict)


@dataclass(frozen=True)
class Evaluation:
    """Scores of all models on one window."""

    window: Window
    k: int
    scores: tuple[Score, ...]

    def of(self, model: str, *, items: Items = "all", people: Population = "warm") -> Score:
        """Score of one model in one variant."""
        for score in self.scores:
            if (score.model, score.items, score.people) == (model, items, people):
                return score
        raise KeyError(f"no score of {model!r} for items={items!r}, people={people!r}")

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        window = {"start": self.window.start.isoformat(), "end": self.window.end.isoformat()}
        return {"window": window, "k": self.k, "scores": [asdict(score) for score in self.scores]}

    def flat_metrics(self, model: str) -> dict[str, float]:
        """One model's means as ``ndcg_at_10_all_warm`` and so on, for MLflow."""
        return {
            f"{name}_at_{self.k}_{score.items}_{score.people}": value
            for score in self.scores
            if score.model == model
            for name, value in (
                *((name, interval.mean) for name, interval in score.metrics.items()),
                ("coverage", score.coverage),
            )
        }


def evaluate(
    trainers: Mapping[str, Trainer],
    interactions: pd.DataFrame,
    window: Window,
    *,
    k: int = 10,
    baselines: Sequence[str] = (),
    items: Sequence[Items] = ("all", "new"),
    people: Sequence[Population] = ("warm", "all"),
    fallback: PopularitySettings | None = None,
    recommendable: Iterable[str] | None = None,
    resamples: int = 2000,
    seed: int = 0,
) -> Evaluation:
    """Train every model on what came before a window, and judge it by what was bought within.

    Parameters
    ----------
    trainers : mapping of str to Trainer
        Models by name.
    interactions : DataFrame
        As in `models.interactions.weigh`, over the window and all before it. No model sees
        anything from the window.
    window : Window
        Held out, half-open.
    k : int
        Ranks judged.
    baselines : sequence of str
        Names of models that the others are compared with.
    items, people : sequences
        Variants to report, see `Score`.
    fallback : PopularitySettings, optional
        Popularity that fills the lists of cold persons, and lists that are short.
    recommendable : iterable of str, optional
        Products that may be recommended; by default all that a model knows.
    resamples, seed : int
        Of the bootstrap; with 0 resamples there are means alone.

    Raises
    ------
    ValueError
        When a baseline is not among the models, or nothing was bought within the window.
    """
    if missing := [name for name in baselines if name not in trainers]:
        raise ValueError(f"the baselines {missing} are not among the models {sorted(trainers)}")
    held = holdout(interactions, window)
    if held.bought.empty:
        raise ValueError(f"nothing was bought within [{window.start}, {window.end})")
    past = before(interactions, window.start)
    stage = _Stage(held, past, k, fallback or PopularitySettings(), recommendable)
    judged: dict[tuple[str, Items, Population], tuple[Judgement, float]] = {}
    for name, trainer in trainers.items():
        model = trainer(past, as_of_exclusive=window.start)
        for variant in items:
            judged |= stage.judged(name, model, variant, people)
    scores = [
        score
        for variant in items
        for population in people
        for score in _scores(
            {name: judged[name, variant, population] for name in trainers},
            (variant, population),
            baselines,
            k=k,
            resamples=resamples,
            seed=seed,
        )
    ]
    return Evaluation(window, k, tuple(scores))


@dataclass(frozen=True, eq=False)
class _Stage:
    """What all models of one evaluation share."""

    held: Holdout
    past: pd.DataFrame
    k: int
    fallback: PopularitySettings
    recommendable: Iterable[str] | None

    def judged(
        self, name: str, model: Recommender, items: Items, people: Sequence[Population]
    ) -> dict[tuple[str, Items, Population], tuple[Judgement, float]]:
        """Recommend once to everybody with something relevant, then judge each population."""
        relevant = self.held.bought if items == "all" else self.held.new
        everybody = sorted(set(relevant[PERSON]))
        cut = self.held.window.start
        shown = recommend(
            model,
            self.past,
            as_of_exclusive=cut,
            n=self.k,
            leave_out_bought=items == "new",
            recommendable=self.recommendable,
            people=everybody,
        )
        popular = most_popular(
            self.past, self.fallback, as_of_exclusive=cut, recommendable=self.recommendable
        )
        bought = self.past.loc[self.past[KIND] == PURCHASE, [PERSON, PRODUCT]].drop_duplicates()
        barred = bought if items == "new" else None
        shown = fill_up(shown, popular, people=everybody, n=self.k, barred=barred)
        catalogue = np.unique(popular[PRODUCT].to_numpy(dtype=np.str_))
        return {
            (name, items, population): self._one(shown, relevant, population, catalogue)
            for population in people
        }

    def _one(
        self,
        shown: pd.DataFrame,
        relevant: pd.DataFrame,
        population: Population,
        catalogue: Ids,
    ) -> tuple[Judgement, float]:
        if population == "warm":
            shown = shown[shown[PERSON].isin(self.held.warm)]
            relevant = relevant[relevant[PERSON].isin(self.held.warm)]
        judgement = judge(shown, relevant, depth=self.k)
        return judgement, coverage_at_k(shown, catalogue, self.k)


def _scores(
    judged: Mapping[str, tuple[Judgement, float]],
    variant: tuple[Items, Population],
    baselines: Sequence[str],
    *,
    k: int,
    resamples: int,
    seed: int,
) -> Iterator[Score]:
    """Means and paired differences of all models in one variant, from the same draws."""
    values = {
        (name, metric): function(judgement, k)
        for name, (judgement, _) in judged.items()
        for metric, function in METRICS.items()
    }
    columns: dict[tuple[str, str, str], Values] = {
        (name, metric, ""): value for (name, metric), value in values.items()
    }
    columns |= {
        (name, metric, other): value - values[other, metric]
        for (name, metric), value in values.items()
        for other in baselines
        if other != name
    }
    stacked = np.column_stack(list(columns.values()))
    drawn = mean_intervals(stacked, resamples=resamples, seed=seed)
    intervals = dict(zip(columns, drawn, strict=True))
    for name, (judgement, coverage) in judged.items():
        against = {
            other: {metric: intervals[name, metric, other] for metric in METRICS}
            for other in baselines
            if other != name
        }
        means = {metric: intervals[name, metric, ""] for metric in METRICS}
        yield Score(name, *variant, len(judgement.person_ids), means, coverage, against)
