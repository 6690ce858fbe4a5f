"""k-means: how many clusters there are, and where their centres lie."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from threadpoolctl import threadpool_limits

from jobs.segments.behaviour import Points
from jobs.segments.settings import ClusterSettings

# Far below what matters in standard deviations, far above what the order of a sum changes.
DECIMALS = 9


def choose_k(sample: Points, settings: ClusterSettings, last: int | None) -> int:
    """Return the number of clusters with the greatest mean silhouette on the sample.

    Last night's number stays unless another is better by ``margin``: segments that come and go
    from night to night serve nobody. 1 when there are too few different points to tell apart.
    """
    most = min(settings.k[1], len(np.unique(sample, axis=0)) - 1)
    widths: dict[int, float] = {}
    for k in range(settings.k[0], most + 1):
        width = silhouette(sample, fit(sample, k, settings))
        if width is not None:
            widths[k] = width
    return _best(widths, last, settings.margin)


def _best(widths: Mapping[int, float], last: int | None, margin: float) -> int:
    if not widths:
        return 1
    best = max(widths, key=lambda k: (widths[k], -k))
    if last is not None and last in widths and widths[best] - widths[last] < margin:
        return last
    return best


def silhouette(points: Points, centres: Points) -> float | None:
    r"""Return the mean silhouette of points that each go to the nearest centre.

    With :math:`a(i)` the mean distance of a point to its own cluster and :math:`b(i)` to the next
    nearest, the mean of :math:`(b(i) - a(i)) / \max(a(i), b(i))`: 1 for clusters far apart, 0 for
    none (Rousseeuw 1987, Silhouettes, Journal of Computational and Applied Mathematics 20,
    p. 56). None when all points share a cluster or each has its own.
    """
    from sklearn.metrics import silhouette_score

    labels = nearest(points, centres)
    if not 2 <= len(np.unique(labels)) < len(points):
        return None
    with threadpool_limits(limits=1):
        return float(silhouette_score(points, labels))


def nearest(points: Points, centres: Points) -> NDArray[np.intp]:
    """Return the index of the nearest centre of each point."""
    from scipy.spatial.distance import cdist

    indices: NDArray[np.intp] = cdist(points, centres).argmin(axis=1)
    return indices


def fit(points: Points, k: int, settings: ClusterSettings, start: Points | None = None) -> Points:
    """Return the centres of ``k`` clusters, by scikit-learn (Lloyd 1982, k-means++ start).

    ``start``, last night's centres, wins unless fresh starts are better by ``margin`` (a share of
    the sum of squares): of two clusterings that fit alike, the one people know is better.
    """
    from sklearn.cluster import KMeans

    # One thread: several add up their sums in the order in which they happen to finish.
    with threadpool_limits(limits=1):
        fresh = KMeans(k, n_init=settings.restarts, random_state=settings.seed).fit(points)
        chosen = fresh
        if start is not None and len(start) == k:
            known = KMeans(k, init=start, n_init=1).fit(points)
            if known.inertia_ * (1 - settings.margin) <= fresh.inertia_:
                chosen = known
    return _tidy(chosen.cluster_centers_)


def fit_spark(points: DataFrame, k: int, settings: ClusterSettings) -> Points:
    """Return the centres of ``k`` clusters, by MLlib.

    Its start (k-means||, Bahmani et al. 2012) draws by partition and row, so persons are first
    put into a fixed number of partitions in a fixed order.

    Parameters
    ----------
    points : DataFrame
        person_id and point, scaled.
    k : int
        Number of clusters.
    settings : ClusterSettings
        Seed, starts and partitions.
    """
    from pyspark.ml.clustering import KMeans
    from pyspark.ml.functions import array_to_vector

    vectors = points.repartition(settings.spark_partitions, "person_id").sortWithinPartitions(
        "person_id"
    )
    vectors = vectors.select(array_to_vector(F.col("point")).alias("features")).persist()
    try:
        fitted = [
            KMeans(k=k, seed=settings.seed + again, maxIter=50).fit(vectors)
            for again in range(settings.spark_restarts)
        ]
        best = min(fitted, key=lambda model: model.summary.trainingCost)
        return _tidy(np.array(best.clusterCenters()))
    finally:
        vectors.unpersist()


def _tidy(centres: Points) -> Points:
    """Round away noise of summing, and order: neither engine's numbering means anything."""
    rounded: Points = np.round(centres, DECIMALS) + 0.0
    ordered: Points = rounded[np.lexsort(rounded.T[::-1])]
    return ordered
