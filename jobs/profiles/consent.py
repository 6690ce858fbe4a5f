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


def consent_acts(
    consents: DataFrame,
    identifiers: DataFrame,
    addresses: DataFrame,
    as_of: date,
    *,
    later_withdrawals: bool = False,
) -> DataFrame:
    """Find the acts that count at the end of a day, with each person they hold for.

    Parameters
    ----------
    consents : DataFrame
        Rows of ``silver.consents``; those that do not count yet (:func:`said_by`) are passed over.
    identifiers : DataFrame
        Rows of ``identity.identifiers``.
    addresses : DataFrame
        From :func:`addresses_of`.
    as_of : date
        Last day that counts.
    later_withdrawals : bool
        Whether withdrawals after that day count too: for what leaves now, of whatever night.

    Returns
    -------
    DataFrame
        ``person_id``, ``email_token``, ``channel``, ``purpose``, ``occurred_at``, ``granted``. An
        act may stand twice.
    """
    acts = with_person(
        consents.where(said_by(as_of, later_withdrawals=later_withdrawals)).select(
            "identifier",
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
    return own.unionByName(for_all.join(_with_named(addresses, own), on="email_token"))


def said_by(as_of: date, *, later_withdrawals: bool = False) -> Column:
    """Whether an act counts at the end of a day.

    A grant counts from its day (UTC) if it was known by then. A withdrawal counts from its day
    even if it came late, and as soon as it is known: west of UTC an evening's is of the next UTC
    day.
    """
    day = F.to_date("occurred_at")
    withdrawn = F.col("status") == "withdrawn"
    in_time = (day <= F.lit(as_of)) | (F.col("known_from") <= F.lit(as_of))
    return counted(day, as_of) | (withdrawn & (F.lit(later_withdrawals) | in_time))


def current_consents(acts: DataFrame, addresses: DataFrame) -> DataFrame:
    """Find what each person agrees to, by channel and address.

    Parameters
    ----------
    acts : DataFrame
        From :func:`consent_acts`.
    addresses : DataFrame
        From :func:`addresses_of`.

    Returns
    -------
    DataFrame
        ``person_id``, ``email_token``, ``channel``, ``purpose``, ``granted``, ``granted_at`` (the
        latest grant). The address is that of channel email, and null for other channels and where
        the person has none. A person may be written to at an address only if a row says so.
    """
    own = _with_named(addresses, acts).select(
        F.col("person_id").alias("owner"), F.col("email_token").alias("own_token")
    )
    every = F.array(*map(F.lit, CHANNELS))
    channels = F.when(F.col("channel").isNull(), every).otherwise(F.array("channel"))
    by_channel = acts.withColumn("channel", F.explode(channels))
    to_email = F.col("channel") == EMAIL
    everywhere = to_email & F.col("email_token").isNull() & (F.col("person_id") == F.col("owner"))
    address = F.when(to_email, F.coalesce("email_token", "own_token"))
    return (
        by_channel.join(own, on=everywhere, how="left")
        .withColumn("email_token", address)
        .groupBy("person_id", "email_token", "channel", "purpose")
        .agg(_granted().alias("granted"), _granted_at().alias("granted_at"))
    )


def current_purposes(acts: DataFrame) -> DataFrame:
    """``person_id``, ``purpose``, ``granted``: the latest act of each person, whatever its channel.

    For purposes that are not about being written to, as personalization and analytics; ``acts``
    are those of :func:`consent_acts`.
    """
    return acts.groupBy("person_id", "purpose").agg(_granted().alias("granted"))


def _with_named(addresses: DataFrame, acts: DataFrame) -> DataFrame:
    """Addresses of persons, with those they named in an act themselves."""
    named = acts.where("email_token IS NOT NULL").select("person_id", "email_token")
    return addresses.unionByName(named).distinct()


def _own_addresses(identifiers: DataFrame) -> DataFrame:
    return identifiers.where(F.col("type") == EMAIL).select(
        "person_id", F.expr(f"substring(identifier, {len(EMAIL) + 2})").alias("email_token")
    )


def _granted() -> Column:
    """Aggregate: whether the latest act grants; at equal time a withdrawal wins."""
    withdrawn_at = F.max(F.when(~F.col("granted"), F.col("occurred_at")))
    return F.coalesce(_granted_at() > withdrawn_at, withdrawn_at.isNull())


def _granted_at() -> Column:
    return F.max(F.when(F.col("granted"), F.col("occurred_at")))
