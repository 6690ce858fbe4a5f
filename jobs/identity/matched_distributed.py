"""New records weighed against all on Spark: the steps of ``matched.py`` for more than fits.

Records are opened by the workers and stay with them. The SQL of the comparisons and of the weights
is the same; Splink writes it for either engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

from jobs.identity.matched import ANY, LEAST, labels
from jobs.identity.matching.matcher import Matcher
from jobs.identity.matching.pairs import RECORDS, graded
from jobs.identity.matching.records import RECORD
from jobs.identity.matching.resolve import as_arrow
from jobs.identity.matching.scoring import WEIGHT_UNIT, one_of, weighed

if TYPE_CHECKING:
    from jobs.identity.matched import Opener

_BLOCKS, _NEW = "blocks", "is_new"
_DISTANCES = {
    "jaro_winkler": "JaroWinklerSimilarity",
    "damerau_levenshtein": "LevDamerauDistance",
}


def weigh(
    records: DataFrame,
    matcher: Matcher,
    opener: Callable[[pd.DataFrame], Opener],
    key: str,
    asked: DataFrame,
) -> tuple[DataFrame, DataFrame]:
    """Weigh new records against each other and against the others.

    Parameters
    ----------
    records : DataFrame
        ``record_id``, ``is_new`` and what ``opener`` needs, a row each.
    matcher : Matcher
        The model.
    opener : callable
        Makes, of some rows of ``records``, what reads them; it runs on the workers.
    key : str
        Of the matcher's hashes.
    asked : DataFrame
        ``left_id``, ``right_id``: pairs that are weighed in any case.

    Returns
    -------
    blocks, matches : DataFrame
        As of :class:`jobs.identity.matched.Weighed`.
    """
    from pyspark.sql.types import DoubleType

    spark = records.sparkSession
    for name, java in _DISTANCES.items():
        spark.udf.registerJavaFunction(name, f"uk.gov.moj.dash.linkage.{java}", DoubleType())
    forms = records.mapInArrow(_forming(matcher, opener, key), _schema(matcher)).persist()
    placed = forms.select(RECORD, _NEW, F.explode(_BLOCKS).alias("block"))
    fresh = placed.where(_NEW).select(F.col(RECORD).alias("one"), "block")
    both = fresh.join(placed, "block").where(
        (F.col("one") < F.col(RECORD)) | (~F.col(_NEW) & (F.col("one") != F.col(RECORD)))
    )
    found = both.select(F.least("one", RECORD).alias("l"), F.greatest("one", RECORD).alias("r"))
    certain = asked.select(F.col("left_id").alias("l"), F.col("right_id").alias("r")).distinct()
    usual = found.distinct().join(certain, ["l", "r"], "left_anti")
    matches = _matches(forms, usual, matcher, LEAST).unionByName(
        _matches(forms, certain, matcher, ANY)
    )
    blocks = forms.where(_NEW).select(F.col(RECORD).alias("record_id"), _BLOCKS)
    return blocks, matches


def _matches(forms: DataFrame, pairs: DataFrame, matcher: Matcher, least: float) -> DataFrame:
    model, fields = matcher.model, list(matcher.model.roles)
    told = weighed(
        model,
        graded(model, "SELECT l, r FROM {pairs}", dialect="spark"),
        least=least,
        columns=fields,
    )
    # A query that names frames, and no views that two runs in one session would share.
    query = told.replace(f"JOIN {RECORDS} ", "JOIN {records} ").rpartition(" ORDER BY ")[0]
    found = forms.sparkSession.sql(query, pairs=pairs, records=forms)
    bits = F.col("w") / F.lit(float(WEIGHT_UNIT))
    return found.select(
        F.col("l").alias("left_id"),
        F.col("r").alias("right_id"),
        bits.alias("weight"),
        F.round(1 / (1 + F.pow(F.lit(2.0), -bits)), 6).alias("probability"),
        _in_words(matcher).alias("comparison"),
        _contradicting(matcher).alias("contradicting"),
    )


def _in_words(matcher: Matcher) -> Column:
    parts = []
    for name, words in labels(matcher).items():
        told = F.lit(None).cast("string")
        for grade, word in enumerate(words):
            told = F.when(F.col(name) == grade, f"{name} {word}").otherwise(told)
        parts.append(told)
    return F.concat_ws(", ", *parts)


def _contradicting(matcher: Matcher) -> Column:
    flag = F.lit(False)
    for name in one_of(matcher.model):
        flag = flag | (F.col(name) == 0)
    return flag


def _forming(
    matcher: Matcher, opener: Callable[[pd.DataFrame], Opener], key: str
) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def form(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            if not batch.num_rows:
                continue
            rows = batch.to_pandas()
            ids = rows["record_id"].tolist()
            forms = matcher.forms(opener(rows)(ids), key)
            hashed = matcher.keys(forms, key).drop_duplicates().sort_values(["row", "block"])
            lists: list[list[int]] = [[] for _ in ids]
            for row, block in zip(hashed["row"].tolist(), hashed["block"].tolist(), strict=True):
                lists[row].append(block)
            table = as_arrow(forms)
            table = table.append_column(RECORD, pa.array(ids, pa.string()))
            table = table.append_column(_NEW, pa.array(rows[_NEW], pa.bool_()))
            table = table.append_column(_BLOCKS, pa.array(lists, pa.list_(pa.int64())))
            yield from table.to_batches()

    return form


def _schema(matcher: Matcher) -> StructType:
    """Types of the forms, as :func:`as_arrow` gives them."""
    from pyspark.sql.types import ArrayType, BooleanType, DoubleType, LongType

    nothing = pd.DataFrame({f.column: [] for f in matcher.fields}, dtype=object)
    types = {
        pa.int64(): LongType(),
        pa.float64(): DoubleType(),
        pa.list_(pa.string()): ArrayType(StringType()),
    }
    table = as_arrow(matcher.forms(nothing, "0" * 16))
    fields = [StructField(f.name, types.get(f.type, StringType())) for f in table.schema]
    own = [
        StructField(RECORD, StringType()),
        StructField(_NEW, BooleanType()),
        StructField(_BLOCKS, ArrayType(LongType())),
    ]
    return StructType([*fields, *own])
