"""Behaviour: what visits, messages and reviews say of each person."""

from __future__ import annotations

from datetime import date, timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.identity.resolve import with_person
from jobs.profiles.activity import OF_MESSAGES
from jobs.profiles.lateness import counted, day_of

RECENT_DAYS = 30
"""Length of the window of the ``_30d`` columns."""


def visits_by_person(visits: DataFrame, identifiers: DataFrame, as_of: date) -> DataFrame:
    """Sum up the sessions of each person and what was done in them, a row a person.

    The last 30 days are the business days [as_of - 29, as_of + 1). Events without a session count,
    but make none.
    """
    recent = F.col("event_date") >= F.lit(as_of - timedelta(days=RECENT_DAYS - 1))
    counted_ones = visits.where(counted(F.col("event_date"), as_of)).withColumn("recent", recent)
    counts = (
        *(
            F.sum(name).alias(name)
            for name in ("product_views", "searches", "cart_adds", "dwell_ms")
        ),
        F.max("last_event_at").alias("last_event_at"),
    )
    # A session may begin with a cookie and go on with a login: it is one of the person's.
    sessions = (
        _known(counted_ones, identifiers, "last_event_at")
        .repartition("person_id")
        .groupBy("person_id", "session_id")
        .agg(F.bool_or("recent").alias("recent"), *counts)
    )
    return (
        sessions.groupBy("person_id")
        .agg(
            F.count("session_id").alias("sessions"),
            F.count_if(F.col("recent") & F.col("session_id").isNotNull()).alias("sessions_30d"),
            *counts,
        )
        .withColumn("dwell_seconds", F.expr("dwell_ms div 1000"))
        .drop("dwell_ms")
    )


def messages_by_person(
    messages: DataFrame,
    touchpoints: DataFrame,
    identifiers: DataFrame,
    as_of: date,
    zone: str = "UTC",
) -> DataFrame:
    """Count the messages sent to each person, opened and clicked, a row a person.

    A message is opened once, however often it was. It belongs to whom it was sent to; where the
    messages feed does not know it, to whoever opened it.
    """
    sent = messages.where(counted(day_of("sent_at", zone), as_of)).select(
        "message_id",
        F.col("identifier").alias("recipient"),
        F.lit(None).cast("string").alias("reader"),
        F.lit(None).cast("timestamp").alias("read_at"),
        F.lit("sent").alias("act"),
    )
    read = touchpoints.where(
        counted(F.col("occurred_on"), as_of)
        & F.col("kind").isin(*OF_MESSAGES)
        & F.col("message_id").isNotNull()
    ).select(
        "message_id",
        F.lit(None).cast("string").alias("recipient"),
        F.col("identifier").alias("reader"),
        F.col("last_event_at").alias("read_at"),
        F.col("kind").alias("act"),
    )
    by_message = (
        sent.unionByName(read)
        .groupBy("message_id")
        .agg(
            F.coalesce(F.min("recipient"), F.min("reader")).alias("identifier"),
            F.max("read_at").alias("read_at"),
            *(_happened(act) for act in ("sent", *OF_MESSAGES)),
        )
    )
    return (
        _known(by_message, identifiers, "read_at")
        .groupBy("person_id")
        .agg(
            F.count_if("sent").alias("messages_sent"),
            F.count_if("email_open").alias("messages_opened"),
            F.count_if("email_click").alias("messages_clicked"),
        )
    )


def reviews_by_person(
    feedback: DataFrame, identifiers: DataFrame, as_of: date, zone: str = "UTC"
) -> DataFrame:
    """Count the reviews of each person and average their stars, a row a person."""
    written = (
        feedback.where(counted(day_of("written_at", zone), as_of))
        .groupBy("identifier")
        .agg(F.count("*").alias("reviews"), F.sum("rating").alias("stars"))
    )
    summed = (
        _known(written, identifiers)
        .groupBy("person_id")
        .agg(F.sum("reviews").alias("reviews"), F.sum("stars").alias("stars"))
    )
    return summed.withColumn("average_rating", F.col("stars") / F.col("reviews")).drop("stars")


def _known(frame: DataFrame, identifiers: DataFrame, at: str | None = None) -> DataFrame:
    named = frame.where("identifier IS NOT NULL")
    return with_person(named, identifiers, at).where("person_id IS NOT NULL")


def _happened(act: str) -> Column:
    return F.bool_or(F.col("act") == act).alias(act)
