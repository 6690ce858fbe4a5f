"""Touched: the part of the graph that a night's rows bear on, resolved in place of the whole.

Nothing in one part of the graph bears on another (``identity.identifiers`` keeps the part of each
identifier). So a night resolves the parts that its new rows touch, with all of their rows, and
leaves every other person as it is. What is public, as a call centre's number, belongs to no part:
its links are cut whatever is behind them.

Devices and cookies are drawn along over the sessions that they were used in: whose they are follows
from the persons logged in on them, and on the devices that a cookie was on.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.identity.decided import Decisions
from jobs.identity.holders import COOKIE, DEVICE
from jobs.identity.nodes import RECORD, STRONG, node

NODE = "identifier"


@dataclass(frozen=True)
class Since:
    """What came since the night on which all was resolved before.

    Attributes
    ----------
    night : date
        That night.
    near : float
        Weight above which two records bear on each other.
    named : collection of str
        Identifiers that somebody has ever decided about.
    """

    night: date
    near: float
    named: Collection[str] = ()


@dataclass(frozen=True)
class Touched:
    """What a night resolves.

    Attributes
    ----------
    identifiers : DataFrame
        ``identifier`` of those whose rows are made anew.
    nodes : DataFrame
        ``identifier`` of those and of others that are resolved with them.
    links, sightings : DataFrame
        All that are about them.
    matches : DataFrame
        All between them.
    decisions : Decisions
        What stands, and that nothing beyond them joins anybody.
    logins : DataFrame
        Rows of ``identity.identifiers`` of others who were logged in on the same devices.
    """

    identifiers: DataFrame
    nodes: DataFrame
    links: DataFrame
    sightings: DataFrame
    matches: DataFrame
    decisions: Decisions
    logins: DataFrame


def touched(
    links: DataFrame,
    matches: DataFrame,
    sightings: DataFrame,
    before: DataFrame,
    decisions: Decisions,
    since: Since,
) -> Touched:
    """Find what a night bears on.

    Parameters
    ----------
    links : DataFrame
        Rows of ``identity.links``.
    matches : DataFrame
        Rows of ``identity.matches`` of the model in use, also those that are none any more.
    sightings : DataFrame
        Rows of ``identity.sightings``.
    before : DataFrame
        Rows of ``identity.identifiers`` as they were resolved last.
    decisions : Decisions
        What stands.
    since : Since
        What is new.
    """
    spark = links.sparkSession
    near = F.col("weight").isNull() | (F.col("weight") > since.near)
    fresh = F.col("loaded_on") > F.lit(since.night)
    said = spark.createDataFrame([(name,) for name in sorted(since.named)], f"{NODE} string")
    # What was blocked once may join others again: they are looked at with it.
    beside = links.join(F.broadcast(said), (F.col("left_id") == F.col(NODE))
                        | (F.col("right_id") == F.col(NODE)), "left_semi")  # fmt: skip
    seeds = _distinct(
        said,
        *_ends(links.where(fresh)),
        *_ends(beside),
        *_ends(_between_records(matches.where(fresh & near))),
        *(_named(sightings.where(fresh), name) for name in (DEVICE, COOKIE, "known_as")),
    ).localCheckpoint()
    parts = before.select(NODE, "part").distinct()
    first = _with_parts(seeds, parts).localCheckpoint()
    weak = first.where(~F.substring_index(NODE, ":", 1).isin(*STRONG))
    used = _used(sightings, first, "known_as", DEVICE), _used(sightings, first, "known_as", COOKIE)
    devices = _distinct(weak, *used)
    own = _distinct(devices, _used(sightings, devices, DEVICE, COOKIE)).localCheckpoint()
    judges = _used(sightings, own, COOKIE, DEVICE)
    nodes = _with_parts(_distinct(first, own, judges), parts).localCheckpoint()
    whole = F.broadcast(nodes)
    left, right = (whole.select(F.col(NODE).alias(side), F.lit(True).alias(f"{side}_in"))
                   for side in ("left_id", "right_id"))  # fmt: skip
    about = (
        links.join(left, "left_id", "left")
        .join(right, "right_id", "left")
        .where("left_id_in OR right_id_in")
        .localCheckpoint()
    )
    beyond = _distinct(
        about.where("left_id_in IS NULL").select(F.col("left_id").alias(NODE)),
        about.where("right_id_in IS NULL").select(F.col("right_id").alias(NODE)),
    )
    cut = frozenset(row[NODE] for row in beyond.collect())
    seen = _distinct(own, judges)
    of_devices = seen.select(F.col(NODE).alias(DEVICE), F.lit(True).alias("of_device"))
    of_cookies = own.select(F.col(NODE).alias(COOKIE), F.lit(True).alias("of_cookie"))
    sighted = (
        sightings.join(F.broadcast(of_devices), DEVICE, "left")
        .join(F.broadcast(of_cookies), COOKIE, "left")
        .where("of_device OR of_cookie")
        .select(*sightings.columns)
        .localCheckpoint()
    )
    others = _named(sighted, "known_as").distinct().join(nodes, NODE, "left_anti")
    return Touched(
        identifiers=_distinct(first, own),
        nodes=nodes,
        links=about.select(*links.columns),
        sightings=sighted,
        matches=_among(matches, whole),
        decisions=replace(decisions, blocked=decisions.blocked | cut),
        logins=before.join(F.broadcast(others), NODE, "left_semi"),
    )


def _with_parts(nodes: DataFrame, parts: DataFrame) -> DataFrame:
    """Add all that is in one part with any of some nodes."""
    of_nodes = parts.join(F.broadcast(nodes), NODE, "left_semi").select("part").distinct()
    return _distinct(nodes, parts.join(F.broadcast(of_nodes), "part", "left_semi").select(NODE))


def _used(sightings: DataFrame, nodes: DataFrame, by: str, wanted: str) -> DataFrame:
    """Devices or cookies that were used in one session with some nodes."""
    ends = nodes.select(F.col(NODE).alias(by))
    return _named(sightings.join(F.broadcast(ends), by, "left_semi"), wanted)


def _between_records(matches: DataFrame) -> DataFrame:
    return matches.select(*(node(RECORD, side).alias(side) for side in ("left_id", "right_id")))


def _among(matches: DataFrame, nodes: DataFrame) -> DataFrame:
    """Keep the matches of which both records are among some nodes."""
    records = nodes.where(F.col(NODE).startswith(f"{RECORD}:")).select(
        F.substring(NODE, len(RECORD) + 2, 1_000_000).alias("record")
    )
    for side in ("left_id", "right_id"):
        matches = matches.join(records, matches[side] == F.col("record"), "left_semi")
    return matches


def _ends(links: DataFrame) -> tuple[DataFrame, DataFrame]:
    return _named(links, "left_id"), _named(links, "right_id")


def _named(rows: DataFrame, column: str) -> DataFrame:
    return rows.where(F.col(column).isNotNull()).select(F.col(column).alias(NODE))


def _distinct(*nodes: DataFrame) -> DataFrame:
    return reduce(DataFrame.unionByName, nodes).distinct()
