"""Touched: the part of the graph that a night's rows bear on, resolved in place of the whole.

Nothing in one part of the graph bears on another (``identity.identifiers`` keeps the part of each
identifier). So a night resolves the parts that its new rows touch, with all of their rows, and
leaves every other person as it is. What is public, as a call centre's number, belongs to no part:
its links are cut whatever is behind them.

Devices and cookies are drawn along over the sessions that they were used in: whose they are follows
from the persons logged in on them, and on the devices that a cookie was on.

What is touched is little beside the whole, and sent to where the whole lies: nothing large is
shuffled.
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
_SIDES = ("left_id", "right_id")


@dataclass(frozen=True)
class Told:
    """What persons are resolved from.

    Attributes
    ----------
    links : DataFrame
        Rows of ``identity.links``.
    matches : DataFrame or None
        Rows of ``identity.matches`` of the model in use, also those that are none any more; None
        before there is a model.
    sightings : DataFrame
        Rows of ``identity.sightings``.
    decisions : Decisions
        What stands.
    """

    links: DataFrame
    matches: DataFrame | None
    sightings: DataFrame
    decisions: Decisions


@dataclass(frozen=True)
class Since:
    """What came since the night on which all was resolved before.

    Attributes
    ----------
    night : date
        That night.
    near : float
        Weight above which two records bear on each other.
    most : int
        Of more identifiers it is not worth while, nor are they few enough to be sent about.
    named : collection of str
        Identifiers that somebody has ever decided about.
    """

    night: date
    near: float
    most: int
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
    told : Told
        Links and sightings that are about them, matches between them, and what stands: also that
        nothing beyond them joins anybody.
    before : DataFrame
        Their rows of ``identity.identifiers``.
    logins : DataFrame
        Rows of ``identity.identifiers`` of others who were logged in on the same devices.
    """

    identifiers: DataFrame
    nodes: DataFrame
    told: Told
    before: DataFrame
    logins: DataFrame


def touched(told: Told, before: DataFrame, since: Since) -> Touched | None:
    """Find what a night bears on; None where that is too much.

    Parameters
    ----------
    told : Told
        All there is.
    before : DataFrame
        Rows of ``identity.identifiers`` as they were resolved last.
    since : Since
        What is new.
    """
    parts, seeds = before.select(NODE, "part"), _seeds(told, since).localCheckpoint()
    if seeds.count() > since.most:
        return None
    first = _with_parts(seeds, parts)
    own, judges = _devices(first, told.sightings)
    nodes = first
    also = _distinct(own, judges).join(first, NODE, "left_anti").localCheckpoint()
    if not also.isEmpty():
        nodes = _small(_distinct(first, _with_parts(also, parts)))
    if nodes.count() > since.most:
        return None
    links, beyond = _links_of(nodes, told.links)
    sightings = _sightings_of(own, judges, told.sightings)
    others = _named(sightings, "known_as").distinct().join(F.broadcast(nodes), NODE, "left_anti")
    decisions = told.decisions
    return Touched(
        identifiers=_small(_distinct(first, own)),
        nodes=nodes,
        told=Told(
            links,
            None if told.matches is None else _among(told.matches, nodes),
            sightings,
            replace(decisions, blocked=decisions.blocked | beyond),
        ),
        before=before.join(nodes, NODE, "left_semi").localCheckpoint(),
        logins=before.join(F.broadcast(others), NODE, "left_semi").localCheckpoint(),
    )


def _seeds(told: Told, since: Since) -> DataFrame:
    """Find the identifiers that new rows name, and those that somebody has decided about."""
    fresh, named = F.col("loaded_on") > F.lit(since.night), sorted(since.named)
    near = F.col("weight").isNull() | (F.col("weight") > since.near)
    found = [*_ends(told.links.where(fresh))]
    found += [_named(told.sightings.where(fresh), name) for name in (DEVICE, COOKIE, "known_as")]
    if told.matches is not None:
        found += _ends(_between(told.matches.where(fresh & near)))
    if named:
        said = told.links.sparkSession.createDataFrame([(n,) for n in named], f"{NODE} string")
        # What was blocked once may join others again: they are looked at with it.
        for side in _SIDES:
            of_said = said.withColumnRenamed(NODE, side)
            found += _ends(told.links.join(F.broadcast(of_said), side, "left_semi"))
        found.append(said)
    return _distinct(*found)


