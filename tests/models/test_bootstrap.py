"""Bootstrap intervals: known widths, paired differences, and the empty cases."""

import math

import numpy as np
import pytest

from models.bootstrap import Interval, mean_intervals
from models.metrics import Values


def interval(values: Values, *, resamples: int = 2000, seed: int = 0) -> Interval:
    """Interval of a single column."""
    return mean_intervals(values[:, None], resamples=resamples, seed=seed)[0]


def test_width_is_that_of_the_normal_approximation() -> None:
    # 500 zeros and 500 ones: standard error 0.5 / sqrt(1000), so 0.5 -+ 1.96 * 0.0158.
    found = interval(np.repeat([0.0, 1.0], 500), resamples=4000)
    assert found.mean == 0.5
    assert found.low == pytest.approx(0.469, abs=2e-3)
    assert found.high == pytest.approx(0.531, abs=2e-3)
    assert found.n == 1000


def test_pairing_sees_a_difference_that_side_by_side_intervals_hide() -> None:
    rng = np.random.default_rng(1)
    baseline = rng.random(200)
    better = baseline + 0.02
    columns = np.column_stack([baseline, better, better - baseline])
    before, after, difference = mean_intervals(columns)
    assert difference.mean == pytest.approx(0.02)
    assert difference.low > 0
    assert after.low < before.high


def test_same_seed_same_interval() -> None:
    values = np.arange(50.0)
    assert interval(values, seed=3) == interval(values, seed=3)
    assert interval(values, seed=3) != interval(values, seed=4)


def test_no_person_and_one_person() -> None:
    nobody = interval(np.array([]))
    assert math.isnan(nobody.mean)
    assert nobody.n == 0
    one = interval(np.array([0.3]))
    assert (one.low, one.mean, one.high) == pytest.approx((0.3, 0.3, 0.3))


def test_without_draws_there_are_means_alone() -> None:
    found = interval(np.arange(4.0), resamples=0)
    assert (found.mean, found.n) == (1.5, 4)
    assert math.isnan(found.low)
    assert math.isnan(found.high)
