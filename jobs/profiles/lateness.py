"""Lateness: a row counts once it has happened and has reached us; days are the shop's."""

from __future__ import annotations

from datetime import date

from pyspark.sql import Column
from pyspark.sql import functions as F


def counted(day: Column, as_of: date) -> Column:
    """Whether a row of silver counts at the end of a day, so that a past night sees what it saw.

    Silver keeps the newest version of a row only: one that was corrected counts from its
    correction. A row that does not say when it reached us counts from its own day.

    Parameters
    ----------
    day : Column
        The day on which it happened.
    as_of : date
        Last day that counts.
    """
    reached = F.col("known_from").isNull() | (F.col("known_from") <= F.lit(as_of))
    return (day <= F.lit(as_of)) & reached


def day_of(time: str, zone: str) -> Column:
    """Return the business day of a time (UTC), for a row that has none of its own.

    West of UTC the evening of a day is the next day's in UTC, and would count a night late.
    """
    return F.to_date(F.from_utc_timestamp(time, zone))
