"""Traits: names and birthdays that records tell, by which those at one address are told apart."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.identity.nodes import RECORD, node

FIRST = "first"
BIRTH = "birth"


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
