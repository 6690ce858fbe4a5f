"""New records weighed against all on Spark: the steps of ``matched.py`` for more than fits.

Records are opened by the workers and stay with them. The SQL of the comparisons and of the weights
is the same; Splink writes it for either engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

from jobs.identity.formed import BLOCKS, ROW, formed
from jobs.identity.matched import ANY, LEAST, columns_of_a_match
from jobs.identity.matching.matcher import Matcher
from jobs.identity.matching.pairs import RECORDS, graded
from jobs.identity.matching.records import RECORD
from jobs.identity.matching.resolve import as_arrow
from jobs.identity.matching.scoring import weighed

_NEW = "is_new"
Opener = Callable[[pa.RecordBatch], pd.DataFrame]
"""Given records, returns the columns of the matcher's fields as text, a row each."""
_DISTANCES = {
    "jaro_winkler": "JaroWinklerSimilarity",
    "damerau_levenshtein": "LevDamerauDistance",
}


def weigh(
    records: DataFrame,
    matcher: Matcher,
    opener: Opener,
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
        Given some rows of ``records`` in Arrow's form, returns what they tell; it runs on the
        workers.
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
    schema = _schema(matcher)
    forms = records.mapInArrow(_forming(matcher, opener, key, schema.names), schema).persist()
    placed = forms.select(RECORD, _NEW, F.explode(BLOCKS).alias("block"))
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
    blocks = forms.where(_NEW).select(F.col(RECORD).alias("record_id"), BLOCKS)
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
    query = told.replace(f"JOIN {RECORDS} ", "JOIN {records} ")
    found = forms.sparkSession.sql(query, pairs=pairs, records=forms)
    return found.selectExpr("l AS left_id", "r AS right_id", *columns_of_a_match(matcher))


def _forming(
    matcher: Matcher, opener: Opener, key: str, names: Sequence[str]
) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def form(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            if not batch.num_rows:
                continue
            table = formed(opener(batch), matcher, key).drop_columns([ROW])
            table = table.append_column(RECORD, batch.column("record_id").cast(pa.string()))
            table = table.append_column(_NEW, batch.column(_NEW))
            yield from table.select(names).to_batches()

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
        StructField(BLOCKS, ArrayType(LongType())),
    ]
    return StructType([*fields, *own])
