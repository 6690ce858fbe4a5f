"""Recommend: tonight's scores as lists to be shown, each with a reason in words."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from jobs.lake.job import job
from jobs.lake.tables.gold import EVERYBODY, SCORES
from jobs.lake.tables.identity import PERSONS
from jobs.lake.tables.serving import RECOMMENDATIONS
from jobs.lake.tables.silver import PRODUCTS
from jobs.recommend.settings import RecommendSettings

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame


@job(reads=[SCORES, PERSONS, PRODUCTS], writes=RECOMMENDATIONS, section="recommend")
def recommend(
    scores: DataFrame,
    persons: DataFrame,
    products: DataFrame,
    *,
    as_of: date,
    settings: RecommendSettings,
) -> DataFrame:
    """Give every person a list, every product a reason, and every list a day on which it ends.

    Who has no scores of their own gets those of everybody.
    """
    from pyspark.sql import functions as F

    tonight = scores.where(F.col("as_of") == F.lit(as_of))
    names = products.select("product_id", "name")
    because = names.select(
        F.col("product_id").alias("because"), F.col("name").alias("because_name")
    )
    told = tonight.join(F.broadcast(because), "because", "left").withColumn("reason", _reason())
    end = F.lit(as_of + timedelta(days=1)).cast("timestamp")
    days = settings.expires_after_days
    lists = told.select(
        "person_id",
        "rank",
        "product_id",
        "score",
        "strategy",
        "reason",
        "model_version",
        end.alias("generated_at"),
        (end + F.expr(f"INTERVAL {days} DAYS")).alias("expires_at"),
        "as_of",
    )
    own = lists.where(F.col("person_id") != EVERYBODY)
    same = lists.where(F.col("person_id") == EVERYBODY).drop("person_id")
    have = tonight.where("rank = 1").select("person_id")
    others = persons.select("person_id").join(have, "person_id", "left_anti")
    return own.unionByName(others.crossJoin(F.broadcast(same)))


def _reason() -> Column:
    """Why a product is shown, in words that a person may be told."""
    from pyspark.sql import functions as F

    name, had = F.col("because_name"), F.col("because_bought")
    personal = (
        F.when(
            F.col("because") == F.col("product_id"),
            F.when(had, F.lit("You have bought this before")).otherwise(
                F.lit("You have looked at this")
            ),
        )
        .when(name.isNotNull() & had, F.concat(F.lit("Because you bought "), name))
        .when(name.isNotNull(), F.concat(F.lit("Because you were interested in "), name))
        .otherwise(F.lit("Chosen for you"))
    )
    return (
        F.when(F.col("strategy") == "als", personal)
        .when(F.col("strategy") == "popular_in_segment", F.lit("Popular with customers like you"))
        .otherwise(F.lit("Popular with our customers"))
    )