def _devices(nodes: DataFrame, sightings: DataFrame) -> tuple[DataFrame, DataFrame]:
    """Find devices and cookies whose persons nodes bear on, and devices that these were on."""
    weak = nodes.where(~F.substring_index(NODE, ":", 1).isin(*STRONG))
    used = [_used(sightings, nodes, "known_as", name) for name in (DEVICE, COOKIE)]
    devices = _small(_distinct(weak, *used))
    own = _small(_distinct(devices, _used(sightings, devices, DEVICE, COOKIE)))
    return own, _small(_distinct(_used(sightings, own, COOKIE, DEVICE)))


def _links_of(nodes: DataFrame, links: DataFrame) -> tuple[DataFrame, frozenset[str]]:
    """Take the links with an end among nodes, and name the ends that are not."""
    inside = [nodes.select(F.col(NODE).alias(s), F.lit(True).alias(f"{s}_in")) for s in _SIDES]
    about = (
        links.join(F.broadcast(inside[0]), "left_id", "left")
        .join(F.broadcast(inside[1]), "right_id", "left")
        .where("left_id_in OR right_id_in")
        .localCheckpoint()
    )
    ends = [_named(about.where(F.col(f"{side}_in").isNull()), side) for side in _SIDES]
    beyond = frozenset(row[NODE] for row in _distinct(*ends).collect())
    return about.select(*links.columns), beyond


def _sightings_of(own: DataFrame, judges: DataFrame, sightings: DataFrame) -> DataFrame:
    """Take the sightings of devices and cookies."""
    devices = _distinct(own, judges).select(F.col(NODE).alias(DEVICE), F.lit(True).alias("of"))
    cookies = own.select(F.col(NODE).alias(COOKIE), F.lit(True).alias("of_cookie"))
    return (
        sightings.join(F.broadcast(devices), DEVICE, "left")
        .join(F.broadcast(cookies), COOKIE, "left")
        .where("of OR of_cookie")
        .select(*sightings.columns)
        .localCheckpoint()
    )


def _among(matches: DataFrame, nodes: DataFrame) -> DataFrame:
    """Keep the matches of which both records are among some nodes."""
    records = nodes.where(F.col(NODE).startswith(f"{RECORD}:")).select(
        F.substring(NODE, len(RECORD) + 2, 1_000_000).alias("record")
    )
    for side in _SIDES:
        matches = matches.join(F.broadcast(records), matches[side] == F.col("record"), "left_semi")
    return matches.localCheckpoint()


def _with_parts(nodes: DataFrame, parts: DataFrame) -> DataFrame:
    """Add all that is in one part with any of some nodes."""
    of_nodes = parts.join(F.broadcast(nodes), NODE, "left_semi").select("part").distinct()
    mates = parts.join(F.broadcast(of_nodes), "part", "left_semi").select(NODE)
    return _small(_distinct(nodes, mates))


def _used(sightings: DataFrame, nodes: DataFrame, by: str, wanted: str) -> DataFrame:
    """Devices or cookies that were used in one session with some nodes."""
    ends = nodes.select(F.col(NODE).alias(by))
    return _named(sightings.join(F.broadcast(ends), by, "left_semi"), wanted)


def _between(matches: DataFrame) -> DataFrame:
    return matches.select(*(node(RECORD, side).alias(side) for side in _SIDES))


def _ends(links: DataFrame) -> tuple[DataFrame, DataFrame]:
    return _named(links, "left_id"), _named(links, "right_id")


def _named(rows: DataFrame, column: str) -> DataFrame:
    return rows.where(F.col(column).isNotNull()).select(F.col(column).alias(NODE))


def _distinct(*nodes: DataFrame) -> DataFrame:
    return reduce(DataFrame.unionByName, nodes).distinct()


def _small(nodes: DataFrame) -> DataFrame:
    """Keep rows that are wanted several times, and are few enough to be sent about."""
    return F.broadcast(nodes.localCheckpoint())
