"""Contacts: an email or phone held in two systems is evidence of one person, unless a family's.

Accounts and records that hold the same contact are joined when they bear the same first name or
the same date of birth there; so a family behind one address stays apart, and a person who is
"Robert" in one system and "Bob" in the next is one by the birthday. Those that tell neither go
where only one named person could be meant.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.identity.attach import attach
from jobs.identity.components import spark_components
from jobs.identity.nodes import RECORD, node

FIRST = "first"
BIRTH = "birth"


def join_by_contact(
    holders: DataFrame,
    strong: DataFrame,
    customers: DataFrame,
    *,
    max_holders: int,
) -> DataFrame:
    """Join accounts and records by the contacts they hold.

    Parameters
    ----------
    holders : DataFrame
        ``component``, ``contact``, distinct: which account or record holds which email or phone.
    strong : DataFrame
        ``node``, ``component`` of every strong node.
    customers : DataFrame
        Rows of ``silver.customers``.
    max_holders : int
        A contact that more components hold joins nobody.

    Returns
    -------
    DataFrame
        ``component``, ``joined``: components with the same ``joined`` are one person. Components
        whose contacts nobody else holds are left out.
    """
    contested = _contested(holders, max_holders).localCheckpoint()
    traits = _traits(strong, customers, contested).localCheckpoint()
    named = _join_by_traits(contested, traits).localCheckpoint()
    placed = _join_unnamed(contested, named, traits)
    return named.join(placed, named["group"] == placed["node"], how="left").select(
        "component", F.coalesce("owner", "group").alias("joined")
    )


def _contested(holders: DataFrame, most: int) -> DataFrame:
    """Contacts of at least two holders, and of no more than could be a household."""
    counted = holders.groupBy("contact").agg(F.count("*").alias("holders"))
    wanted = counted.where(F.col("holders").between(2, most)).select("contact")
    return holders.join(wanted, on="contact")


def told_traits(customers: DataFrame) -> DataFrame:
    """``node``, ``trait``: names and birthdays that records tell.

    The last name alone is no trait: a household shares it too.
    """
    first, last = F.col("first_name_token"), F.col("last_name_token")
    either_way = F.concat_ws(" ", F.least(first, last), F.greatest(first, last))
    return customers.select(
        node(RECORD, "record_id").alias("node"),
        F.explode(
            F.array_compact(
                F.array(
                    node(FIRST, "first_name_token"),
                    node(BIRTH, "birth_date_token"),
                    # First and last name entered the wrong way round are the same two names.
                    F.when(first != last, F.concat(F.lit("names:"), either_way)),
                )
            )
        ).alias("trait"),
    )


def _traits(strong: DataFrame, customers: DataFrame, contested: DataFrame) -> DataFrame:
    """``component``, ``trait`` of the components that share a contact."""
    sharing = contested.select("component").distinct()
    return (
        told_traits(customers)
        .join(strong, on="node")
        .join(sharing, on="component")
        .select("component", "trait")
        .distinct()
    )


def _join_by_traits(contested: DataFrame, traits: DataFrame) -> DataFrame:
    """``component``, ``group``: joined where they bear one trait at one contact.

    A trait at a contact is a node of its own, so the links grow with the holders and not with
    their pairs.
    """
    keyed = contested.join(traits, on="component").select(
        F.col("component").alias("left_id"),
        F.concat_ws(" as ", "contact", "trait").alias("right_id"),
    )
    found = spark_components(keyed)
    return (
        contested.select("component")
        .distinct()
        .join(
            found.withColumnRenamed("component", "group"),
            F.col("component") == F.col("node"),
            "left",
        )
        .select("component", F.coalesce("group", "component").alias("group"))
    )


def _join_unnamed(contested: DataFrame, named: DataFrame, traits: DataFrame) -> DataFrame:
    """``node``, ``owner``: groups without a first name, put with the one named they could be."""
    standing = (
        named.join(traits, on="component", how="left")
        .groupBy("group")
        .agg(_bears(FIRST).alias("first"), _bears(BIRTH).alias("birth"))
    )
    held = (
        contested.join(named, on="component")
        .select("contact", "group")
        .distinct()
        .join(standing, on="group")
        .localCheckpoint()
    )
    telling = (
        held.groupBy("contact")
        .agg(
            F.count_if("first").alias("firsts"),
            F.count_if("birth").alias("births"),
            F.min(F.when(F.col("first"), F.col("group"))).alias("owner"),
        )
        # Two who both give a first name, or both a birthday, were not joined by it: a household,
        # of which the unnamed could be anyone.
        .where("firsts <= 1 AND births <= 1")
    )
    links = (
        held.where("NOT first")
        .join(telling, on="contact")
        .select(F.col("group").alias("left_id"), F.col("contact").alias("right_id"))
    )
    owners = telling.where("owner IS NOT NULL").select(F.col("contact").alias("node"), "owner")
    return attach(links, owners)


def _bears(kind: str) -> Column:
    return F.coalesce(F.bool_or(F.col("trait").startswith(f"{kind}:")), F.lit(False))
