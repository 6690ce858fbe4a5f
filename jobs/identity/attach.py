"""Attachment: what belongs to nobody goes to the one owner it touches, if it is only one."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.identity.components import spark_components


def attach(links: DataFrame, owners: DataFrame) -> DataFrame:
    """Find the owner of every free node.

    Free nodes that are linked to each other go together. A group of them that touches the nodes
    of exactly one owner goes to that owner. One that touches two stays by itself: to give it to
    either would be a guess, and to both would make the two one person.

    Parameters
    ----------
    links : DataFrame
        ``left_id``, ``right_id``, in any direction.
    owners : DataFrame
        ``node``, ``owner``, unique by node; a node that is not in it is free.

    Returns
    -------
    DataFrame
        ``node``, ``owner`` of every free node that has a link; the owner of a group that stays
        by itself is its smallest node.
    """
    sides = _with_owners(links, owners).localCheckpoint()
    free = "left_owner IS NULL AND right_owner IS NULL"
    groups = spark_components(sides.where(free))
    touching = (
        sides.select("left_id", "left_owner", "right_owner")
        .unionByName(
            sides.select(
                F.col("right_id").alias("left_id"),
                F.col("right_owner").alias("left_owner"),
                F.col("left_owner").alias("right_owner"),
            )
        )
        .where("left_owner IS NULL")
        .groupBy(F.col("left_id").alias("node"))
        .agg(F.min("right_owner").alias("first"), F.max("right_owner").alias("last"))
    )
    grouped = touching.join(groups, on="node", how="left").withColumn(
        "group", F.coalesce("component", "node")
    )
    claims = (
        grouped.groupBy("group")
        .agg(F.min("first").alias("first"), F.max("last").alias("last"))
        .where(F.col("first") == F.col("last"))
        .select("group", F.col("first").alias("owner"))
    )
    return grouped.join(claims, on="group", how="left").select(
        "node", F.coalesce("owner", "group").alias("owner")
    )


def _with_owners(links: DataFrame, owners: DataFrame) -> DataFrame:
    left = owners.select(F.col("node").alias("left_id"), F.col("owner").alias("left_owner"))
    right = owners.select(F.col("node").alias("right_id"), F.col("owner").alias("right_owner"))
    return (
        links.select("left_id", "right_id")
        .where("left_id != right_id")
        .join(left, on="left_id", how="left")
        .join(right, on="right_id", how="left")
    )
