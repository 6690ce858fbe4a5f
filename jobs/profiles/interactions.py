"""Interactions: what each person did with each product on each day."""

from __future__ import annotations

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.identity.resolve import with_person
from jobs.lake.job import job
from jobs.lake.tables.gold import INTERACTIONS, TOUCHPOINTS
from jobs.lake.tables.identity import IDENTIFIERS
from jobs.lake.tables.silver import FEEDBACK, MESSAGES, ORDER_LINES, PRODUCTS
from jobs.profiles.activity import OF_PRODUCTS
from jobs.profiles.lateness import counted, day_of
from jobs.profiles.revenue import MONEY, PRODUCT, is_sale, merchandise
from jobs.profiles.settings import ProfilesSettings

_DEFAULTS = ProfilesSettings()
PIECES = "decimal(18,3)"


@job(
    reads=[ORDER_LINES, TOUCHPOINTS, MESSAGES, FEEDBACK, PRODUCTS, IDENTIFIERS],
    writes=INTERACTIONS,
    section="profiles",
)
def interactions(
    order_lines: DataFrame,
    touchpoints: DataFrame,
    messages: DataFrame,
    feedback: DataFrame,
    products: DataFrame,
    identifiers: DataFrame,
    *,
    as_of: date,
    settings: ProfilesSettings = _DEFAULTS,
) -> DataFrame:
    """Count what each person did with each product on each day up to ``as_of``.

    Only rows with a person and a product, and only of merchandise. Cancellations count as
    returns; pieces of both are positive, their value is negative.
    """
    lines = order_lines.where(counted(F.col("order_date"), as_of))
    done = touchpoints.where(counted(F.col("occurred_on"), as_of))
    zone = settings.time_zone
    sent = messages.where(counted(day_of("sent_at", zone), as_of))
    day = day_of("written_at", zone)
    written = feedback.where(counted(day, as_of)).withColumn("occurred_on", day)
    acts = (
        _orders(lines, products)
        .unionByName(_events(done, sent, products))
        .unionByName(_reviews(written, products))
    )
    return (
        with_person(acts.where("identifier IS NOT NULL"), identifiers, "at")
        .where("person_id IS NOT NULL")
        .groupBy("person_id", "product_id", "kind", "occurred_on")
        .agg(
            # Decimal until the end: a sum of doubles depends on the order of the rows.
            F.sum("quantity").cast("double").alias("quantity"),
            F.sum("value").cast(MONEY).alias("value"),
        )
    )


def _orders(order_lines: DataFrame, products: DataFrame) -> DataFrame:
    # A line without pieces and without value is no purchase; one with a value sold at least one.
    bought = order_lines.where(
        "product_id IS NOT NULL AND (quantity = 0 AND amount_base = 0) IS NOT TRUE"
    )
    pieces = F.coalesce(F.nullif(F.abs("quantity"), F.lit(0)), F.lit(1))
    return merchandise(bought, products).select(
        "identifier",
        "product_id",
        F.when(is_sale(), "purchase").otherwise("return").alias("kind"),
        F.col("order_date").alias("occurred_on"),
        F.col("ordered_at").alias("at"),
        pieces.cast(PIECES).alias("quantity"),
        F.col("amount_base").cast(MONEY).alias("value"),
    )


def _events(touchpoints: DataFrame, messages: DataFrame, products: DataFrame) -> DataFrame:
    """Take what was done with a product.

    What was done in a message is done by whom it was sent to; where the messages feed does not
    know it, by whoever did it.
    """
    wanted = touchpoints.where(F.col("kind").isin(*OF_PRODUCTS))
    sent = messages.select("message_id", F.col("identifier").alias("sent_to"))
    # Apart, since most events are of no message: a join would gather them all in one partition.
    in_messages = (
        wanted.where("message_id IS NOT NULL")
        .join(sent, on="message_id", how="left")
        .withColumn("identifier", F.coalesce("sent_to", "identifier"))
        .drop("sent_to")
    )
    acts = wanted.where("message_id IS NULL").unionByName(in_messages)
    timed = acts.withColumnRenamed("last_event_at", "at")
    return _times(timed, F.col("kind"), F.col("occurred_on"), F.col("times"), products)


def _reviews(feedback: DataFrame, products: DataFrame) -> DataFrame:
    kind, day = F.lit("review").alias("kind"), F.col("occurred_on")
    return _times(feedback.withColumnRenamed("written_at", "at"), kind, day, F.lit(1), products)


def _times(
    frame: DataFrame, kind: Column, day: Column, times: Column, products: DataFrame
) -> DataFrame:
    """Count times as pieces, without products that are no merchandise."""
    others = products.where(F.col("item_type") != PRODUCT).select("product_id")
    return (
        frame.where("product_id IS NOT NULL")
        .join(others, on="product_id", how="anti")
        .select(
            "identifier",
            "product_id",
            kind,
            day,
            "at",
            times.cast(PIECES).alias("quantity"),
            F.lit(None).cast(MONEY).alias("value"),
        )
    )
