"""Consent in force: the latest act wins, and what is missing is a no.

A consent to be written to is per address, any other per person. An act that names no channel is
for all of them, one that names no address for all addresses of the person. At equal time a
withdrawal beats a grant.

People may share an address. A withdrawal that names it holds for all of them, and so does a grant
that names nobody but the address; a grant that names a person holds for that person only.
"""

from __future__ import annotations

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.identity.nodes import EMAIL, RECORD, node
from jobs.identity.resolve import with_person
from jobs.profiles.lateness import counted

CHANNELS = ("email", "sms", "push", "post")
"""Channels that an act without a channel is for."""


def addresses_of(customers: DataFrame, identifiers: DataFrame) -> DataFrame:
    """``person_id``, ``email_token``: every address of every person, shared ones for each of them.

    Parameters
    ----------
    customers : DataFrame
        Rows of ``silver.customers``.
    identifiers : DataFrame
        Rows of ``identity.identifiers``.
    """
    recorded = with_person(
        customers.where("email_token IS NOT NULL").select(
            node(RECORD, "record_id").alias("identifier"), "email_token"
        ),
        identifiers,
    )
    return (
        recorded.where("person_id IS NOT NULL")
        .select("person_id", "email_token")
        .unionByName(_own_addresses(identifiers))
        .distinct()
    )


def current_consents(
    consents: DataFrame,
    identifiers: DataFrame,
    as_of: date,
    *,
    addresses: DataFrame | None = None,
) -> DataFrame:
    """Find what each person agrees to, by channel and address, at the end of a day.

    Parameters
    ----------
    consents : DataFrame
        Rows of ``silver.consents``; those that do not count yet (:func:`said_by`) are passed over.
    identifiers : DataFrame
        Rows of ``identity.identifiers``.
    as_of : date
        Last day that counts.
    addresses : DataFrame, optional
        From :func:`addresses_of`; without it an address that people share is only known to
        belong to those who named it in an act.

    Returns
    -------
    DataFrame
        ``person_id``, ``email_token``, ``channel``, ``purpose``, ``granted``. The address is that
        of channel email, and null for other channels and where the person has none. A person may
        be written to at an address only if a row says so.
    """
    acts = consent_acts(consents, identifiers, as_of, addresses=addresses)
    own = _all_addresses(acts, identifiers, addresses).select(
        "person_id", F.col("email_token").alias("own_token")
    )
    by_channel = acts.withColumn(
        "channel",
        F.explode(
            F.when(F.col("channel").isNull(), F.array(*map(F.lit, CHANNELS))).otherwise(
                F.array("channel")
            )
        ),
    )
    to_email = by_channel.where(F.col("channel") == EMAIL)
    everywhere = (
        to_email.where("email_token IS NULL")
        .join(own, on="person_id", how="left")
        .withColumn("email_token", F.col("own_token"))
        .drop("own_token")
    )
    elsewhere = by_channel.where(F.col("channel") != EMAIL).withColumn(
        "email_token", F.lit(None).cast("string")
    )
    return (
        to_email.where("email_token IS NOT NULL")
        .unionByName(everywhere)
        .unionByName(elsewhere)
        .groupBy("person_id", "email_token", "channel", "purpose")
        .agg(_latest().alias("granted"))
    )


def current_purposes(
    consents: DataFrame,
    identifiers: DataFrame,
    as_of: date,
    *,
    addresses: DataFrame | None = None,
) -> DataFrame:
    """``person_id``, ``purpose``, ``granted``: the latest act of each person, whatever its channel.

    For purposes that are not about being written to, as personalization and analytics; the
    parameters are those of :func:`current_consents`.
    """
    acts = consent_acts(consents, identifiers, as_of, addresses=addresses)
    return acts.groupBy("person_id", "purpose").agg(_latest().alias("granted"))


def said_by(as_of: date) -> Column:
    """Whether an act counts at the end of a day.

    A grant counts from its day (UTC) if it was known by then. A withdrawal counts from its day
    even if it came late, and as soon as it is known: west of UTC an evening's is of the next UTC
    day.
    """
    day = F.to_date("occurred_at")
    in_time = (day <= F.lit(as_of)) | (F.col("known_from") <= F.lit(as_of))
    return counted(day, as_of) | ((F.col("status") == "withdrawn") & in_time)


def consent_acts(
    consents: DataFrame,
    identifiers: DataFrame,
    as_of: date,
    *,
    addresses: DataFrame | None = None,
) -> DataFrame:
    """Acts up to a day with each person they hold for; see the module for shared addresses."""
    acts = with_person(
        consents.where(said_by(as_of)).select(
            "identifier",
            "consent_id",
            "email_token",
            "channel",
            "purpose",
            "occurred_at",
            (F.col("status") == "granted").alias("granted"),
        ),
        identifiers,
    )
    own = acts.where("person_id IS NOT NULL").drop("identifier")
    for_all = acts.where(
        F.col("email_token").isNotNull()
        & (~F.col("granted") | F.col("identifier").startswith(f"{EMAIL}:"))
    ).drop("identifier", "person_id")
    users = _all_addresses(own, identifiers, addresses)
    return own.unionByName(for_all.join(users, on="email_token")).distinct()


def _all_addresses(
    acts: DataFrame, identifiers: DataFrame, addresses: DataFrame | None
) -> DataFrame:
    """Addresses of persons, with those they named in an act themselves."""
    known = _own_addresses(identifiers) if addresses is None else addresses
    named = acts.where("email_token IS NOT NULL").select("person_id", "email_token")
    return known.unionByName(named).distinct()


def _own_addresses(identifiers: DataFrame) -> DataFrame:
    return identifiers.where(F.col("type") == EMAIL).select(
        "person_id", F.expr(f"substring(identifier, {len(EMAIL) + 2})").alias("email_token")
    )


def _latest() -> Column:
    """Aggregate: whether the latest act grants; the id decides where nothing else does."""
    return F.max_by(
        "granted", F.struct("occurred_at", (~F.col("granted")).alias("withdrawn"), "consent_id")
    )
