"""Segments over time: who was in which segment on any day."""

from __future__ import annotations

from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.lake.job import job, state
from jobs.lake.tables.gold import CLUSTERS, RFM, SEGMENTS

HOLDER = ["person_id", "family"]


@job(reads=[RFM, CLUSTERS, state(SEGMENTS)], writes=SEGMENTS)
def segments(rfm: DataFrame, clusters: DataFrame, known: DataFrame, *, as_of: date) -> DataFrame:
    """Continue the spans of every person by tonight's segments.

    A span goes on while the segment stays, over skipped nights too; it ends on the first night
    that says otherwise, or nothing. A night that is done again finds its own result, and that of
    later nights, and first takes it back: those nights are to be done again as well.
    """
    tonight = _members(rfm, "rfm", "segment", as_of).unionByName(
        _members(clusters, "cluster", "name", as_of)
    )
    past = before(known, as_of)
    closed = past.where(F.col("valid_to").isNotNull())
    running = past.where(F.col("valid_to").isNull())

    same = [*HOLDER, "segment"]
    still = tonight.select(*same, F.lit(True).alias("holds"))
    ends = F.when(F.col("holds").isNull(), F.lit(as_of)).alias("valid_to")
    continued = running.drop("valid_to").join(still, same, "left")
    started = tonight.join(running.select(*same), same, "left_anti").select(
        *same, F.lit(as_of).alias("valid_from"), F.lit(None).cast("date").alias("valid_to")
    )
    return closed.unionByName(continued.select(*same, "valid_from", ends)).unionByName(started)


def before(spans: DataFrame, as_of: date) -> DataFrame:
    """Return the spans as they stood before the night of ``as_of``."""
    open_then = F.when(F.col("valid_to") < F.lit(as_of), F.col("valid_to"))
    return spans.where(F.col("valid_from") < F.lit(as_of)).withColumn("valid_to", open_then)


def on_day(spans: DataFrame, day: date) -> DataFrame:
    """Return the spans that hold on a day, one a person and family."""
    ends = F.col("valid_to")
    return spans.where((F.col("valid_from") <= F.lit(day)) & (ends.isNull() | (ends > F.lit(day))))


def _members(frame: DataFrame, family: str, name: str, as_of: date) -> DataFrame:
    night = frame.where(F.col("as_of") == F.lit(as_of))
    return night.select("person_id", F.lit(family).alias("family"), F.col(name).alias("segment"))
