"""Recommend: tonight's scores as lists to be shown, each with a reason in words."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from jobs.lake.job import job
from jobs.lake.tables.gold import SCORES
from jobs.lake.tables.serving import RECOMMENDATIONS
from jobs.lake.tables.silver import PRODUCTS
from jobs.recommend.settings import RecommendSettings

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame


@job(reads=[SCORES, PRODUCTS], writes=RECOMMENDATIONS, section="recommend")
def recommend(
    scores: DataFrame,
    products: DataFrame,
    *,
    as_of: date,
    settings: RecommendSettings,
) -> DataFrame:
    """Give every ranked product a reason, and every list a day on which it ends."""
    from pyspark.sql import functions as F

    tonight = scores.where(F.col("as_of") == F.lit(as_of))
    names = products.select("product_id", "name")
    because = names.select(
        F.col("product_id").alias("because"), F.col("name").alias("because_name")
    )
    told = tonight.join(F.broadcast(because), "because", "left").withColumn("reason", _reason())
    end = F.lit(as_of + timedelta(days=1)).cast("timestamp")
    days = settings.expires_after_days
    return told.select(
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
