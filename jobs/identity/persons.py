"""Persons: every identifier is given to one person.

Strong identifiers (record, customer_no, login, loyalty_no) that stood together are one person.
An email or phone joins them where it does not look like a family's (``contacts.py``). A weak
identifier that still touches two persons is shared: it tells nothing about who used it, and gets
an anonymous person of its own. The rest goes with the one person it touches.
"""

from __future__ import annotations

from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.identity import distributed, single_node
from jobs.identity.contacts import told_traits
from jobs.identity.nodes import RECORD, STRONG
from jobs.identity.settings import IdentitySettings
from jobs.lake.job import job
from jobs.lake.tables.identity import IDENTIFIERS, LINKS, PERSONS
from jobs.lake.tables.silver import CUSTOMERS


@job(reads=[LINKS, CUSTOMERS], writes=(IDENTIFIERS, PERSONS), section="identity")
def persons(
    links: DataFrame, customers: DataFrame, *, as_of: date, settings: IdentitySettings
) -> tuple[DataFrame, DataFrame]:
    """Resolve every identifier to a person.

    A person is named by the node of it that was seen first, a strong one if it has any: when two
    persons turn out to be one, the name of the one seen first stays. It follows from the links
    alone, so that a rebuild names as many nights did. The price: where a link says tonight that
    another node was seen earlier, as of a record that comes late with an old day of registration,
    the person gets that node's name.
    """
    if links.count() <= settings.single_node_links:
        seen = links.select("left_id", "right_id", "first_seen", "last_seen")
        found = single_node.resolve(seen.toArrow(), told_traits(customers).toArrow(), settings)
        named = links.sparkSession.createDataFrame(found)
    else:
        # Both results stand on it; without a checkpoint the whole resolution would run twice.
        named = distributed.resolve(links, customers, settings).localCheckpoint()
    name = F.concat(F.lit("p_"), F.substring(F.sha2("representative", 256), 1, 20))
    identifiers = named.withColumn("person_id", name).drop("representative")
    return identifiers, _summary(identifiers, as_of)


def _summary(identifiers: DataFrame, as_of: date) -> DataFrame:
    """Rows of ``identity.persons``."""
    is_record = F.col("type") == RECORD
    return (
        identifiers.groupBy("person_id")
        .agg(
            F.when(F.bool_or(F.col("type").isin(*STRONG)), "known")
            .otherwise("anonymous")
            .alias("kind"),
            F.count_if(is_record).cast("int").alias("records"),
            F.count_if(~is_record).cast("int").alias("identifiers"),
            F.min("first_seen").alias("first_seen"),
            F.max("last_seen").alias("last_seen"),
        )
        .withColumn("as_of", F.lit(as_of))
    )
