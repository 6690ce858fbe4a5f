"""Activity: events summed up once, by the night that brought them.

Events are by far the most rows of a shop, and what a night wants of those of former nights is a
few sums. They are summed up by identifier, not by person: who is whom changes from night to night.
"""

from __future__ import annotations

import logging
from datetime import date
from typing import TYPE_CHECKING

from jobs.lake.run import Run
from jobs.lake.runner import recorded, write_frames
from jobs.lake.tables.gold import TOUCHPOINTS, VISITS
from jobs.lake.tables.silver import EVENTS
from jobs.lake.unchanged import unchanged

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

log = logging.getLogger("bespoke")

OF_PRODUCTS = ("add_to_cart", "product_view", "email_click")
"""Events by which a person has to do with a product. A purchase event is none: the order line says
the same, with the money, and would be counted twice."""
OF_MESSAGES = ("email_open", "email_click")


def activity(run: Run) -> None:
    """Sum up the events that came since, and those of nights whose events have changed.

    Which nights those are is told by the tables themselves: where a night has other events than
    were summed up, as after a file was corrected, its sums are made anew.
    """
    with recorded(run, "activity") as record:
        if unchanged(run, record):
            return
        record.inputs[EVENTS.id] = run.lake.version(EVENTS)
        events, summed = run.lake.read(EVENTS), run.lake.read(VISITS)
        # Of the touchpoints it cannot be seen which nights they lack, but for all of them.
        known = summed.limit(0) if run.lake.is_new(TOUCHPOINTS) else summed
        timeless = nights_without_time(run.lake.read(TOUCHPOINTS))
        nights = sorted({run.as_of, *changed_nights(events, known), *timeless})
        fresh = events.where(events["loaded_on"].isin(nights))
        # The visits last: by their sums it is seen that a night is done.
        frames = {TOUCHPOINTS: touchpoints(fresh), VISITS: visits(fresh)}
        rows = write_frames(run, record, frames, nights)
    log.info("activity: %s rows of %d nights", f"{rows:,}", len(nights))


def changed_nights(events: DataFrame, summed: DataFrame) -> list[date]:
    """Nights (``loaded_on``) of which there are other events than were summed up.

    Parameters
    ----------
    events : DataFrame
        Rows of ``silver.events``.
    summed : DataFrame
        Rows of ``gold.visits``.
    """
    from pyspark.sql import functions as F

    there = events.groupBy("loaded_on").agg(F.count("*").alias("there"))
    known = summed.groupBy("loaded_on").agg(F.sum("events").alias("known"))
    differing = there.join(known, "loaded_on", "full").where("NOT (there <=> known)")
    return [row["loaded_on"] for row in differing.select("loaded_on").collect()]


def nights_without_time(touched: DataFrame) -> list[date]:
    """Nights (``loaded_on``) of ``gold.touchpoints`` that an earlier release has summed up."""
    lacking = touched.where(touched["last_event_at"].isNull()).select("loaded_on").distinct()
    return [row["loaded_on"] for row in lacking.collect()]


def visits(events: DataFrame) -> DataFrame:
    """Sum up events by identifier, session and day; those of nobody too, so that none is missed.

    Parameters
    ----------
    events : DataFrame
        Rows of ``silver.events``.

    Returns
    -------
    DataFrame
        Rows of ``gold.visits``.
    """
    from pyspark.sql import functions as F

    viewing = F.col("type") == "product_view"
    dwelt = F.sum(F.when(viewing, F.col("dwell_ms")))
    return events.groupBy(*VISITS.key).agg(
        F.count("*").alias("events"),
        F.count_if(viewing).alias("product_views"),
        F.count_if(F.col("type") == "search").alias("searches"),
        F.count_if(F.col("type") == "add_to_cart").alias("cart_adds"),
        F.coalesce(dwelt, F.lit(0)).cast("bigint").alias("dwell_ms"),
        F.max("occurred_at").alias("last_event_at"),
    )


def touchpoints(events: DataFrame) -> DataFrame:
    """Count what each identifier did with a product or a message in each session.

    Parameters
    ----------
    events : DataFrame
        Rows of ``silver.events``.

    Returns
    -------
    DataFrame
        Rows of ``gold.touchpoints``. One without an identifier is of whom its message was sent to.
    """
    from pyspark.sql import functions as F

    with_product = F.col("type").isin(*OF_PRODUCTS) & F.col("product_id").isNotNull()
    with_message = F.col("type").isin(*OF_MESSAGES) & F.col("message_id").isNotNull()
    of_somebody = F.coalesce("identifier", "message_id").isNotNull()
    return (
        events.where((with_product | with_message) & of_somebody)
        .withColumnsRenamed({"type": "kind", "event_date": "occurred_on"})
        .groupBy(*TOUCHPOINTS.key)
        .agg(F.count("*").alias("times"), F.max("occurred_at").alias("last_event_at"))
    )
