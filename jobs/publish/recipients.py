"""Recipients: who may be written to, and at which of their addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd  # PySpark reads the annotations of the functions it is given

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

CUSTOMER_NO = "customer_no"


def consented_addresses(consents: DataFrame, persons: DataFrame) -> DataFrame:
    """Choose one address a person, and one person an address.

    Whoever was seen last chooses first: of the addresses they agreed at, the one agreed at last
    that nobody before them took, and of equal ones the first by its token. So a person goes
    without only if others have taken all of theirs.

    Parameters
    ----------
    consents : DataFrame
        Rows of :func:`jobs.profiles.consent.current_consents` of one channel and purpose.
    persons : DataFrame
        Rows of ``identity.persons``.

    Returns
    -------
    DataFrame
        ``person_id``, ``email_token``; each of both once.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    own = Window.partitionBy("person_id")
    wished = own.orderBy(F.desc("granted_at"), "email_token")
    wishes = (
        consents.where("granted AND email_token IS NOT NULL")
        .join(persons.select("person_id", "last_seen"), "person_id")
        .withColumn("users", F.count("*").over(Window.partitionBy("email_token")))
        .withColumn("shares", F.max("users").over(own) > 1)
        .withColumn("wish", F.row_number().over(wished))
        # Both parts stand on it.
        .localCheckpoint()
    )
    alone = wishes.where("NOT shares AND wish = 1").select("person_id", "email_token")
    # Taking turns is one process's work; those who share an address are few.
    family = (
        wishes.where("shares")
        .groupBy("shares")
        .applyInPandas(in_turn, "person_id string, email_token string")
    )
    return alone.unionByName(family)


def consented_numbers(
    consents: DataFrame, identifiers: DataFrame, persons: DataFrame, *, assumed: bool
) -> DataFrame:
    """Find the known persons who may be written to, for a set that holds no addresses.

    Parameters
    ----------
    consents : DataFrame
        Rows of :func:`jobs.profiles.consent.current_consents` of one channel and purpose.
    identifiers, persons : DataFrame
        Rows of ``identity.identifiers`` and ``identity.persons``.
    assumed : bool
        Whether the set takes the purpose as agreed by those who said nothing of it.

    Returns
    -------
    DataFrame
        ``person_id``, ``recipient``: the person's first customer number.
    """
    from pyspark.sql import functions as F

    said = consents.groupBy("person_id").agg(F.bool_or("granted").alias("granted"))
    # All that follows the first colon: a number may hold colons of its own.
    number = F.expr(f"substring(identifier, {len(CUSTOMER_NO) + 2})")
    return (
        persons.where("kind = 'known'")
        .select("person_id")
        .join(said, "person_id", "left")
        .where(F.coalesce("granted", F.lit(assumed)))
        .join(identifiers.where(F.col("type") == CUSTOMER_NO), "person_id")
        .groupBy("person_id")
        .agg(F.min(number).alias("recipient"))
    )


def in_turn(wishes: pd.DataFrame) -> pd.DataFrame:
    """Let people choose in turn; see :func:`consented_addresses`.

    Parameters
    ----------
    wishes : DataFrame
        ``person_id``, ``last_seen``, ``wish`` (1 for the address they would take first),
        ``email_token``.
    """
    turns = wishes.sort_values(["last_seen", "person_id", "wish"], ascending=[False, True, True])
    chosen: dict[str, str] = {}
    taken: set[str] = set()
    for person, address in zip(turns["person_id"], turns["email_token"], strict=True):
        if person not in chosen and address not in taken:
            chosen[person] = address
            taken.add(address)
    return pd.DataFrame(list(chosen.items()), columns=["person_id", "email_token"])
