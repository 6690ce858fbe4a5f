"""Expressions: which SQL of the catalogue Spark refuses, once it has refused some."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from jobs.ingest.catalogue import ROW_KEY, Feed
from jobs.ingest.mapping import Mapping
from jobs.lake.errors import first_line

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def refused_expression(spark: SparkSession, mapping: Mapping) -> str | None:
    """Name feed, key and reason of the first expression over a feed's columns that fails.

    None where all of them can be read: then it was something else. Those of a derived feed are over
    another one's rows, and those that name a lookup over a file's: they are passed over.
    """
    from pyspark.errors import AnalysisException
    from pyspark.sql import functions as F
    from pyspark.sql.types import StringType, StructField, StructType

    feed = mapping.feed
    if feed.derived_from is not None:
        return None
    columns = StructType([StructField(name, StringType()) for name in feed.field_names])
    rows = spark.createDataFrame([], columns)
    for place, expression in _expressions(feed):
        if any(f"{lookup}." in expression for lookup in feed.lookups):
            continue
        try:
            rows.select(F.expr(expression)).schema  # noqa: B018 - this resolves it
        except AnalysisException as error:
            return (
                f"{mapping.name}: {place}: {expression}: {first_line(error)} "
                f"(its columns are {', '.join(feed.field_names)}; one with a hyphen, a blank or a "
                "letter beyond a to z stands in backquotes)"
            )
    return None


def _expressions(feed: Feed) -> Iterator[tuple[str, str]]:
    if feed.key != ROW_KEY:
        for expression in feed.key:
            yield "key", expression
    for name, mapped in feed.columns.items():
        yield f"columns.{name}", mapped.expr
