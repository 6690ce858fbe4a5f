"""Resolution on Spark: the steps of ``single_node.py`` for more links than fit one machine."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from jobs.identity.attach import attach
from jobs.identity.components import spark_components
from jobs.identity.contacts import join_by_contact
from jobs.identity.nodes import CONTACTS, STRONG, node_type
from jobs.identity.settings import IdentitySettings


def resolve(links: DataFrame, customers: DataFrame, settings: IdentitySettings) -> DataFrame:
    """Give every node to a person; see :func:`jobs.identity.single_node.resolve`."""
    nodes = all_nodes(links)
    strong = strong_persons(links, nodes, customers, settings)
    weak = weak_persons(links, nodes, strong, settings)
    owned = strong.select("node", "owner", F.lit(False).alias("shared")).unionByName(weak)
    return _named(nodes, owned)


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
) -> DataFrame:
    """``node``, ``owner`` of every strong node; the owner is the smallest strong node of it."""
    certain = links.where(_is_strong("left_id") & _is_strong("right_id"))
    found = spark_components(certain)
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
    joined = join_by_contact(holders, strong, customers, max_holders=settings.max_contact_holders)
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
    free = attach(private, owners).select("node", F.col("owner").alias("attached"))
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
    """Return each node with the one that its person is named by."""
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
            "representative",
            "shared",
            "first_seen",
            "last_seen",
        )
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
