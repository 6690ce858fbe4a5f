"""The job of the clusters, on profiles with planted kinds of people."""

from datetime import date
from typing import Any

import numpy as np
import pytest
from pyspark.sql import DataFrame, SparkSession

from jobs.lake.job import Read
from jobs.lake.tables.gold import CLUSTER_CENTRES, CLUSTERS, PROFILES
from jobs.segments.clusters import clusters
from jobs.segments.settings import ClusterSettings, SegmentsSettings
from tests.rows import dicts, rows
from tests.segments.rules import read_rules

D1, D2 = date(2026, 3, 1), date(2026, 3, 2)
KINDS = {
    "buyer": {"orders": 30, "net_revenue": 2_000, "sessions": 40, "items": 60},
    "looker": {"orders": 0, "net_revenue": 0, "sessions": 60, "product_views": 400},
    "once": {"orders": 1, "net_revenue": 20, "sessions": 1, "items": 1},
}


def settings(**changes: Any) -> SegmentsSettings:
    small = {"minimum_persons": 10, "k": (2, 5), "spark_partitions": 2, "spark_restarts": 1}
    return SegmentsSettings(rfm=read_rules(), clusters=ClusterSettings(**{**small, **changes}))


def profiles(as_of: date, each: int = 20, seed: int = 1) -> list[dict[str, Any]]:
    """Persons of each kind, who vary by a tenth."""
    chance = np.random.default_rng(seed)
    return [
        {"person_id": f"{kind}-{n}", "as_of": as_of, "personalization": True}
        | {column: round(value * chance.uniform(0.9, 1.1)) for column, value in mean.items()}
        for kind, mean in KINDS.items()
        for n in range(each)
    ]


def person(person_id: str, **did: int) -> dict[str, Any]:
    """Somebody who agreed to personalization, on the first night."""
    return {"person_id": person_id, "as_of": D1, "personalization": True, **did}


def run(
    spark: SparkSession,
    people: list[dict[str, Any]],
    past: DataFrame | None = None,
    as_of: date = D1,
    **changes: Any,
) -> tuple[list[dict[str, Any]], DataFrame]:
    members, centres = clusters(
        rows(spark, PROFILES, people),
        rows(spark, CLUSTER_CENTRES, []) if past is None else past,
        as_of=as_of,
        settings=settings(**changes),
    )
    kept = rows(spark, CLUSTER_CENTRES, dicts(CLUSTER_CENTRES.conform(centres)))
    return dicts(CLUSTERS.conform(members)), kept


def groups(members: list[dict[str, Any]]) -> dict[str, set[tuple[int, str]]]:
    """Kind of person to the clusters its persons are in."""
    found: dict[str, set[tuple[int, str]]] = {}
    for row in members:
        kind = row["person_id"].split("-")[0]
        found.setdefault(kind, set()).add((row["cluster"], row["name"]))
    return found


def test_planted_kinds_are_found_and_stay_from_night_to_night(spark: SparkSession) -> None:
    idle = {"person_id": "idle", "personalization": True, "orders": 0, "messages_sent": 9}
    members, centres = run(spark, [*profiles(D1), {**idle, "as_of": D1}])
    first = groups(members)
    assert set(first) == set(KINDS)
    assert all(len(found) == 1 for found in first.values())
    labels = {label for found in first.values() for label, _ in found}
    names = {name for found in first.values() for _, name in found}
    assert labels == {1, 2, 3}
    assert len(names) == 3
    assert next(iter(first["looker"]))[1].startswith("high browsing")
    described = dicts(centres, "as_of", "persons", "silhouette")
    assert {row["persons"] for row in described} == {20}
    assert {row["as_of"] for row in described} == {D1}
    assert all(0.7 < row["silhouette"] <= 1 for row in described)

    # The next night others are measured, in another order, with another seed.
    tomorrow = [*profiles(D2, each=24, seed=5)[::-1], *profiles(D1)]
    again, _ = run(spark, tomorrow, centres, D2, seed=99)
    assert len(again) == 72
    assert groups(again) == first


def test_same_night_again_is_the_same(spark: SparkSession) -> None:
    people = profiles(D1)
    members, centres = run(spark, people)
    again, again_centres = run(spark, people[::-1], centres)
    assert again == members
    assert dicts(again_centres) == dicts(centres)


def test_mllib_above_the_limit_finds_the_same_kinds(spark: SparkSession) -> None:
    members, _ = run(spark, profiles(D1), single_node_rows=50)
    found = groups(members)
    assert set(found) == set(KINDS)
    assert all(len(clusters_of_kind) == 1 for clusters_of_kind in found.values())
    assert len(set.union(*found.values())) == 3


def test_few_persons_are_one_cluster(spark: SparkSession) -> None:
    members, centres = run(spark, [person("a", orders=2)])
    assert members == [
        {"person_id": "a", "as_of": D1, "cluster": 1, "name": "everyone", "distance": 0.0}
    ]
    only = centres.first()
    assert only is not None
    assert (only["persons"], only["silhouette"]) == (1, None)
    assert set(only["centre"].values()) == {0.0}


def test_nobody(spark: SparkSession) -> None:
    members, centres = run(spark, [person("idle", orders=0)])
    assert members == []
    assert centres.count() == 0


def test_distance_is_in_standard_deviations(spark: SparkSession) -> None:
    # Orders of one feature: log1p is 0.69, 1.39, 2.08 (mean 1.39), so the outer two are 1.22 away.
    people = [person(str(n), orders=n) for n in (1, 3, 7)]
    features = [{"name": "orders", "column": "orders"}]
    members, _ = run(spark, people, features=features, winsorise=0.0)
    assert [row["distance"] for row in members] == pytest.approx([1.5**0.5, 0.0, 1.5**0.5])


def test_who_did_not_agree_is_neither_in_the_fit_nor_in_a_cluster(spark: SparkSession) -> None:
    alone, centres = run(spark, profiles(D1))
    # As many again, who act otherwise and would pull the centres and the scaling away.
    others = [
        {**row, "person_id": f"{answer}-{row['person_id']}", "orders": 900, "personalization": said}
        for row in profiles(D1)
        for answer, said in (("no", False), ("unasked", None))
    ]
    members, same = run(spark, [*profiles(D1), *others])
    assert members == alone
    assert dicts(same) == dicts(centres)


def test_a_label_of_long_ago_is_not_given_again(spark: SparkSession) -> None:
    def centre(as_of: str, label: int, orders: float) -> dict[str, Any]:
        name = f"cluster {label}"
        return {"as_of": as_of, "cluster": label, "name": name, "centre": {"orders": orders}}

    # Label 9 was gone before the winter; the last night, after a long pause, knew the first only.
    past = [centre("2025-06-01", 9, 5.0), centre("2025-12-01", 1, -1.0)]
    people = [person(f"{n}-{orders}", orders=orders) for orders in (1, 2, 60) for n in range(20)]
    features = [{"name": "orders", "column": "orders"}]
    centres = rows(spark, CLUSTER_CENTRES, past)
    members, _ = run(spark, people, centres, features=features, k=(2, 2))
    found = {(row["person_id"].partition("-")[2], row["cluster"]) for row in members}
    assert found == {("1", 1), ("2", 1), ("60", 10)}
    assert Read(CLUSTER_CENTRES) in clusters.reads
