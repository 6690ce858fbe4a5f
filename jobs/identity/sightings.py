"""Sightings: in which sessions a device or a cookie was used, and as whom.

Links say that a device and a login have met, sightings say when. They are summed up by the night
that brought the rows, like ``gold.visits``: a session that two nights brought has rows of both, and
whoever reads them takes the earliest and the latest. So the order of the nights does not matter,
and neither former nights nor former sightings are read.
"""

from __future__ import annotations

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.identity.nodes import COLUMN_TYPES, node
from jobs.identity.resolve import identifier_of
from jobs.lake.job import increment, job
from jobs.lake.tables.identity import SIGHTINGS
from jobs.lake.tables.silver import EVENTS, ORDER_LINES


@job(reads=[increment(EVENTS), increment(ORDER_LINES)], writes=SIGHTINGS)
def sightings(events: DataFrame, order_lines: DataFrame, *, as_of: date) -> DataFrame:
    """Sum up new rows by device, cookie, session and who was logged in."""
    return (
        seen(events, "occurred_at")
        .unionByName(seen(order_lines, "ordered_at"))
        .groupBy("device", "cookie", "session_id", "known_as")
        .agg(F.min("at").alias("first_seen"), F.max("at").alias("last_seen"))
        .withColumn("loaded_on", F.lit(as_of))
    )


def seen(frame: DataFrame, time: str) -> DataFrame:
    """Rows that name a device or a cookie: those, ``session_id``, ``known_as`` and ``at``.

    What is done without a session counts as done in one with the rest of its hour.
    """
    hour = F.date_format(time, "yyyy-MM-dd'T'HH")
    return frame.select(
        _weak("device_id", frame).alias("device"),
        _weak("cookie_id", frame).alias("cookie"),
        (_given("session_id", frame, hour)).alias("session_id"),
        identifier_of(*(c for c in ("login", "customer_no") if c in frame.columns)).alias(
            "known_as"
        ),
        F.col(time).alias("at"),
    ).where("device IS NOT NULL OR cookie IS NOT NULL")


def _weak(name: str, frame: DataFrame) -> Column:
    if name not in frame.columns:
        return F.lit(None).cast("string")
    return node(COLUMN_TYPES[name], name)


def _given(name: str, frame: DataFrame, otherwise: Column) -> Column:
    if name not in frame.columns:
        return otherwise
    return F.coalesce(F.when(F.length(name) > 0, F.col(name)), otherwise)
