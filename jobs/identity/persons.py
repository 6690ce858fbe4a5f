"""Persons: every identifier is given to one person; ``resolution.py`` says by what rules."""

from __future__ import annotations

import hashlib
import json
from datetime import date, timedelta

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
from jobs.identity.touched import NODE, Since, touched
from jobs.identity.traits import told_traits
from jobs.lake.job import job, state
from jobs.lake.tables.identity import IDENTIFIERS, LINKS, PERSONS, SIGHTINGS
from jobs.lake.tables.matching import DECISIONS, MATCHES, NAMES, REVIEW
from jobs.lake.tables.silver import CUSTOMERS
from jobs.lake.transfer import to_arrow, to_spark
from jobs.lake.upgrade import release

_HOW = {
    "single_node_links",
    "single_node_records",
    "resolved_whole",
    "memory",
    "golden",
    "households",
}
"""Settings of the stage that do not decide who is who."""


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
        state(REVIEW),
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
    review_before: DataFrame,
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

    Of many identifiers only those are resolved that the night bears on (``touched.py``), unless
    the release, the settings or the model is another than that of the night before.
    """
    decided = [row.asDict() for row in decisions.collect()]
    stands = Decisions.among(decided)
    model = matches.agg(F.max("model")).collect()[0][0]
    by = _digest(settings, model)
    weighed = None if model is None else matches.where(F.col("model") == model)
    earlier = before.limit(0) if _is_later(persons_before, as_of) else before
    night = _since(earlier, persons_before, by, as_of, settings)
    part = None
    if night is not None and weighed is not None:
        near = min(settings.matching.accept, settings.matching.review)
        ever = {i for row in decided for i in (*row["left_ids"], *(row["right_ids"] or ()))}
        part = touched(links, weighed, sightings, earlier, stands, Since(night, near, ever))
        links, weighed, sightings = part.links, part.matches, part.sightings
        stands, earlier = part.decisions, earlier.join(part.nodes, NODE, "left_semi")
    if weighed is not None:
        weighed = weighed.where("weight IS NOT NULL")
    found, kept = _resolved(links, told_traits(customers), weighed, stands, settings)
    if part is not None:
        found = found.join(part.nodes, NODE, "left_semi")
    identifiers, changed = named(
        found, names, earlier, once_together=stands.once_together, as_of=as_of
    )
    identifiers = identifiers.localCheckpoint()
    review = _reviewed(kept, identifiers, weighed, as_of)
    if part is None:
        spans = timed(identifiers, sightings, settings.spans).localCheckpoint()
        return changed, spans, _summary(spans, by, as_of), review
    spans = timed(
        identifiers.unionByName(part.logins.select(*identifiers.columns)),
        sightings,
        settings.spans,
    )
    own = spans.join(part.identifiers, NODE, "left_semi").localCheckpoint()
    rest = before.join(part.identifiers, NODE, "left_anti")
    gone = before.join(part.identifiers, NODE, "left_semi")
    changed_persons = own.select("person_id").union(gone.select("person_id")).distinct()
    changed_persons = changed_persons.localCheckpoint()
    theirs = rest.join(changed_persons, "person_id", "left_semi").unionByName(own)
    people = _renewed(persons_before, changed_persons, "person_id", as_of)
    reviewed = _renewed(review_before, part.nodes.toDF("left_id"), "left_id", as_of)
    return (
        changed,
        rest.unionByName(own),
        people.unionByName(_summary(theirs, by, as_of)),
        reviewed.unionByName(review),
    )


def _renewed(rows: DataFrame, without: DataFrame, key: str, as_of: date) -> DataFrame:
    """Return the rows of a night before that stand, as of this one."""
    kept = rows.join(without, key, "left_anti")
    return kept.withColumn("as_of", F.lit(as_of)).select(*rows.columns)


def _resolved(
    links: DataFrame,
    traits: DataFrame,
    weighed: DataFrame | None,
    stands: Decisions,
    settings: IdentitySettings,
) -> tuple[DataFrame, DataFrame]:
    """Whom each identifier belongs to, and what was kept apart; by arrays, or by Spark."""
    spark, count = links.sparkSession, links.count()
    if count <= settings.single_node_links:
        seen = to_arrow(links.select("left_id", "right_id", "first_seen", "last_seen"), count)
        done = resolution.resolve(seen, _evidence(traits, weighed, stands), settings)
        return to_spark(spark, done.identifiers), _frame(links, done.kept_apart)
    found, kept = distributed.resolve(links, traits, weighed, stands, settings)
    # Several results stand on it; without a checkpoint the whole would run once for each.
    return found.localCheckpoint(), kept.localCheckpoint()


def _digest(settings: IdentitySettings, model: int | None) -> str:
    """Digest of what decides who is who beside the rows."""
    decides = settings.model_dump(mode="json", exclude=_HOW)
    told = json.dumps([release(), decides, model], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:12]


def _since(
    before: DataFrame,
    persons_before: DataFrame,
    by: str,
    as_of: date,
    settings: IdentitySettings,
) -> date | None:
    """Night whose persons tonight's are made from; None where all are resolved anew."""
    told = persons_before.agg(
        F.max("as_of").alias("night"),
        F.min("resolved_by").alias("first"),
        F.max("resolved_by").alias("last"),
        F.count_if(F.col("resolved_by").isNull()).alias("unsaid"),
    ).collect()[0]
    same = told["first"] == told["last"] == by and not told["unsaid"]
    if not same or told["night"] > as_of:
        return None
    if before.limit(settings.resolved_whole + 1).count() <= settings.resolved_whole:
        return None
    # Done again, it bears on all that it has brought.
    night: date = min(told["night"], as_of - timedelta(days=1))
    return night


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


def _summary(identifiers: DataFrame, by: str, as_of: date) -> DataFrame:
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
        .withColumns({"resolved_by": F.lit(by), "as_of": F.lit(as_of)})
    )
