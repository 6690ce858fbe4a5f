"""Components: as arrays and on Spark, one truth."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from jobs.identity.components import array_components, spark_components

SCHEMA = "left_id string, right_id string"
Links = Sequence[tuple[str, str]]
Engine = Callable[[SparkSession, Links], dict[str, str]]


def on_spark(spark: SparkSession, links: Links) -> dict[str, str]:
    """Node to component; fails where a node is there twice."""
    found = spark_components(spark.createDataFrame(links, SCHEMA))
    pairs = [(row.node, row.component) for row in found.collect()]
    assert len(pairs) == len(dict(pairs))
    return dict(pairs)


def in_arrays(_: SparkSession, links: Links) -> dict[str, str]:
    """Node to component, of nodes that have a link to another."""
    names = sorted({node for pair in links for node in pair})
    ends = [np.array([names.index(pair[side]) for pair in links], np.int64) for side in (0, 1)]
    found = array_components(*ends, len(names))
    linked = {node for pair in links if pair[0] != pair[1] for node in pair}
    return {name: names[found[n]] for n, name in enumerate(names) if name in linked}


both = pytest.mark.parametrize("engine", [in_arrays, on_spark])


@both
def test_a_component_is_named_by_its_smallest_node(spark: SparkSession, engine: Engine) -> None:
    links = [("e", "d"), ("d", "c"), ("b", "c"), ("x", "y"), ("y", "x"), ("x", "y")]
    expected = {"b": "b", "c": "b", "d": "b", "e": "b", "x": "x", "y": "x"}
    assert engine(spark, links) == expected


@both
def test_a_long_chain_is_one_component(spark: SparkSession, engine: Engine) -> None:
    names = [f"n{i:03d}" for i in range(64)]
    random.Random(7).shuffle(names)
    assert engine(spark, list(pairwise(names))) == dict.fromkeys(names, "n000")


@both
def test_no_links_have_no_components(spark: SparkSession, engine: Engine) -> None:
    assert engine(spark, []) == {}


@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
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
    assert in_arrays(spark, links) == expected
    assert on_spark(spark, shuffled) == expected


def brute_force(links: list[tuple[str, str]]) -> dict[str, str]:
    """Lower the label of both ends of every link until nothing changes."""
    label = {node: node for pair in links if pair[0] != pair[1] for node in pair}
    for _ in label:
        for a, b in links:
            if a != b:
                label[a] = label[b] = min(label[a], label[b])
    return label
