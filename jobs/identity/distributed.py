"""Resolution on Spark, for more links than fit one machine.

Persons follow from what joins them and from nothing beyond. So Spark finds the parts of the graph
that nothing joins, and ``resolution.py`` resolves each of them as it would the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce

import pandas as pd  # PySpark reads the annotations of the functions it is given
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.identity.components import spark_components
from jobs.identity.decided import Decisions
from jobs.identity.nodes import RECORD, STRONG, node, node_type
from jobs.identity.settings import IdentitySettings

_LINK, _TRAIT, _MATCH = "link", "trait", "match"
_FOUND = (
    "kind string, one string, other string, type string, shared boolean, first_seen timestamp, "
    "last_seen timestamp, weight double"
)
_PERSON, _KEPT = "person", "kept"
_ROWS_A_PART = 200_000


def resolve(
    links: DataFrame,
    traits: DataFrame,
    matches: DataFrame | None,
    decisions: Decisions,
    settings: IdentitySettings,
) -> tuple[DataFrame, DataFrame]:
    """Give every node to a person; see :func:`jobs.identity.resolution.resolve`.

    Returns
    -------
    identifiers, kept_apart : DataFrame
        As of :class:`jobs.identity.resolution.Resolution`.
    """
    public = _public(links, decisions, settings).localCheckpoint()
    cut = _cut(links, public).localCheckpoint()
    components = _components(cut, matches, decisions, settings).localCheckpoint()
    rows = cut.count()
    parts = F.pmod(F.xxhash64("component"), F.lit(rows // _ROWS_A_PART + 1))
    placed = components.select("node", parts.alias("part"))
    alone = F.pmod(F.xxhash64("one"), F.lit(rows // _ROWS_A_PART + 1))
    pieces = [
        cut.select(
            F.lit(_LINK).alias("kind"),
            F.col("left_id").alias("one"),
            F.col("right_id").alias("other"),
            "first_seen",
            "last_seen",
        ),
        traits.select(
            F.lit(_TRAIT).alias("kind"), F.col("node").alias("one"), F.col("trait").alias("other")
        ),
    ]
    if matches is not None:
        pieces.append(
            _between_records(matches).select(
                F.lit(_MATCH).alias("kind"), "one", "other", "weight", "flag"
            )
        )
    every = reduce(lambda a, b: a.unionByName(b, allowMissingColumns=True), pieces)
    found = (
        every.join(placed, every["one"] == placed["node"], "left")
        .withColumn("part", F.coalesce("part", alone))
        .groupBy("part")
        .applyInPandas(_resolving(matches is not None, decisions, settings), _FOUND)
        .localCheckpoint()
    )
    identifiers = found.where(F.col("kind") == _PERSON).select(
        F.col("one").alias("identifier"),
        "type",
        F.col("other").alias("representative"),
        "shared",
        "first_seen",
        "last_seen",
    )
    name = F.sha2(F.coalesce("component", "identifier"), 256)
    part = F.conv(F.substring(name, 1, 15), 16, 10).cast("bigint").alias("part")
    whole = components.withColumnRenamed("node", "identifier")
    identifiers = identifiers.join(whole, "identifier", "left").select(*identifiers.columns, part)
    names = public.select(F.col("node").alias("identifier"), F.lit(True).alias("public"))
    identifiers = (
        identifiers.join(names, "identifier", "left")
        .withColumn("shared", F.col("shared") | F.coalesce("public", F.lit(False)))
        .drop("public")
    )
    kept = found.where(F.col("kind") == _KEPT).select(
        F.col("one").alias("left_id"),
        F.col("other").alias("right_id"),
        "weight",
        F.col("type").alias("reason"),
    )
    return identifiers, kept


def _public(links: DataFrame, decisions: Decisions, settings: IdentitySettings) -> DataFrame:
    """``node``: what joins nobody."""
    ends = links.where("left_id != right_id").select(
        F.explode(
            F.array(
                F.struct(F.col("left_id").alias("node"), F.col("right_id").alias("beside")),
                F.struct(F.col("right_id").alias("node"), F.col("left_id").alias("beside")),
            )
        ).alias("end")
    )
    counted = (
        ends.select("end.*")
        .where(node_type("node") != RECORD)
        .groupBy("node")
        .agg(
            F.count_if(~_is_strong("beside")).alias("weak"),
            F.count_if(_is_strong("beside")).alias("strong"),
            F.count_if(node_type("beside") == RECORD).alias("records"),
        )
    )
    crowded = F.col("weak") > _limit(settings.identifiers.max_links)
    desk = F.col("strong") > _limit(settings.identifiers.max_holders)
    everybodys = F.col("records") > _limit(settings.identifiers.max_records)
    blocked = links.sparkSession.createDataFrame(
        [(name,) for name in sorted(decisions.blocked)], "node string"
    )
    return counted.where(crowded | desk | everybodys).select("node").unionByName(blocked).distinct()


def _limit(limits: Mapping[str, int]) -> Column:
    """Limit of the type of ``node``; null for one without, than which nothing is more."""
    return F.coalesce(*(F.when(node_type("node") == k, most) for k, most in limits.items()))


def _cut(links: DataFrame, public: DataFrame) -> DataFrame:
    """Links with those of public nodes taken apart: either end is then alone, and not lost."""
    left = public.select(F.col("node").alias("left_id"), F.lit(True).alias("left_public"))
    right = public.select(F.col("node").alias("right_id"), F.lit(True).alias("right_public"))
    marked = links.join(left, "left_id", "left").join(right, "right_id", "left")
    apart = F.col("left_public").isNotNull() | F.col("right_public").isNotNull()
    pairs = F.when(apart, F.array(_pair("left_id", "left_id"), _pair("right_id", "right_id")))
    whole = F.array(_pair("left_id", "right_id"))
    found = marked.select(
        F.explode(pairs.otherwise(whole)).alias("pair"), "first_seen", "last_seen"
    )
    return found.select("pair.*", "first_seen", "last_seen")


def _pair(left: str, right: str) -> Column:
    return F.struct(F.col(left).alias("left_id"), F.col(right).alias("right_id"))


def _components(
    links: DataFrame,
    matches: DataFrame | None,
    decisions: Decisions,
    settings: IdentitySettings,
) -> DataFrame:
    """``node``, ``component`` of all that may come to be one person, or is told to be two."""
    pairs = links.select("left_id", "right_id")
    wanted = settings.matching
    if matches is not None:
        near = _between_records(matches).where(F.col("weight") > min(wanted.accept, wanted.review))
        pairs = pairs.unionByName(
            near.select(F.col("one").alias("left_id"), F.col("other").alias("right_id"))
        )
    decided = sorted({*decisions.together, *decisions.apart})
    if decided:
        told = links.sparkSession.createDataFrame(decided, "left_id string, right_id string")
        pairs = pairs.unionByName(told)
    return spark_components(pairs)


def _between_records(matches: DataFrame) -> DataFrame:
    """``one``, ``other`` (nodes), ``weight``, ``flag`` of pairs that were weighed."""
    return matches.where("weight IS NOT NULL").select(
        node(RECORD, "left_id").alias("one"),
        node(RECORD, "right_id").alias("other"),
        "weight",
        F.col("contradicting").alias("flag"),
    )


def _resolving(
    matched: bool, decisions: Decisions, settings: IdentitySettings
) -> Callable[[pd.DataFrame], pd.DataFrame]:
    def resolve_part(part: pd.DataFrame) -> pd.DataFrame:
        import pyarrow as pa
        import pyarrow.compute as pc

        from jobs.identity.resolution import Evidence
        from jobs.identity.resolution import resolve as resolve_whole

        def table(kind: str, columns: dict[str, str]) -> pa.Table:
            rows = part.loc[part["kind"] == kind, list(columns)].rename(columns=columns)
            types = {
                "first_seen": pa.timestamp("us"),
                "last_seen": pa.timestamp("us"),
                "weight": pa.float64(),
                "contradicting": pa.bool_(),
            }
            return pa.table(
                {
                    name: pa.chunked_array(
                        [pa.array(rows[name], types.get(name, pa.string()), from_pandas=True)]
                    )
                    for name in columns.values()
                }
            )

        links = table(
            _LINK,
            {
                "one": "left_id",
                "other": "right_id",
                "first_seen": "first_seen",
                "last_seen": "last_seen",
            },
        )
        if not links.num_rows:
            return pd.DataFrame(columns=[c.split()[0] for c in _FOUND.split(", ")])
        traits = table(_TRAIT, {"one": "node", "other": "trait"})
        matches = None
        if matched:
            matches = table(
                _MATCH,
                {
                    "one": "left_id",
                    "other": "right_id",
                    "weight": "weight",
                    "flag": "contradicting",
                },
            )
            for place, side in enumerate(("left_id", "right_id")):
                bare = pc.utf8_slice_codeunits(matches.column(side), len(RECORD) + 1)
                matches = matches.set_column(place, side, bare)
        done = resolve_whole(links, Evidence(traits, matches, decisions), settings)
        persons = done.identifiers.to_pandas().rename(
            columns={"identifier": "one", "representative": "other"}
        )
        kept = done.kept_apart.to_pandas().rename(
            columns={"left_id": "one", "right_id": "other", "reason": "type"}
        )
        found: pd.DataFrame = pd.concat([persons.assign(kind=_PERSON), kept.assign(kind=_KEPT)])
        return found.reindex(columns=[c.split()[0] for c in _FOUND.split(", ")])

    return resolve_part


def _is_strong(column: str) -> Column:
    return node_type(column).isin(*STRONG)
