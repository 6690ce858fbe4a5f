"""Persons: every identifier is given to one person.

Strong identifiers (record, customer_no, login, loyalty_no) that stood together are one person.
An email or phone joins them where it does not look like a family's (``contacts.py``). A weak
identifier that still touches two persons is shared: it tells nothing about who used it, and gets
an anonymous person of its own. The rest goes with the one person it touches.
"""

from __future__ import annotations

from datetime import date

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from jobs.identity.attach import attach
from jobs.identity.components import Engine, engine_for
from jobs.identity.contacts import join_by_contact
from jobs.identity.nodes import CONTACTS, RECORD, STRONG, node_type
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
    persons turn out to be one, the older name stays, and a run that is repeated names the same.
    """
    engine = engine_for(links.count(), single_node_links=settings.single_node_links)
    nodes = all_nodes(links)
    strong = strong_persons(links, nodes, customers, settings, engine)
    weak = weak_persons(links, nodes, strong, settings, engine)
    owned = strong.select("node", "owner", F.lit(False).alias("shared")).unionByName(weak)
    # Both results stand on it; without a checkpoint the whole resolution would run twice.
    identifiers = _named(nodes, owned).localCheckpoint()
    return identifiers, _summary(identifiers, as_of)


def all_nodes(links: DataFrame) -> DataFrame:
    """Every node of the links, once: ``node``, ``type``, ``first_seen``, ``last_seen``."""
    ends = [
        links.select(F.col(end).alias("node"), "first_seen", "last_seen")
        for end in ("left_id", "right_id")
    ]
    return (
        ends[0]
        .unionByName(ends[1])
        .groupBy("node")
        .agg(F.min("first_seen").alias("first_seen"), F.max("last_seen").alias("last_seen"))
        .withColumn("type", node_type("node"))
        .localCheckpoint()
    )


def strong_persons(
    links: DataFrame,
    nodes: DataFrame,
    customers: DataFrame,
    settings: IdentitySettings,
    engine: Engine,
) -> DataFrame:
    """``node``, ``owner`` of every strong node; the owner is the smallest strong node of it."""
    certain = links.where(_is_strong("left_id") & _is_strong("right_id"))
    found = engine(certain)
    strong = (
        nodes.where(F.col("type").isin(*STRONG))
        .select("node")
        .join(found, on="node", how="left")
        .select("node", F.coalesce("component", "node").alias("component"))
        .localCheckpoint()
    )
    holders = (
        strong_to_weak(links)
        .where(node_type("weak").isin(*CONTACTS))
        .join(strong, on="node")
        .select("component", F.col("weak").alias("contact"))
        .distinct()
    )
    joined = join_by_contact(
        holders, strong, customers, max_holders=settings.max_contact_holders, engine=engine
    )
    person = strong.join(joined, on="component", how="left").withColumn(
        "person", F.coalesce("joined", "component")
    )
    # Renamed by a strong node, so that no label can be mistaken for that of a weak one.
    owner = F.min("node").over(Window.partitionBy("person"))
    return person.select("node", owner.alias("owner")).localCheckpoint()


def weak_persons(
    links: DataFrame,
    nodes: DataFrame,
    strong: DataFrame,
    settings: IdentitySettings,
    engine: Engine,
) -> DataFrame:
    """``node``, ``owner``, ``shared`` of every weak node; a shared one is its own owner."""
    among = links.where(
        ~_is_strong("left_id") & ~_is_strong("right_id") & (F.col("left_id") != F.col("right_id"))
    ).select("left_id", "right_id")
    touched = (
        strong_to_weak(links)
        .join(strong, on="node")
        .groupBy(F.col("weak").alias("node"))
        .agg(F.min("owner").alias("owner"), F.max("owner").alias("other"))
    )
    crowded = _crowded(among, settings.max_device_links).withColumn("crowded", F.lit(True))
    ambiguous = F.coalesce(F.col("owner") != F.col("other"), F.lit(False))
    weak = (
        nodes.where(~F.col("type").isin(*STRONG))
        .select("node")
        .join(touched, on="node", how="left")
        .join(crowded, on="node", how="left")
        .withColumn("shared", ambiguous | F.col("crowded").isNotNull())
        .localCheckpoint()
    )
    shared = weak.where("shared").select("node")
    private = among.join(shared, F.col("left_id") == F.col("node"), "anti").join(
        shared, F.col("right_id") == F.col("node"), "anti"
    )
    owners = weak.where("NOT shared AND owner IS NOT NULL").select("node", "owner")
    free = attach(private, owners, engine).select("node", F.col("owner").alias("attached"))
    own = F.when(~F.col("shared"), F.coalesce("owner", "attached"))
    return weak.join(free, on="node", how="left").select(
        "node", F.coalesce(own, "node").alias("owner"), "shared"
    )


def _crowded(among: DataFrame, most: int) -> DataFrame:
    """Weak nodes seen with more others than one person has."""
    ends = among.select(F.col("left_id").alias("node")).unionByName(
        among.select(F.col("right_id").alias("node"))
    )
    return ends.groupBy("node").count().where(F.col("count") > most).select("node")


def _named(nodes: DataFrame, owned: DataFrame) -> DataFrame:
    """Rows of ``identity.identifiers``: each node with the name of its person."""
    # A struct orders by its fields in turn: strong before weak, then the earliest.
    weakness = ~F.col("type").isin(*STRONG)
    oldest = F.min(F.struct(weakness.alias("weak"), "first_seen", "node"))
    representative = oldest.over(Window.partitionBy("owner"))["node"]
    return (
        nodes.join(owned, on="node")
        .withColumn("representative", representative)
        .select(
            F.col("node").alias("identifier"),
            "type",
            F.concat(F.lit("p_"), F.substring(F.sha2("representative", 256), 1, 20)).alias(
                "person_id"
            ),
            "shared",
            "first_seen",
            "last_seen",
        )
    )


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


def strong_to_weak(links: DataFrame) -> DataFrame:
    """``node``, ``weak``: links between a strong node and a weak one."""
    left, right = F.col("left_id"), F.col("right_id")
    return links.where(_is_strong("left_id") != _is_strong("right_id")).select(
        F.when(_is_strong("left_id"), left).otherwise(right).alias("node"),
        F.when(_is_strong("left_id"), right).otherwise(left).alias("weak"),
    )


def _is_strong(column: str) -> Column:
    return node_type(column).isin(*STRONG)
