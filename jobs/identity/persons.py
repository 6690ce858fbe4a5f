"""Persons: every identifier is given to one person; ``resolution.py`` says by what rules."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.identity.decided import Decisions
from jobs.identity.naming import named
from jobs.identity.nodes import RECORD, STRONG
from jobs.identity.resolved import resolved
from jobs.identity.settings import IdentitySettings
from jobs.identity.spans import timed
from jobs.identity.touched import NODE, Since, Told, Touched, touched
from jobs.identity.traits import told_traits
from jobs.lake.job import job, state
from jobs.lake.tables.identity import IDENTIFIERS, LINKS, PERSONS, SIGHTINGS
from jobs.lake.tables.matching import DECISIONS, MATCHES, NAMES, REVIEW
from jobs.lake.tables.silver import CUSTOMERS
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
_WORTH_WHILE = 4
"""All are resolved anew where a night bears on more than one identifier in so many."""


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
    model = matches.agg(F.max("model")).collect()[0][0]
    weighed = None if model is None else matches.where(F.col("model") == model)
    told = Told(links, weighed, sightings, Decisions.among(decided))
    night = Night(as_of, _digest(settings, model), settings)
    last = _Last.of(persons_before)
    part = None
    if last.by == night.by and last.night <= as_of:
        rows = before.count()
        if rows > settings.resolved_whole:
            part = touched(told, before, _since(last, night, rows, decided))
    if part is None:
        # A later night's persons do not matter to one that is done anew.
        earlier = before.limit(0) if last.night > as_of else before
        identifiers, changed, kept = _persons_of(told, customers, names, earlier, night)
        spans = timed(identifiers, sightings, settings).localCheckpoint()
        return changed, spans, _summary(spans, night), kept
    identifiers, changed, kept = _persons_of(
        part.told, customers, names, part.before, night, part.nodes
    )
    own = _own_spans(part, identifiers, settings)
    spans, people = _with_others(own, part, before, persons_before, night)
    review = _standing(review_before, part.nodes.toDF("left_id"), "left_id", night)
    return changed, spans, people, review.unionByName(kept)


@dataclass(frozen=True)
class Night:
    """A night whose persons are resolved: ``by`` is a digest of what decides beside the rows."""

    as_of: date
    by: str
    settings: IdentitySettings


@dataclass(frozen=True)
class _Last:
    """The night whose persons there are, and what decided then; None where that is not one."""

    night: date
    by: str | None

    @classmethod
    def of(cls, persons_before: DataFrame) -> _Last:
        row = persons_before.agg(
            F.max("as_of").alias("night"),
            F.min("resolved_by").alias("first"),
            F.max("resolved_by").alias("last"),
            F.count_if(F.col("resolved_by").isNull()).alias("unsaid"),
        ).collect()[0]
        one = row["first"] == row["last"] and not row["unsaid"]
        return cls(row["night"] or date.min, row["first"] if one else None)


def _since(last: _Last, night: Night, rows: int, decided: Sequence[Mapping[str, Any]]) -> Since:
    """Say what is new since a night; one that is done again bears on all that it has brought."""
    wanted = night.settings.matching
    return Since(
        min(last.night, night.as_of - timedelta(days=1)),
        near=min(wanted.accept, wanted.review),
        most=rows // _WORTH_WHILE,
        named={i for row in decided for i in (*row["left_ids"], *(row["right_ids"] or ()))},
    )


def _persons_of(
    told: Told,
    customers: DataFrame,
    names: DataFrame,
    before: DataFrame,
    night: Night,
    nodes: DataFrame | None = None,
) -> tuple[DataFrame, DataFrame, DataFrame]:
    """Resolve identifiers, or of them ``nodes``: their rows, new names, and rows of the review."""
    weighed = None if told.matches is None else told.matches.where("weight IS NOT NULL")
    traits = told_traits(customers)
    found, kept = resolved(told.links, traits, weighed, told.decisions, night.settings)
    if nodes is not None:
        found = found.join(F.broadcast(nodes), NODE, "left_semi")
    identifiers, changed = named(
        found, names, before, once_together=told.decisions.once_together, as_of=night.as_of
    )
    identifiers = identifiers.localCheckpoint()
    return identifiers, changed, _reviewed(kept, identifiers, weighed, night.as_of)


def _own_spans(part: Touched, identifiers: DataFrame, settings: IdentitySettings) -> DataFrame:
    """Rows of ``identity.identifiers`` that a night makes anew."""
    logins = part.logins.select(*identifiers.columns)
    spans = timed(identifiers.unionByName(logins), part.told.sightings, settings)
    return spans.join(F.broadcast(part.identifiers), NODE, "left_semi").localCheckpoint()


def _with_others(
    own: DataFrame, part: Touched, before: DataFrame, persons_before: DataFrame, night: Night
) -> tuple[DataFrame, DataFrame]:
    """All rows of ``identity.identifiers`` and of ``identity.persons``, of which some are new."""
    mine = F.broadcast(part.identifiers)
    gone = part.before.join(mine, NODE, "left_semi")
    changed = own.select("person_id").union(gone.select("person_id")).distinct().localCheckpoint()
    rest = before.join(mine, NODE, "left_anti")
    # Of few persons, so that the rest is not looked through once more for them.
    others = before.join(F.broadcast(changed), "person_id", "left_semi").join(
        mine, NODE, "left_anti"
    )
    theirs = others.select(*own.columns).unionByName(own)
    people = _standing(persons_before, changed, "person_id", night)
    return rest.unionByName(own), people.unionByName(_summary(theirs, night))


def _standing(rows: DataFrame, without: DataFrame, key: str, night: Night) -> DataFrame:
    """Return the rows of a night before that stand, as of this one."""
    kept = rows.join(F.broadcast(without), key, "left_anti")
    return kept.withColumn("as_of", F.lit(night.as_of)).select(*rows.columns)


def _digest(settings: IdentitySettings, model: int | None) -> str:
    """Digest of what decides who is who beside the rows."""
    decides = settings.model_dump(mode="json", exclude=_HOW)
    told = json.dumps([release(), decides, model], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:12]


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


def _summary(identifiers: DataFrame, night: Night) -> DataFrame:
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
        .withColumns({"resolved_by": F.lit(night.by), "as_of": F.lit(night.as_of)})
    )
