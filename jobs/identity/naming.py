"""Naming: a person keeps its id from night to night.

It is that of the node seen first. Where a person turns out to be two, the larger part keeps the id:
its own first node is then remembered to stand for it, and the other part gets one of its own. But
where a decision had joined the parts, each gets back the id that it had.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from jobs.identity.nodes import STRONG


def person_id(name: Column) -> Column:
    """Return the id of a person that a node stands for."""
    return F.concat(F.lit("p_"), F.substring(F.sha2(name, 256), 1, 20))


def named(
    found: DataFrame,
    names: DataFrame,
    before: DataFrame,
    *,
    once_together: Collection[tuple[str, str]] = (),
    as_of: date,
) -> tuple[DataFrame, DataFrame]:
    """Give every person its id.

    Parameters
    ----------
    found : DataFrame
        As of :class:`jobs.identity.resolution.Resolution`.
    names : DataFrame
        ``identity.names``: nodes that stand for another id than their own.
    before : DataFrame
        ``identity.identifiers`` of an earlier night, or none.
    once_together : collection of (str, str)
        Identifiers that were ever decided to be one person.
    as_of : date
        The night.

    Returns
    -------
    identifiers : DataFrame
        Rows of ``identity.identifiers`` without bounds, one an identifier.
    names : DataFrame
        Rows of ``identity.names`` that are new tonight.
    """
    held = names.select(
        F.col("identifier").alias("representative"), F.col("person_id").alias("remembered")
    )
    own = found.join(held, "representative", "left").withColumn(
        "own_id", F.coalesce("remembered", person_id(F.col("representative")))
    )
    new = _split(own, before, once_together, as_of).localCheckpoint()
    renamed = new.select(
        F.col("identifier").alias("representative"), F.col("person_id").alias("renamed")
    )
    identifiers = (
        own.join(F.broadcast(renamed), "representative", "left")
        .withColumn("person_id", F.coalesce("renamed", "own_id"))
        .select("identifier", "type", "person_id", "shared", "first_seen", "last_seen", "part")
    )
    return identifiers, new


def _split(
    own: DataFrame, before: DataFrame, once_together: Collection[tuple[str, str]], as_of: date
) -> DataFrame:
    """Rows of ``identity.names`` for the parts of persons that were one."""
    earlier = before.where(F.col("type").isin(*STRONG) & ~F.col("shared")).select(
        "identifier", F.col("person_id").alias("was")
    )
    parts = (
        own.where(F.col("type").isin(*STRONG) & ~F.col("shared"))
        .join(earlier, "identifier")
        .groupBy("was", "representative", "own_id")
        .agg(F.count("*").alias("size"))
    )
    of_person = Window.partitionBy("was")
    largest = of_person.orderBy(
        F.desc("size"), (F.col("own_id") != F.col("was")).cast("int"), "representative"
    )
    if once_together:
        parts = parts.join(_undone(own, earlier, once_together), "was", "left_anti")
    split = (
        parts.withColumn("parts", F.count("*").over(of_person))
        .where("parts > 1")
        .withColumn("rank", F.row_number().over(largest))
    )
    keeps = (F.col("rank") == 1) & (F.col("own_id") != F.col("was"))
    loses = (F.col("rank") > 1) & (F.col("own_id") == F.col("was"))
    other = person_id(F.concat_ws("\t", "representative", F.lit(as_of.isoformat())))
    return (
        split.where(keeps | loses)
        .select(
            F.col("representative").alias("identifier"),
            F.when(keeps, F.col("was")).otherwise(other).alias("person_id"),
            F.lit(as_of).alias("since"),
        )
        # A part may come from two who were split in one night: it keeps one id.
        .groupBy("identifier")
        .agg(F.min("person_id").alias("person_id"), F.max("since").alias("since"))
    )


def _undone(
    own: DataFrame, earlier: DataFrame, once_together: Collection[tuple[str, str]]
) -> DataFrame:
    """``was``: persons whose parts a decision had joined, and join no more."""
    pairs = own.sparkSession.createDataFrame(sorted(once_together), "one string, other string")
    for side in ("one", "other"):
        whose = own.select(
            F.col("identifier").alias(side), F.col("representative").alias(f"{side}_now")
        )
        pairs = pairs.join(whose, side)
    apart = pairs.where("one_now <> other_now").select(F.col("one").alias("identifier"))
    return apart.join(earlier, "identifier").select("was").distinct()
