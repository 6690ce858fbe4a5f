"""RFM: recency, frequency and monetary value, scored in quantile bins and named."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.identity.resolve import with_person
from jobs.lake.job import job
from jobs.lake.tables.gold import MONEY, RFM
from jobs.lake.tables.identity import IDENTIFIERS
from jobs.lake.tables.silver import ORDER_LINES, PRODUCTS
from jobs.profiles.lateness import counted
from jobs.profiles.purchases import ORDER
from jobs.profiles.revenue import is_sale, merchandise, net_revenue
from jobs.segments.quantiles import quantile_scores
from jobs.segments.settings import NamedRange, SegmentsSettings


@job(reads=[ORDER_LINES, PRODUCTS, IDENTIFIERS], writes=RFM, section="segments")
def rfm(
    order_lines: DataFrame,
    products: DataFrame,
    identifiers: DataFrame,
    *,
    as_of: date,
    settings: SegmentsSettings,
) -> DataFrame:
    """Score recency, frequency and monetary value of every person with an order in the window.

    The window is the ``window_days`` business days up to and with ``as_of``. A person without a
    sale in it is left out, even if something was returned in it.
    """
    rules = settings.rfm
    start = as_of - timedelta(days=rules.window_days)
    day = F.col("order_date")
    in_window = order_lines.where((day > F.lit(start)) & counted(day, as_of))
    # Scoring reads it twice: once for where the bins begin, once for who is in which.
    spend = purchases(in_window, products, identifiers, as_of).localCheckpoint()
    # Negated days: the fewer since the last sale, the better.
    scored = quantile_scores(
        spend,
        {
            "r_score": (-F.col("recency_days")).cast(MONEY),
            "f_score": F.col("frequency").cast(MONEY),
            "m_score": F.col("monetary"),
        },
        rules.bins,
    )
    return scored.withColumn("segment", segment_of(rules.segments)).withColumn(
        "as_of", F.lit(as_of)
    )


def purchases(
    order_lines: DataFrame, products: DataFrame, identifiers: DataFrame, as_of: date
) -> DataFrame:
    """Return recency_days, frequency and monetary value of each person with a sale."""
    people = with_person(merchandise(order_lines, products), identifiers, "ordered_at")
    sale_day = F.when(is_sale(), F.col("order_date"))
    return (
        people.where("person_id IS NOT NULL")
        .groupBy("person_id")
        .agg(
            F.date_diff(F.lit(as_of), F.max(sale_day)).alias("recency_days"),
            F.countDistinct(F.when(is_sale(), F.struct(*ORDER))).alias("frequency"),
            net_revenue().alias("monetary"),
        )
        .where(F.col("frequency") > 0)
    )


def segment_of(boxes: Sequence[NamedRange]) -> Column:
    """Name of the box that holds the row's three scores."""
    name = F.lit(None).cast("string")
    for box in boxes:
        inside = F.col("r_score").between(*box.r) & F.col("f_score").between(*box.f)
        if box.m is not None:
            inside &= F.col("m_score").between(*box.m)
        name = F.when(inside, F.lit(box.name)).otherwise(name)
    return name
