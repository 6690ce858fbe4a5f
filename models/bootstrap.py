"""Bootstrap intervals of means over persons."""

from dataclasses import dataclass

import numpy as np

from models.metrics import Values

BLOCK_CELLS = 4_000_000
"""Persons drawn in one block of resamples: about 100 MB."""


@dataclass(frozen=True)
class Interval:
    """A mean with its interval.

    Attributes
    ----------
    mean, low, high : float
        In the unit of the values; NaN for no values, and ``low = mean = high`` for one; no ends
        (NaN) where nothing was drawn.
    n : int
        Number of persons.
    """

    mean: float
    low: float
    high: float
    n: int


def mean_intervals(
    values: Values, *, resamples: int = 2000, level: float = 0.95, seed: int = 0
) -> list[Interval]:
    r"""Percentile bootstrap of the means over persons, of several values at once.

    .. math:: \left[ Q_{(1 - l) / 2}(\bar v^*), \; Q_{(1 + l) / 2}(\bar v^*) \right]

    where each :math:`\bar v^*` is the mean of as many persons drawn with replacement, ``Q`` is a
    quantile over the resamples and ``l`` the level. Persons are what is drawn, since one
    person's purchases hang together; all columns see the same draws. The difference of two models
    is known far better from a column of differences, person by person, than from the intervals
    of both side by side.

    Source: Efron & Tibshirani (1993), An Introduction to the Bootstrap, chapter 13.

    Parameters
    ----------
    values : array of float, shape (persons, columns)
        One row a person.
    resamples : int
        Draws; 2000 settle the ends of a 95% interval to about a twentieth of its width. With 0
        there are means alone.
    level : float
        Share of the draws between the ends.
    seed : int
        Same seed, same values, same intervals.
    """
    n, columns = values.shape
    if n == 0:
        return [Interval(float("nan"), float("nan"), float("nan"), 0)] * columns
    center = values.mean(axis=0)
    if resamples == 0:
        return [Interval(float(mean), float("nan"), float("nan"), n) for mean in center]
    rng = np.random.default_rng(seed)
    step = max(1, BLOCK_CELLS // n)
    means = np.concatenate(
        [
            _draws(rng, min(step, resamples - done), n) @ values / n
            for done in range(0, resamples, step)
        ]
    )
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return [Interval(float(center[i]), float(low[i]), float(high[i]), n) for i in range(columns)]


def _draws(rng: np.random.Generator, resamples: int, n: int) -> Values:
    """How often each person is drawn in each resample, shape (resamples, persons)."""
    drawn = rng.integers(0, n, size=(resamples, n)) + n * np.arange(resamples)[:, None]
    counts = np.bincount(drawn.ravel(), minlength=resamples * n)
    return counts.reshape(resamples, n).astype(np.float64)
