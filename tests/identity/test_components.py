"""Components: both engines, one truth."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import DataFrame, SparkSession

from jobs.identity.attach import attach
from jobs.identity.components import (
    Engine,
    engine_for,
    one_machine_components,
    spark_components,
)

SCHEMA = "left_id string, right_id string"


def found(frame: DataFrame) -> dict[str, str]:
    """Node to component; fails where a node is there twice."""
    pairs = [(row.node, row.component) for row in frame.collect()]
    assert len(pairs) == len(dict(pairs))
    return dict(pairs)


@pytest.mark.parametrize("engine", [one_machine_components, spark_components])
def test_a_component_is_named_by_its_smallest_node(spark: SparkSession, engine: Engine) -> None:
    links = spark.createDataFrame(
        [("e", "d"), ("d", "c"), ("b", "c"), ("x", "y"), ("y", "x"), ("x", "y")], SCHEMA
    )
    assert found(engine(links)) == {
        "b": "b",
        "c": "b",
        "d": "b",
        "e": "b",
        "x": "x",
        "y": "x",
    }


@pytest.mark.parametrize("engine", [one_machine_components, spark_components])
def test_a_long_chain_is_one_component(spark: SparkSession, engine: Engine) -> None:
    names = [f"n{i:03d}" for i in range(64)]
    random.Random(7).shuffle(names)
    links = spark.createDataFrame(list(pairwise(names)), SCHEMA)
    assert found(engine(links)) == dict.fromkeys(names, "n000")


@pytest.mark.parametrize("engine", [one_machine_components, spark_components])
def test_no_links_have_no_components(spark: SparkSession, engine: Engine) -> None:
    assert found(engine(spark.createDataFrame([], SCHEMA))) == {}


@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    links=st.lists(
        st.tuples(st.sampled_from("abcdefghijkl"), st.sampled_from("abcdefghijkl")),
        min_size=1,
        max_size=14,
    ),
    seed=st.randoms(use_true_random=False),
)
def test_neither_engine_nor_order_matters(
    spark: SparkSession, links: list[tuple[str, str]], seed: random.Random
) -> None:
    shuffled = [(b, a) if seed.random() < 0.5 else (a, b) for a, b in links]
    seed.shuffle(shuffled)
    expected = brute_force(links)
    straight = spark.createDataFrame(links, SCHEMA)
    turned = spark.createDataFrame(shuffled, SCHEMA)
    assert found(one_machine_components(straight)) == expected
    assert found(spark_components(turned)) == expected


def brute_force(links: list[tuple[str, str]]) -> dict[str, str]:
    """Lower the label of both ends of every link until nothing changes."""
    label = {node: node for pair in links if pair[0] != pair[1] for node in pair}
    for _ in label:
        for a, b in links:
            if a != b:
                label[a] = label[b] = min(label[a], label[b])
    return label


def test_spark_takes_over_above_the_limit() -> None:
    assert engine_for(10, single_node_links=10) is one_machine_components
    assert engine_for(11, single_node_links=10) is spark_components


def test_free_nodes_go_to_the_only_owner_they_touch(spark: SparkSession) -> None:
    links = spark.createDataFrame(
        [
            ("f1", "o1"),
            ("f1", "f2"),
            ("o1", "f3"),
            ("f3", "o2"),
            ("f5", "f4"),
            ("o1", "o2"),
            ("f6", "o3"),
            ("o4", "f6"),
        ],
        SCHEMA,
    )
    owners = spark.createDataFrame(
        [("o1", "A"), ("o2", "B"), ("o3", "C"), ("o4", "C")], "node string, owner string"
    )
    result = attach(links, owners, one_machine_components)
    assert {row.node: row.owner for row in result.collect()} == {
        "f1": "A",
        "f2": "A",
        "f3": "f3",
        "f4": "f4",
        "f5": "f4",
        "f6": "C",
    }
