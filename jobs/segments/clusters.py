"""Behavioural clusters: persons who act alike, found by k-means and named."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.lake.job import job
from jobs.lake.tables.gold import CLUSTER_CENTRES, CLUSTERS, PROFILES
from jobs.segments.behaviour import Points, Scaling, behaviour, seeded_points
from jobs.segments.kmeans import choose_k, fit, fit_spark, nearest, silhouette
from jobs.segments.labels import Cluster, label
from jobs.segments.settings import ClusterSettings, SegmentsSettings


@job(
    # All centres that are kept, a handful a night: `state` ends after some weeks, and a label must
    # not come back to another cluster, nor all of them start anew after a pause.
    reads=[PROFILES, CLUSTER_CENTRES],
    writes=[CLUSTERS, CLUSTER_CENTRES],
    section="segments",
)
def clusters(
    profiles: DataFrame,
    past_centres: DataFrame,
    *,
    as_of: date,
    settings: SegmentsSettings,
) -> tuple[DataFrame, DataFrame]:
    """Put every person with behaviour who agreed to it into the cluster whose centre is nearest.

    Only who agreed to personalization is in the fit, and only they get a cluster: to be told by
    one's behaviour is to be profiled, as much as to teach the model.

    Age, sex and their like can't be features: the settings refuse a protected column.
    """
    rules = settings.clusters
    agreed = profiles.where((F.col("as_of") == F.lit(as_of)) & F.col("personalization"))
    people = behaviour(agreed, rules.features)
    points = seeded_points(people, rules.single_node_rows + 1, rules.seed)
    past, last_label = _past(past_centres.where(F.col("as_of") < F.lit(as_of)))
    if not len(points):
        empty = profiles.sparkSession.createDataFrame
        return empty([], CLUSTERS.schema()), empty([], CLUSTER_CENTRES.schema())

    scaling = Scaling.of(points, rules.winsorise)
    scaled = people.select("person_id", scaling.column(F.col("point")).alias("point"))
    centres, width = _centres(scaled, scaling.apply(points), rules, past)
    names = [feature.name for feature in rules.features]
    found = label(
        [dict(zip(names, map(float, centre), strict=True)) for centre in centres],
        past,
        last_label=last_label,
        drift=rules.drift,
        telling=rules.telling,
    )
    members = _nearest_cluster(scaled, found).withColumn("as_of", F.lit(as_of))
    return members, _centre_rows(members, found, width).withColumn("as_of", F.lit(as_of))


def _past(centres: DataFrame) -> tuple[list[Cluster], int]:
    """Return the clusters of the last night there is, and the greatest label that is known."""
    latest = centres.agg(F.max("as_of").alias("night"), F.max("cluster").alias("label")).first()
    if latest is None or latest["night"] is None:
        return [], 0
    rows = centres.where(F.col("as_of") == F.lit(latest["night"])).orderBy("cluster").collect()
    return [Cluster(r["cluster"], r["name"], r["centre"]) for r in rows], latest["label"]


def _centres(
    scaled: DataFrame, points: Points, rules: ClusterSettings, past: Sequence[Cluster]
) -> tuple[Points, float | None]:
    """Return centres, the one nearest to most points first, and the silhouette."""
    if len(points) < rules.minimum_persons:
        return points.mean(axis=0, keepdims=True), None
    sample = points[: rules.sample_rows]
    k = choose_k(sample, rules, len(past) or None)
    if len(points) > rules.single_node_rows:
        centres = fit_spark(scaled, k, rules)
    else:
        centres = fit(points, k, rules, _start(past, rules))
    sizes = np.bincount(nearest(points, centres), minlength=len(centres))
    return centres[np.argsort(-sizes, kind="stable")], silhouette(sample, centres)


def _start(past: Sequence[Cluster], rules: ClusterSettings) -> Points | None:
    """Last night's centres, if they were made of the same features."""
    names = [feature.name for feature in rules.features]
    if not past or set(past[0].centre) != set(names):
        return None
    return np.array([[cluster.centre[name] for name in names] for cluster in past])


def _nearest_cluster(scaled: DataFrame, found: Sequence[Cluster]) -> DataFrame:
    """Return person_id, cluster, name and distance; of equally near ones the lower label."""
    choices = []
    for cluster in found:
        parts = [
            F.pow(F.col("point")[place] - F.lit(z), 2.0)
            for place, z in enumerate(cluster.centre.values())
        ]
        total = F.aggregate(F.array(*parts), F.lit(0.0), lambda sum_, part: sum_ + part)
        choices.append(
            F.struct(
                F.sqrt(total).alias("distance"),
                F.lit(cluster.label).alias("cluster"),
                F.lit(cluster.name).alias("name"),
            )
        )
    best = F.array_min(F.array(*choices))
    return scaled.select("person_id", best.alias("best")).select(
        "person_id", "best.cluster", "best.name", "best.distance"
    )


def _centre_rows(members: DataFrame, found: Sequence[Cluster], width: float | None) -> DataFrame:
    rows = [(c.label, c.name, dict(c.centre), width) for c in found]
    centres = members.sparkSession.createDataFrame(
        rows, "cluster int, name string, centre map<string,double>, silhouette double"
    )
    sizes = members.groupBy("cluster").agg(F.count("*").alias("persons"))
    counted = centres.join(sizes, "cluster", "left")
    return counted.withColumn("persons", F.coalesce("persons", F.lit(0).cast("bigint")))
