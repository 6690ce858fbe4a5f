"""Holders: who has logged in on a device or with a cookie, and how much doubt that leaves.

Times are microseconds.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from jobs.identity.nodes import STRONG, node_type
from jobs.identity.settings import IdentitySettings

DEVICE, COOKIE = "device", "cookie"
ALONE, HANDED_ON, IN_TURNS = range(3)
"""Doubt: one person was logged in; one after another; back and forth, or too few to tell."""
DAY = 86_400_000_000
MOST_DAYS = 10
"""Days of a person that count, so that the factorial of two persons' is a number of 64 bits."""


def uses(sightings: DataFrame) -> DataFrame:
    """Take sightings apart, a row for the device and one for the cookie.

    Returns
    -------
    DataFrame
        ``identifier``, ``device`` (that a cookie was on), ``session_id``, ``known_as``, ``start``,
        ``end``.
    """
    no_device = F.lit(None).cast("string")
    used = F.array(
        F.struct(F.col(DEVICE).alias("identifier"), no_device.alias(DEVICE)),
        F.struct(F.col(COOKIE).alias("identifier"), F.col(DEVICE).alias(DEVICE)),
    )
    return (
        sightings.select(
            F.explode(used).alias("used"),
            "session_id",
            "known_as",
            F.unix_micros("first_seen").alias("start"),
            F.unix_micros("last_seen").alias("end"),
        )
        .select("used.*", "session_id", "known_as", "start", "end")
        .where("identifier IS NOT NULL")
    )


def logins(identifiers: DataFrame) -> DataFrame:
    """``known_as``, ``person_id``: whom a login or a number names."""
    named = F.col("type").isin(*STRONG) & ~F.coalesce("shared", F.lit(False))
    return identifiers.where(named).select(F.col("identifier").alias("known_as"), "person_id")


def holders(used: DataFrame, people: DataFrame, settings: IdentitySettings) -> DataFrame:
    """Find how many have logged in on each device and with each cookie, and when.

    Parameters
    ----------
    used : DataFrame
        Of :func:`uses`.
    people : DataFrame
        Of :func:`logins`.
    settings : IdentitySettings
        Limits.

    Returns
    -------
    DataFrame
        ``identifier``, ``users``, ``doubt``, ``since``, ``until``.
    """
    # Days are counted by bits, in one pass; those that are 64 days apart count as one.
    bit = F.expr(f"shiftleft(1L, CAST(start DIV {DAY} % 64 AS INT))")
    widest = (F.min("start").alias("start"), F.max("end").alias("end"))
    by_person = (
        used.where("known_as IS NOT NULL")
        .withColumn("days", bit)
        .groupBy("identifier", "known_as")
        .agg(*widest, F.bit_or("days").alias("days"))
        .join(people, "known_as")
        .groupBy("identifier", "person_id")
        .agg(*widest, F.bit_or("days").alias("days"))
        .withColumn("days", F.least(F.bit_count("days"), F.lit(MOST_DAYS)).cast("int"))
    )
    in_order = Window.partitionBy("identifier").orderBy("start", "end", "person_id")
    clear = (F.col("end") < F.lead("start").over(in_order)) & (
        _chance(F.col("days"), F.lead("days").over(in_order)) < settings.spans.handover_chance
    )
    last = F.lead("start").over(in_order).isNull()
    doubt = F.when(F.count("*") == 1, ALONE).when(F.bool_and("clear"), HANDED_ON)
    return (
        by_person.withColumn("clear", clear | last)
        .groupBy("identifier")
        .agg(
            F.count("*").alias("users"),
            doubt.otherwise(IN_TURNS).alias("doubt"),
            F.min("start").alias("since"),
            F.max("end").alias("until"),
        )
    )


def _chance(days: Column, others: Column) -> Column:
    """Chance that of two who log in in any order, one comes first on all of their days.

    Of all orders of m and n days, m! n! / (m + n)! each, two are of this kind.
    """
    return 2 * F.factorial(days) * F.factorial(others) / F.factorial(days + others)


def in_question(
    identifiers: DataFrame, sightings: DataFrame, known: DataFrame, settings: IdentitySettings
) -> DataFrame:
    """Find the devices and cookies that are not one person's throughout.

    Parameters
    ----------
    identifiers, sightings : DataFrame
        As of :func:`jobs.identity.spans.timed`.
    known : DataFrame
        Of :func:`holders`.
    settings : IdentitySettings
        Limits.

    Returns
    -------
    DataFrame
        Their rows, with ``doubt``, and ``judges``: whether it is a device that says more of a
        session than the cookie does.
    """
    judges = (F.col("doubt") > ALONE) & (F.col("users") <= settings.spans.max_users)
    judging = judges & (_type() == DEVICE)
    # Cookies with the greatest doubt that there is about a device they were used on.
    judged = (
        sightings.where(F.col(DEVICE).isNotNull() & F.col(COOKIE).isNotNull())
        .join(known.where(judging).select(F.col("identifier").alias(DEVICE), "doubt"), DEVICE)
        .groupBy(F.col(COOKIE).alias("identifier"))
        .agg(F.max("doubt").alias("of_device"))
    )
    life, span = lifetime(settings), F.col("until") - F.col("since")
    before = F.col("since") - F.unix_micros("first_seen")
    after = F.unix_micros("last_seen") - F.col("until")
    within = (before <= settings.spans.backward_days * DAY) & (after <= life) & (span <= life)
    # Shared without two persons: it was seen with too many others.
    crowded = F.col("shared") & (F.coalesce("users", F.lit(0)) < 2)
    plain = (F.col("doubt") == ALONE) & F.col("of_device").isNull() & ~F.col("shared") & within
    return (
        identifiers.where(F.col("type").isin(DEVICE, COOKIE))
        .join(known, "identifier", "left")
        .join(judged, "identifier", "left")
        .where("users IS NOT NULL OR of_device IS NOT NULL")
        .where(~F.coalesce(plain, F.lit(False)))
        .withColumn("judges", F.coalesce(judging, F.lit(False)))
        .withColumn("doubt", F.when(crowded, IN_TURNS).otherwise(F.greatest("doubt", "of_device")))
        .drop("users", "of_device", "since", "until")
    )


def lifetime(settings: IdentitySettings) -> Column:
    """How long an ``identifier`` stays a person's after a login."""
    of = settings.identifiers
    return F.when(_type() == DEVICE, of.device.days * DAY).otherwise(of.cookie.days * DAY)


def _type() -> Column:
    return node_type("identifier")
