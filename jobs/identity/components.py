"""Connected components of a graph given as links, as arrays or on Spark.

Both engines name a component by its smallest node, so which of them ran cannot be seen in the
result.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

MAX_ROUNDS = 60
"""Rounds after which the Spark engine gives up. It needs about log2 of the longest path, in
theory its square: 60 rounds are far beyond any graph of people."""


class UnfinishedComponentsError(RuntimeError):
    """The Spark engine did not settle."""


def array_components(
    left: NDArray[np.int64], right: NDArray[np.int64], size: int
) -> NDArray[np.int64]:
    """Find components with SciPy.

    Parameters
    ----------
    left, right : array of int
        Ends of the links, nodes numbered from 0; direction, repetition and order do not matter.
    size : int
        Number of nodes.

    Returns
    -------
    array of int, shape (size,)
        Smallest node of each node's component; a node without a link is its own.
    """
    links = coo_matrix((np.ones(len(left), dtype=np.int8), (left, right)), shape=(size, size))
    count, labels = connected_components(links, directed=False)
    smallest = np.full(count, size, dtype=np.int64)
    np.minimum.at(smallest, labels, np.arange(size))
    found: NDArray[np.int64] = smallest[labels]
    return found


def spark_components(links: DataFrame) -> DataFrame:
    """Find components by alternating large-star and small-star.

    Kiveris, Lattanzi, Mirrokni, Rastogi, Vassilvitskii: Connected Components in MapReduce and
    Beyond, SoCC 2014. Links are rewired to smaller nodes until every component is a star around
    its smallest one.

    Parameters
    ----------
    links : DataFrame
        ``left_id``, ``right_id``; direction, repetition and order do not matter.

    Returns
    -------
    DataFrame
        ``node``, ``component`` (its smallest node), a row a node that has a link to another. A
        node without one is a component of its own and is left out: most nodes of a shop are
        visitors seen once, and need not travel.

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
