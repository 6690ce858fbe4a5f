"""Links: pairs of identifiers that stood together in one row of a source."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import reduce
from itertools import combinations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.identity.nodes import COLUMN_TYPES, RECORD, node
from jobs.lake.job import increment, job, state
from jobs.lake.tables.identity import LINKS
from jobs.lake.tables.silver import (
    CONSENTS,
    CUSTOMERS,
    EVENTS,
    FEEDBACK,
    MESSAGES,
    ORDER_LINES,
)

_FEW = 200_000
"""So many pairs, and no more, are sent about."""
EVIDENCE = ("consents", "crm", "events", "feedback", "messages", "orders")
"""Kinds of feeds; of several that show a pair, the first is named. Pairs carry the place in here:
a minimum of texts would make Spark sort where it need only hash."""


@job(
    reads=[
        increment(CUSTOMERS),
        increment(ORDER_LINES),
        increment(EVENTS),
        increment(CONSENTS),
        increment(MESSAGES),
        increment(FEEDBACK),
        state(LINKS),
    ],
    writes=LINKS,
)
def links(
    customers: DataFrame,
    order_lines: DataFrame,
    events: DataFrame,
    consents: DataFrame,
    messages: DataFrame,
    feedback: DataFrame,
    earlier: DataFrame,
    *,
    as_of: date,
) -> DataFrame:
    """Collect the pairs of identifiers that new rows show, added to what earlier nights showed.

    An identifier that stands alone in its row is paired with itself, so that nobody is lost. Only
    pairs that new rows show are returned; a run that is repeated returns the same pairs. All that
    is said of a pair is a least or a greatest over the rows that showed it, so neither the order
    of the nights nor a night that is run again with a late file changes where it ends.
    """
    seen = [
        record_pairs(customers),
        row_pairs(order_lines, "orders", "ordered_at"),
        row_pairs(events, "events", "occurred_at"),
        row_pairs(consents, "consents", "occurred_at"),
        row_pairs(messages, "messages", "sent_at"),
        row_pairs(feedback, "feedback", "written_at"),
    ]
    new = (
        reduce(DataFrame.unionByName, seen)
        .groupBy("left_id", "right_id")
        .agg(
            F.min("evidence").alias("evidence"),
            F.min("first_seen").alias("first_seen"),
            F.max("last_seen").alias("last_seen"),
        )
    )
    return _merge(new.localCheckpoint(), earlier, as_of).withColumn("version", _version())


def record_pairs(customers: DataFrame) -> DataFrame:
    """Pair every customer record with each identifier it holds.

    A record that says neither when it was made nor when it was changed counts as seen on the day
    it reached us.
    """
    arrived = F.coalesce("known_from", "loaded_on").cast("timestamp")
    named = customers.select(
        node(RECORD, "record_id").alias("record"),
        *_identifier_columns(customers),
        F.coalesce(F.least("registered_at", "updated_at"), arrived).alias("first_seen"),
        F.coalesce(F.greatest("registered_at", "updated_at"), arrived).alias("last_seen"),
    )
    held = [name for name in COLUMN_TYPES if name in named.columns]
    return _pairs(named, [("record", name) for name in held], ["record", *held], "crm")


def row_pairs(frame: DataFrame, evidence: str, time: str) -> DataFrame:
    """Pair all identifiers of each row with each other.

    Equal rows are folded first: a visitor's thousand page views are one pair.
    """
    nodes = [name for name in ("identifier", *COLUMN_TYPES) if name in frame.columns]
    folded = (
        frame.select("identifier", *_identifier_columns(frame), F.col(time).alias("seen_at"))
        .groupBy(*nodes)
        .agg(F.min("seen_at").alias("first_seen"), F.max("seen_at").alias("last_seen"))
    )
    return _pairs(folded, list(combinations(nodes, 2)), nodes, evidence)


def _identifier_columns(frame: DataFrame) -> list[Column]:
    return [
        node(kind, name).alias(name) for name, kind in COLUMN_TYPES.items() if name in frame.columns
    ]


def _pairs(
    frame: DataFrame, pairs: Sequence[tuple[str, str]], nodes: Sequence[str], evidence: str
) -> DataFrame:
    """One row a pair, the smaller node left; an identifier that is alone with itself."""
    found = F.array_compact(F.array(*(_pair(left, right) for left, right in pairs)))
    only = F.coalesce(*nodes)
    alone = F.array(F.struct(only.alias("left_id"), only.alias("right_id")))
    return (
        frame.where(only.isNotNull())
        .withColumn("pairs", F.when(F.size(found) > 0, found).otherwise(alone))
        .select("first_seen", "last_seen", F.explode("pairs").alias("pair"))
        .select(
            "pair.*",
            F.lit(EVIDENCE.index(evidence) + 1).alias("evidence"),
            "first_seen",
            "last_seen",
        )
    )


def _pair(left: str, right: str) -> Column:
    """Order the pair; null where either is missing or both are one."""
    one, other = F.col(left), F.col(right)
    return F.when(
        one != other,
        F.struct(F.least(one, other).alias("left_id"), F.greatest(one, other).alias("right_id")),
    )


def _merge(new: DataFrame, earlier: DataFrame, as_of: date) -> DataFrame:
    """Widen what earlier nights had seen; least and greatest pass over null."""
    if new.limit(_FEW + 1).count() <= _FEW:
        # Few pairs are sent to where all lie, which are then not shuffled.
        pairs = F.broadcast(new.select("left_id", "right_id"))
        earlier = earlier.join(pairs, ["left_id", "right_id"], "left_semi")
    known = earlier.select(
        "left_id",
        "right_id",
        F.col("evidence").alias("known_evidence"),
        F.col("first_seen").alias("known_first"),
        F.col("last_seen").alias("known_last"),
        F.col("loaded_on").alias("known_loaded"),
    )
    named = F.element_at(F.array(*map(F.lit, EVIDENCE)), F.col("evidence"))
    return new.join(known, on=["left_id", "right_id"], how="left").select(
        "left_id",
        "right_id",
        F.least(named, "known_evidence").alias("evidence"),
        F.least("first_seen", "known_first").alias("first_seen"),
        F.greatest("last_seen", "known_last").alias("last_seen"),
        F.greatest(F.lit(as_of), "known_loaded").alias("loaded_on"),
    )


def _version() -> Column:
    """Text that grows whenever a part of the pair does, since no part ever goes back.

    A span that holds another is wider unless they are one, so its length stands for both ends.
    """
    length = F.unix_micros("last_seen") - F.unix_micros("first_seen")
    later_names = F.lit(len(EVIDENCE)) - F.array_position(F.lit(list(EVIDENCE)), F.col("evidence"))
    return F.concat_ws(" ", "loaded_on", F.lpad(length.cast("string"), 18, "0"), later_names)
