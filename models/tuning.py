"""Random search for a model's settings, on the validation window alone."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
import pandas as pd
from pydantic import BaseModel

from models.evaluation import Items, Trainer, evaluate
from models.split import TimeSplit, before

Settings = TypeVar("Settings", bound=BaseModel)


@dataclass(frozen=True)
class Trial(Generic[Settings]):
    """One tried setting.

    Attributes
    ----------
    settings : pydantic model
        What was tried.
    values : dict of str to float
        NDCG@k over warm persons of the validation window, by variant of items.
    """

    settings: Settings
    values: dict[str, float]

    @property
    def value(self) -> float:
        """What is maximised: the geometric mean over the variants.

        Repeats are far easier to foresee than new products; an arithmetic mean would tune on
        them alone.
        """
        return float(np.prod(list(self.values.values())) ** (1 / len(self.values)))


def choices(
    base: Settings, grid: Mapping[str, Sequence[Any]], *, trials: int, seed: int
) -> Iterator[Settings]:
    """Draw settings from a grid; the first is ``base`` itself.

    Parameters
    ----------
    base : pydantic model
        Settings whose named fields are replaced.
    grid : mapping of str to sequence
        Values to draw from, by field; ``weighting.half_life_days`` names a nested one.
    trials : int
        Distinct settings to draw, ``base`` included; fewer where the grid holds fewer.
    seed : int
        Same seed, same draws.
    """
    rng = np.random.default_rng(seed)
    names = sorted(grid)
    possible = int(np.prod([len(grid[name]) for name in names]))
    tried = {base.model_dump_json()}
    yield base
    for code in rng.permutation(possible) if possible <= 100_000 else _endless(rng, possible):
        if len(tried) >= trials:
            return
        drawn = base
        for name in names:
            code, place = divmod(int(code), len(grid[name]))
            drawn = _replaced(drawn, name, grid[name][place])
        if (key := drawn.model_dump_json()) not in tried:
            tried.add(key)
            yield drawn


def tune(
    candidates: Iterator[Settings],
    trainer_of: Callable[[Settings], Trainer],
    interactions: pd.DataFrame,
    split: TimeSplit,
    *,
    k: int = 10,
    items: Sequence[Items] = ("all", "new"),
) -> list[Trial[Settings]]:
    """Try settings on the validation window, best first.

    Nothing from the start of the test window on is looked at: the rows are cut off here, not
    merely unused.

    Parameters
    ----------
    candidates : iterator of settings
        As from `choices`.
    trainer_of : callable
        Gives the trainer of one setting.
    interactions : DataFrame
        As in `models.interactions.weigh`.
    split : TimeSplit
        Its windows.
    k : int
        Ranks judged.
    items : sequence
        Variants that count, see `models.evaluation.Score`.
    """
    known = before(interactions, split.test.start)
    trials = []
    for settings in candidates:
        evaluation = evaluate(
            {"candidate": trainer_of(settings)},
            known,
            split.validation,
            k=k,
            items=items,
            people=("warm",),
            resamples=0,
        )
        values = {score.items: score.metrics["ndcg"].mean for score in evaluation.scores}
        trials.append(Trial(settings, {str(name): value for name, value in values.items()}))
    return sorted(trials, key=lambda trial: -trial.value)


def _endless(rng: np.random.Generator, possible: int) -> Iterator[int]:
    while True:
        yield int(rng.integers(possible))


def _replaced(settings: Settings, name: str, value: Any) -> Settings:
    head, _, rest = name.partition(".")
    if rest:
        value = _replaced(getattr(settings, head), rest, value)
    # Validated again, which `model_copy(update=...)` would not do.
    fields = {key: getattr(settings, key) for key in type(settings).model_fields}
    return type(settings)(**{**fields, head: value})
