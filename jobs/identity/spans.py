"""Spans: from when until when a device or a cookie is whose.

What is done on it without a login is the work of whoever was logged in before and after, within
limits. Where persons take turns it is shared, and somebody's only in the session in which they log
in. Where one follows another it has changed hands: each has their own time, and what lies between
is nobody's. What a cookie cannot tell is judged by the device that it was used on.

Times are microseconds on the way. Both ends of a session belong to it; the end of a span does not
belong to the span.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from jobs.identity.holders import (
    COOKIE,
    DAY,
    DEVICE,
    IN_TURNS,
    holders,
    in_question,
    lifetime,
    logins,
    uses,
)
from jobs.identity.naming import person_id
from jobs.identity.settings import IdentitySettings

MINUTE = 60_000_000
ORDER = ("start", "end", "person_id", "session_id")


def timed(identifiers: DataFrame, sightings: DataFrame, settings: IdentitySettings) -> DataFrame:
    """Give devices and cookies to those whom they belonged to at the time.

    Parameters
    ----------
    identifiers : DataFrame
        Rows of ``identity.identifiers`` without bounds, one an identifier. Logins and numbers
        have their person, and so has a device or a cookie that was never seen with one.
    sightings : DataFrame
        Rows of ``identity.sightings``, in any order.
    settings : IdentitySettings
        Limits.

    Returns
    -------
    DataFrame
        The rows with ``valid_from`` and ``valid_to``, half-open. An identifier whose whole use is
        one person's keeps its row, without bounds. Others have a row for each span in which they
        were used; those of nobody belong to an anonymous person, one an identifier. No two of an
        identifier overlap, and each time at which it was seen is in one.
    """
    used, people = uses(sightings), logins(identifiers)
    bounds = [F.lit(None).cast("timestamp").alias(name) for name in ("valid_from", "valid_to")]
    # Twice wanted, as are the next two; and few rows beside the sightings.
    known = holders(used, people, settings).localCheckpoint()
    if known.isEmpty():
        return identifiers.select("*", *bounds)
    asked = in_question(identifiers, sightings, known, settings).localCheckpoint()
    claims = _claims(used, asked.where(F.col("type") == DEVICE), people)
    devices = _told(claims, settings).localCheckpoint()
    judged = _judged(devices, asked)
    claims = _claims(used, asked.where(F.col("type") == COOKIE), people, judged)
    spans = _spans(devices.unionByName(_told(claims, settings)), settings)
    rest = identifiers.join(asked.select("identifier"), "identifier", "anti").select("*", *bounds)
    return rest.unionByName(_bounded(asked, spans).select(*rest.columns))


def _claims(
    used: DataFrame, asked: DataFrame, people: DataFrame, judged: DataFrame | None = None
) -> DataFrame:
    """Find who claims which time: a person their session, and nobody one without a login.

    Of several persons in a session the first has it from its beginning, the last up to its end.

    Returns
    -------
    DataFrame
        ``identifier``, ``session_id``, ``person_id``, ``start``, ``end``, ``free`` (whether one
        without a person may be given to one) and ``held`` (whether what is done without a login
        is the person's as well).
    """
    named = used.join(asked.select("identifier", "doubt"), "identifier").join(
        people, "known_as", "left"
    )
    own = F.col("person_id").isNotNull()
    if judged is None:
        named = named.select("*", own.alias("own"), F.lit(True).alias("free"))
    else:
        named = (
            named.join(judged, [DEVICE, "session_id"], "left")
            .withColumn("own", own)
            .withColumn("free", F.col("judged").isNull())
            .withColumn("person_id", F.coalesce("person_id", "by_device"))
        )
    by_person = (
        named.repartition("identifier")
        .groupBy("identifier", "session_id", "person_id")
        .agg(
            F.min("start").alias("start"),
            F.max("end").alias("end"),
            F.bool_or("own").alias("own"),
            F.bool_and("free").alias("free"),
            F.max("doubt").alias("doubt"),
        )
    )
    session = Window.partitionBy("identifier", "session_id")
    whose, start, end = F.col("person_id").isNotNull(), F.col("start"), F.col("end")
    first, left = (F.min(F.when(whose, time)).over(session) for time in (start, end))
    taken, last = (F.max(F.when(whose, time)).over(session) for time in (start, end))
    opened, closed = F.min("start").over(session), F.max("end").over(session)
    # What is done without a login is kept where nobody logs in, and between two who do.
    return (
        by_person.select(
            "identifier",
            "session_id",
            "person_id",
            F.when(start == first, opened)
            .when(whose, start)
            .otherwise(F.greatest(start, left + 1)),
            F.when(end == last, closed).when(whose, end).otherwise(F.least(end, taken - 1)),
            (F.col("free") & first.isNull()).alias("free"),
            (F.col("own") & (F.col("doubt") < IN_TURNS)).alias("held"),
        )
        .toDF("identifier", "session_id", "person_id", "start", "end", "free", "held")
        .where("start <= end")
    )


def _told(claims: DataFrame, settings: IdentitySettings) -> DataFrame:
    """Add ``who``: the person, or for a session without one whose it is by those around it."""
    login = F.struct("person_id", "start", "end", "held")
    earlier, later = _beside("login", *ORDER)
    around = (
        claims.withColumn("login", F.when(F.col("person_id").isNotNull(), login))
        .withColumn("earlier", earlier)
        .withColumn("later", later)
    )
    earlier, later = F.col("earlier"), F.col("later")
    after = earlier["held"] & (F.col("end") - earlier["end"] <= lifetime(settings))
    before = later["held"] & (later["start"] - F.col("start") <= settings.spans.backward_days * DAY)
    one = earlier["person_id"] == later["person_id"]
    given = (
        F.when(later.isNull() & after, earlier["person_id"])
        .when(earlier.isNull() & before, later["person_id"])
        .when(one & (after | before), earlier["person_id"])
    )
    who = F.coalesce("person_id", F.when(F.col("free"), given))
    return around.select(
        "identifier", "session_id", "person_id", "start", "end", "held", who.alias("who")
    )


def _beside(column: str, *order: str) -> tuple[Column, Column]:
    """Return the last value before a row of its identifier, and the first after, past nulls."""
    by = f"OVER (PARTITION BY identifier ORDER BY {', '.join(f'`{name}`' for name in order)})"
    return F.expr(f"LAG({column}) IGNORE NULLS {by}"), F.expr(f"LEAD({column}) IGNORE NULLS {by}")


def _judged(devices: DataFrame, asked: DataFrame) -> DataFrame:
    """Say of sessions on devices in doubt whose they are: null where that cannot be told."""
    judges = asked.where("judges").select("identifier")
    one = (F.min("who") == F.max("who")) & (F.count("who") == F.count("*"))
    return (
        devices.join(judges, "identifier")
        .groupBy(F.col("identifier").alias(DEVICE), "session_id")
        .agg(F.when(one, F.min("who")).alias("by_device"), F.lit(True).alias("judged"))
    )


def _spans(told: DataFrame, settings: IdentitySettings) -> DataFrame:
    """Make spans of sessions: a stint reaches into no other, and while two are at it it is neither.

    Returns
    -------
    DataFrame
        ``identifier``, ``who`` (null for nobody), ``held``, ``from``, ``to``, ``start``, ``end``.
    """
    in_order = Window.partitionBy("identifier").orderBy("stint")
    before = in_order.rowsBetween(Window.unboundedPreceding, -1)
    # Up to another person's stint it reaches no more than the timeout; nobody's has no login.
    earlier, later = (
        F.coalesce(who == F.col("who"), F.lit(True)) for who in _beside("who", "stint")
    )
    forward = F.when(F.col("held") & later, lifetime(settings))
    backward = F.when(F.col("held") & earlier, settings.spans.backward_days * DAY)
    timeout = F.col("end") + settings.spans.timeout_minutes * MINUTE
    next_start = F.lead("start").over(in_order)
    stints = (
        _stints(told)
        .withColumn("early", F.least("start", F.col("since") - backward))
        .withColumn("next", next_start)
        .withColumn("to", F.least(F.greatest(timeout, F.col("until") + forward), "next"))
        .withColumn("taken", F.max("end").over(before) + 1)
        .withColumn("early", F.greatest("early", F.lag("to").over(in_order)))
        .withColumn("stints", F.count("*").over(Window.partitionBy("identifier")))
        .where(F.col("stints") <= settings.spans.max_spans)
    )
    contested = F.col("taken") > F.col("start")
    own = F.when(contested, F.col("taken")).otherwise(F.col("early"))
    neither = F.when(contested, F.least("taken", "next"))
    parts = F.array(
        F.struct(own.alias("from"), "to", "who", "held"),
        F.struct(
            F.col("start").alias("from"),
            neither.alias("to"),
            F.lit(None).cast("string").alias("who"),
            F.lit(False).alias("held"),
        ),
    )
    return (
        stints.select("identifier", "start", "end", F.explode(parts).alias("span"))
        .select("identifier", "start", "end", "span.*")
        .where(F.col("from") < F.col("to"))
    )


def _stints(told: DataFrame) -> DataFrame:
    """Put sessions of one person together that have none of anybody else's between them.

    Returns
    -------
    DataFrame
        ``identifier``, ``stint`` (a number), ``who``, ``held``, ``start``, ``end``, and ``since``,
        ``until`` of the logins in it.
    """
    by_start = Window.partitionBy("identifier").orderBy(*ORDER)
    other = ~F.col("who").eqNullSafe(F.lag("who").over(by_start))
    login = F.col("person_id").isNotNull()
    return (
        told.withColumn("other", other.cast("int"))
        .withColumn("stint", F.sum("other").over(by_start))
        .groupBy("identifier", "stint", "who")
        .agg(
            F.min("start").alias("start"),
            F.max("end").alias("end"),
            F.min(F.when(login, F.col("start"))).alias("since"),
            F.max(F.when(login, F.col("end"))).alias("until"),
            F.bool_or("held").alias("held"),
        )
    )


def _bounded(asked: DataFrame, spans: DataFrame) -> DataFrame:
    """Make rows of ``identity.identifiers``; one of which there are too many spans is nobody's."""
    alone = F.count("from").over(Window.partitionBy("identifier")) <= 1
    open_ended = alone & (F.col("held") | F.col("who").isNull())
    first, last = F.greatest("start", "from"), F.least("end", F.col("to") - 1)

    def unless_open(micros: Column) -> Column:
        return F.when(~F.col("open_ended"), F.timestamp_micros(micros))

    return (
        asked.join(spans, "identifier", "left")
        .withColumn("open_ended", F.coalesce(open_ended, F.lit(True)))
        .select(
            "identifier",
            "type",
            F.coalesce(F.col("who"), person_id(F.col("identifier"))).alias("person_id"),
            (F.col("from").isNull() | (F.col("doubt") == IN_TURNS)).alias("shared"),
            F.coalesce(unless_open(first), "first_seen").alias("first_seen"),
            F.coalesce(unless_open(last), "last_seen").alias("last_seen"),
            unless_open(F.col("from")).alias("valid_from"),
            unless_open(F.col("to")).alias("valid_to"),
            "part",
        )
    )
