"""Bootstrap intervals: known widths, pairing, and the empty cases."""

import math

import numpy as np
import pytest

from models.bootstrap import mean_interval, paired_interval


def test_width_is_that_of_the_normal_approximation() -> None:
    # 500 zeros and 500 ones: standard error 0.5 / sqrt(1000), so 0.5 -+ 1.96 * 0.0158.
    interval = mean_interval(np.repeat([0.0, 1.0], 500), resamples=4000)
    assert interval.mean == 0.5
    assert interval.low == pytest.approx(0.469, abs=2e-3)
    assert interval.high == pytest.approx(0.531, abs=2e-3)
    assert interval.n == 1000


def test_pairing_sees_a_difference_that_side_by_side_intervals_hide() -> None:
    rng = np.random.default_rng(1)
    baseline = rng.random(200)
    better = baseline + 0.02
    difference = paired_interval(better, baseline)
    assert difference.mean == pytest.approx(0.02)
    assert difference.above_zero
    assert mean_interval(better).low < mean_interval(baseline).high


def test_same_seed_same_interval() -> None:
    values = np.arange(50.0)
    assert mean_interval(values, seed=3) == mean_interval(values, seed=3)
    assert mean_interval(values, seed=3) != mean_interval(values, seed=4)


def test_no_person_and_one_person() -> None:
    nobody = mean_interval(np.array([]))
    assert math.isnan(nobody.mean)
    assert nobody.n == 0
    one = mean_interval(np.array([0.3]))
    assert (one.low, one.mean, one.high) == pytest.approx((0.3, 0.3, 0.3))


def test_other_persons_cannot_be_paired() -> None:
    with pytest.raises(ValueError, match="same persons on both sides, not 2 and 3"):
        paired_interval(np.zeros(2), np.zeros(3))
