"""Resolved by arrays or by Spark: the same rules, whichever the number of links asks for."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame

from jobs.identity import distributed, resolution
from jobs.identity.decided import Decisions
from jobs.identity.settings import IdentitySettings
from jobs.lake.transfer import to_arrow, to_spark


def resolved(
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


def _evidence(
    traits: DataFrame, weighed: DataFrame | None, stands: Decisions
) -> resolution.Evidence:
    """Take what is known beside the links out of Spark; of traits only where they are asked for."""
    if weighed is None:
        return resolution.Evidence(traits.toArrow(), None, stands)
    pairs = weighed.select("left_id", "right_id", "weight", "contradicting")
    matches = to_arrow(pairs, pairs.count())
    return resolution.Evidence(traits.limit(0).toArrow(), matches, stands)


def _frame(links: DataFrame, kept: pa.Table) -> DataFrame:
    schema = "left_id string, right_id string, weight double, reason string"
    rows: pd.DataFrame = kept.to_pandas()
    return links.sparkSession.createDataFrame(rows, schema)
