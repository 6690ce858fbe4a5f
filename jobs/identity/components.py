"""Connected components of a graph given as links, on one machine or on Spark.

Both engines name a component by its smallest node, so which of them ran cannot be seen in the
result.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

MAX_ROUNDS = 60
"""Rounds after which the Spark engine gives up. It needs about log2 of the longest path, in
theory its square: 60 rounds are far beyond any graph of people."""


class UnfinishedComponentsError(RuntimeError):
    """The Spark engine did not settle."""


Engine = Callable[[DataFrame], DataFrame]
"""Finds the components of a graph.

It takes ``left_id``, ``right_id`` (direction, repetition and order do not matter) and returns
``node``, ``component`` (its smallest node), a row a node that has a link to another. A node
without one is a component of its own and is left out: most nodes of a shop are visitors seen
once, and need not travel.
"""


def engine_for(links: int, *, single_node_links: int) -> Engine:
    """Choose by the number of links: SciPy on one machine up to the limit, Spark above it."""
    return one_machine_components if links <= single_node_links else spark_components


def one_machine_components(links: DataFrame) -> DataFrame:
    """Find components with SciPy, on the driver; see :data:`Engine`."""
    table = links.select("left_id", "right_id").where("left_id != right_id").toArrow()
    # Dictionary codes instead of Python strings: an eighth of the memory.
    ends = pa.chunked_array(
        [chunk.cast(pa.large_string()) for side in table.columns for chunk in side.chunks],
        type=pa.large_string(),
    ).combine_chunks()
    coded = ends.dictionary_encode()
    nodes, codes = coded.dictionary, coded.indices.to_numpy()
    left, right = codes[: table.num_rows], codes[table.num_rows :]
    size = len(nodes)
    graph = coo_matrix((np.ones(len(left), dtype=np.int8), (left, right)), shape=(size, size))
    count, labels = connected_components(graph, directed=False)
    by_name = pc.sort_indices(nodes).to_numpy()
    rank = np.empty(size, dtype=np.int64)
    rank[by_name] = np.arange(size)
    smallest = np.full(count, size, dtype=np.int64)
    np.minimum.at(smallest, labels, rank)
    named = nodes.take(pa.array(by_name[smallest[labels]]))
    found = pa.table({"node": nodes, "component": named})
    return links.sparkSession.createDataFrame(found)


def spark_components(links: DataFrame) -> DataFrame:
    """Find components by alternating large-star and small-star; see :data:`Engine`.

    Kiveris, Lattanzi, Mirrokni, Rastogi, Vassilvitskii: Connected Components in MapReduce and
    Beyond, SoCC 2014. Links are rewired to smaller nodes until every component is a star around
    its smallest one.

    Raises
    ------
    UnfinishedComponentsError
        The links still changed after ``MAX_ROUNDS`` rounds.
    """
    stars = links.where("left_id != right_id").select(
        F.col("left_id").alias("node"), F.col("right_id").alias("centre")
    )
    before = None
    for _ in range(MAX_ROUNDS):
        # Without a checkpoint a round the plan doubles in each of them.
        stars = _small_star(_large_star(stars)).localCheckpoint()
        now = _fingerprint(stars)
        if now == before:
            centres = stars.select("centre").distinct()
            return stars.unionByName(
                centres.select(F.col("centre").alias("node"), "centre")
            ).withColumnRenamed("centre", "component")
        before = now
    raise UnfinishedComponentsError(
        f"Connected components did not settle in {MAX_ROUNDS} rounds ({before}). Look for a chain "
        "of thousands of identifiers: one that every row carries joins all of them."
    )


def _large_star(links: DataFrame) -> DataFrame:
    """Link every larger neighbour of a node to the smallest of its neighbourhood."""
    both = links.unionByName(
        links.select(F.col("centre").alias("node"), F.col("node").alias("centre"))
    )
    smallest = F.least("node", F.min("centre").over(Window.partitionBy("node")))
    return (
        both.withColumn("smallest", smallest)
        .where("centre > node")
        .select(F.col("centre").alias("node"), F.col("smallest").alias("centre"))
        .distinct()
    )


def _small_star(links: DataFrame) -> DataFrame:
    """Link a node and its smaller neighbours to the smallest of them."""
    smallest = F.min("centre").over(Window.partitionBy("node"))
    pointed = links.withColumn("smallest", smallest)
    return (
        pointed.select("node", F.col("smallest").alias("centre"))
        .unionByName(
            pointed.where("centre != smallest").select(
                F.col("centre").alias("node"), F.col("smallest").alias("centre")
            )
        )
        .distinct()
    )


def _fingerprint(links: DataFrame) -> tuple[int, int]:
    """Count and order-free hash of the links: equal means that the round changed nothing."""
    row = links.agg(F.count("*"), F.bit_xor(F.xxhash64("node", "centre"))).first()
    return (0, 0) if row is None else (row[0], row[1] or 0)
