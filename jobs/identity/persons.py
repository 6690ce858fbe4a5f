"""Persons: every identifier is given to one person; ``resolution.py`` says by what rules."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.identity import distributed, resolution
from jobs.identity.decided import Decisions
from jobs.identity.naming import named
from jobs.identity.nodes import RECORD, STRONG
from jobs.identity.settings import IdentitySettings
from jobs.identity.spans import timed
from jobs.identity.traits import told_traits
from jobs.lake.job import job, state
from jobs.lake.tables.identity import IDENTIFIERS, LINKS, PERSONS, SIGHTINGS
from jobs.lake.tables.matching import DECISIONS, MATCHES, NAMES, REVIEW
from jobs.lake.tables.silver import CUSTOMERS
from jobs.lake.transfer import to_arrow, to_spark


@job(
    reads=[
        LINKS,
        CUSTOMERS,
        MATCHES,
        SIGHTINGS,
        DECISIONS,
        state(NAMES),
        state(IDENTIFIERS),
        state(PERSONS),
    ],
    writes=(NAMES, IDENTIFIERS, PERSONS, REVIEW),
    section="identity",
)
def persons(
    links: DataFrame,
    customers: DataFrame,
    matches: DataFrame,
    sightings: DataFrame,
    decisions: DataFrame,
    names: DataFrame,
    before: DataFrame,
    persons_before: DataFrame,
    *,
    as_of: date,
    settings: IdentitySettings,
) -> tuple[DataFrame, DataFrame, DataFrame, DataFrame]:
    """Resolve every identifier to a person.

    A person is named by the node of it that was seen first, a strong one if it has any: when two
    persons turn out to be one, the name of the one seen first stays. It follows from links and
    matches alone, so that a rebuild names as many nights did. The price: where a link says tonight
    that another node was seen earlier, as of a record that comes late with an old day of
    registration, the person gets that node's name. When one turns out to be two, the larger part
    keeps the name, which ``identity.names`` remembers.
    """
    spark = links.sparkSession
    stands = Decisions.among(row.asDict() for row in decisions.collect())
    weighed = _in_use(matches)
    traits = told_traits(customers)
    count = links.count()
    if count <= settings.single_node_links:
        seen = to_arrow(links.select("left_id", "right_id", "first_seen", "last_seen"), count)
        done = resolution.resolve(seen, _evidence(traits, weighed, stands), settings)
        del seen
        found, kept = to_spark(spark, done.identifiers), _frame(links, done.kept_apart)
    else:
        found, kept = distributed.resolve(links, traits, weighed, stands, settings)
        # Several results stand on it; without a checkpoint the whole would run once for each.
        found, kept = found.localCheckpoint(), kept.localCheckpoint()
    earlier = before.limit(0) if _is_later(persons_before, as_of) else before
    identifiers, changed = named(
        found, names, earlier, once_together=stands.once_together, as_of=as_of
    )
    identifiers = identifiers.localCheckpoint()
    spans = timed(identifiers, sightings, settings.spans).localCheckpoint()
    return (
        changed,
        spans,
        _summary(spans, as_of),
        _reviewed(kept, identifiers, weighed, as_of),
    )


def _in_use(matches: DataFrame) -> DataFrame | None:
    """Pairs weighed by the latest model that has weighed any; None before there is one."""
    latest = matches.agg(F.max("model")).first()
    if latest is None or latest[0] is None:
        return None
    return matches.where((F.col("model") == latest[0]) & F.col("weight").isNotNull()).select(
        "left_id", "right_id", "weight", "contradicting", "comparison", "probability"
    )


def _evidence(
    traits: DataFrame, weighed: DataFrame | None, stands: Decisions
) -> resolution.Evidence:
    """Take what is known beside the links out of Spark; of traits only where they are asked for."""
    if weighed is None:
        return resolution.Evidence(traits.toArrow(), None, stands)
    pairs = weighed.select("left_id", "right_id", "weight", "contradicting")
    matches = to_arrow(pairs, pairs.count())
    return resolution.Evidence(traits.limit(0).toArrow(), matches, stands)


def _is_later(persons_before: DataFrame, as_of: date) -> bool:
    """Whether the persons that there are, are of a later night: this one is done anew."""
    row = persons_before.agg(F.max("as_of")).first()
    return row is not None and row[0] is not None and row[0] > as_of


def _frame(links: DataFrame, kept: pa.Table) -> DataFrame:
    schema = "left_id string, right_id string, weight double, reason string"
    rows: pd.DataFrame = kept.to_pandas()
    return links.sparkSession.createDataFrame(rows, schema)


def _reviewed(
    kept: DataFrame, identifiers: DataFrame, matches: DataFrame | None, as_of: date
) -> DataFrame:
    """Rows of ``identity.review``."""
    for side in ("left", "right"):
        whose = identifiers.select(
            F.col("identifier").alias(f"{side}_id"), F.col("person_id").alias(f"{side}_person")
        )
        kept = kept.join(whose, f"{side}_id", "left")
    words = F.lit(None).cast("string")
    if matches is not None:
        told = matches.select(
            *(F.concat(F.lit(f"{RECORD}:"), c).alias(c) for c in ("left_id", "right_id")),
            "comparison",
        )
        kept, words = kept.join(told, ["left_id", "right_id"], "left"), F.col("comparison")
    return kept.select(
        "left_id",
        "right_id",
        "left_person",
        "right_person",
        "weight",
        (1 / (1 + F.pow(F.lit(2.0), -F.col("weight")))).alias("probability"),
        words.alias("comparison"),
        "reason",
        F.lit(as_of).alias("as_of"),
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
            # A device that was somebody's several times has as many rows.
            F.count_distinct(F.when(~is_record, F.col("identifier")))
            .cast("int")
            .alias("identifiers"),
            F.min("first_seen").alias("first_seen"),
            F.max("last_seen").alias("last_seen"),
        )
        .withColumn("as_of", F.lit(as_of))
    )
