"""k-means: the number of clusters and their centres, of blobs whose truth is known."""

import numpy as np
import pytest
from pyspark.sql import SparkSession

from jobs.segments.behaviour import Points, Scaling
from jobs.segments.kmeans import choose_k, fit, fit_spark, nearest, silhouette
from jobs.segments.settings import ClusterSettings

RULES = ClusterSettings(k=(2, 8), seed=7, spark_partitions=2, spark_restarts=1)
TRUE = np.array([[-4.0, 0.0], [0.0, 4.0], [4.0, 0.0], [0.0, -4.0]])


def blobs(k: int, each: int = 40, seed: int = 1) -> Points:
    noise = np.random.default_rng(seed).normal(scale=0.4, size=(k * each, 2))
    return np.repeat(TRUE[:k], each, axis=0) + noise


@pytest.mark.parametrize("k", [2, 3, 4])
def test_planted_number_is_found(k: int) -> None:
    assert choose_k(blobs(k), RULES, None) == k


def test_last_number_stays_when_another_is_hardly_better() -> None:
    close = np.concatenate([blobs(3), blobs(3) * 1.1])
    generous = RULES.model_copy(update={"margin": 1.0})
    assert choose_k(close, RULES, 4) == 3
    assert choose_k(close, generous, 4) == 4
    assert choose_k(close, generous, 99) == 3


def test_too_few_different_points_make_one_cluster() -> None:
    assert choose_k(np.array([[1.0, 1.0]] * 9), RULES, None) == 1
    assert choose_k(np.array([[1.0, 1.0]] * 9 + [[2.0, 1.0]]), RULES, 3) == 1


def test_silhouette_worked_by_hand() -> None:
    # 0: a = 1, b = 10.5; 1: a = 1, b = 9.5; the same from the other side.
    points = np.array([[0.0], [1.0], [10.0], [11.0]])
    expected = ((10.5 - 1) / 10.5 + (9.5 - 1) / 9.5) / 2
    assert silhouette(points, np.array([[0.5], [10.5]])) == pytest.approx(expected)
    assert silhouette(points, np.array([[0.5]])) is None


def engines(spark: SparkSession, points: Points, order: np.ndarray, parts: int) -> Points:
    named = [(f"{i:04}", list(map(float, points[i]))) for i in order]
    frame = spark.createDataFrame(named, "person_id string, point array<double>")
    return fit_spark(frame.repartition(parts), 4, RULES)


def test_both_engines_find_the_planted_centres(spark: SparkSession) -> None:
    points = blobs(4)
    means = np.array([points[i * 40 : i * 40 + 40].mean(axis=0) for i in range(4)])
    expected = means[np.lexsort(means.T[::-1])]
    straight = np.arange(len(points))
    np.testing.assert_allclose(fit(points, 4, RULES), expected, atol=1e-6)
    one = engines(spark, points, straight, 1)
    np.testing.assert_allclose(one, expected, atol=1e-6)
    shuffled = np.random.default_rng(3).permutation(straight)
    np.testing.assert_array_equal(engines(spark, points, shuffled, 5), one)


def test_known_start_is_kept_where_fresh_ones_are_no_better() -> None:
    # A ring has no best cut: where it is cut is chance, so last night's cut stays.
    angles = np.linspace(0, 2 * np.pi, 300, endpoint=False)
    ring = np.column_stack([np.cos(angles), np.sin(angles)])
    turned = np.array([[np.cos(a), np.sin(a)] for a in (0.3, 0.3 + 2.1, 0.3 + 4.2)])
    followed = fit(ring, 3, RULES, start=turned)
    last, now = nearest(ring, turned), nearest(ring, followed)
    assert len(set(zip(last, now, strict=True))) <= 6
    agree = sum(np.bincount(now[last == place]).max() for place in range(3))
    assert agree >= 285


def test_scaling_draws_in_outliers_and_mutes_constants() -> None:
    points = np.column_stack([np.arange(101.0), np.full(101, 5.0)])
    points[100, 0] = 1e9
    scaled = Scaling.of(points, 0.05).apply(points)
    assert scaled[100, 0] == scaled[95, 0] == pytest.approx(1.56, abs=0.01)
    assert (scaled[:, 1] == 0).all()
