"""Scores by quantile: the share of persons below a value says which bin it falls in."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

# Values are first counted by the thousandth of their logarithm: some 70,000 buckets at most, so
# that only these few counts are cumulated in one place, and what is in a bucket in many.
BUCKETS_PER_LOG = 1_000


def quantile_scores(frame: DataFrame, measures: Mapping[str, Column], bins: int) -> DataFrame:
    r"""Add a score from 1 (worst) to ``bins`` (best) for each measure.

    With :math:`n` rows, :math:`L` of them below a value and :math:`E` equal to it (itself
    included), the score is

    .. math:: 1 + \lfloor bins \cdot (L + E / 2) / n \rfloor

    that is, the bin of the value's mid-rank. Without ties and with ``n`` a multiple of ``bins``
    these are the equal fifths of Hughes (Strategic Database Marketing, Probus 1994, the chapter on
    RFM), who sorts and cuts. Where he would split equal values between two bins by chance, all of
    them get the bin of their middle one. A single row, or one where all are equal, scores the
    middle (3 of 5); two rows score 2 and 4. A greater value never scores lower.

    Parameters
    ----------
    frame : DataFrame
        Any rows; read twice, so it must be the same when computed again.
    measures : mapping of str to Column
        Name of the score to a value of type ``decimal(20,4)``; greater is better. Null is not
        counted, and its score is null.
    bins : int
        Number of bins.

    Returns
    -------
    DataFrame
        ``frame`` with an int column for each measure.

    Examples
    --------
    Orders 1, 1, 2, 5 in five bins: for 1, :math:`5 \cdot (0 + 1) / 4` gives score 2; for 2,
    :math:`5 \cdot 2.5 / 4` gives 4; for 5, :math:`5 \cdot 3.5 / 4` gives 5.
    """
    starts = (
        _scored_values(frame, measures, bins)
        .groupBy("score_of", "score")
        .agg(F.min("value").alias("start"))
    )
    # One row: for each measure its scores, each with the least value that has it.
    scale = starts.agg(
        *[
            F.collect_list(F.when(F.col("score_of") == name, F.struct("score", "start"))).alias(
                f"{name}_scale"
            )
            for name in measures
        ]
    )
    scores = [_score_of(F.col(f"{n}_scale"), value).alias(n) for n, value in measures.items()]
    return frame.crossJoin(F.broadcast(scale)).select(*frame.columns, *scores)


def _score_of(starts: Column, value: Column) -> Column:
    """Return the highest score whose least value is not above ``value``."""
    reached = F.filter(starts, lambda bin_: bin_["start"] <= value)
    return F.array_max(F.transform(reached, lambda bin_: bin_["score"]))


def _scored_values(frame: DataFrame, measures: Mapping[str, Column], bins: int) -> DataFrame:
    """Return one row for each measure and distinct value, with its score."""
    named = [F.struct(F.lit(n).alias("score_of"), v.alias("value")) for n, v in measures.items()]
    values = frame.select(F.inline(F.array(*named)))
    counts = (
        values.where("value IS NOT NULL")
        .groupBy("score_of", "value")
        .agg(F.count("*").alias("equal"))
        .withColumn("bucket", _bucket(F.col("value")))
    )

    before = (
        Window.partitionBy("score_of").orderBy("bucket").rowsBetween(Window.unboundedPreceding, -1)
    )
    buckets = counts.groupBy("score_of", "bucket").agg(F.sum("equal").alias("in_bucket"))
    buckets = buckets.select(
        "score_of",
        "bucket",
        F.coalesce(F.sum("in_bucket").over(before), F.lit(0)).alias("in_lower_buckets"),
        F.sum("in_bucket").over(Window.partitionBy("score_of")).alias("rows"),
    )

    lower = (
        Window.partitionBy("score_of", "bucket")
        .orderBy("value")
        .rowsBetween(Window.unboundedPreceding, -1)
    )
    below = F.col("in_lower_buckets") + F.coalesce(F.sum("equal").over(lower), F.lit(0))
    ranked = counts.join(buckets, ["score_of", "bucket"]).withColumn("below", below)
    # Whole numbers throughout, so that a value on the edge of a bin falls the same way everywhere.
    score = F.expr(f"1 + ((2 * below + equal) * {bins}) div (2 * rows)").cast("int")
    return ranked.select("score_of", "value", score.alias("score"))


def _bucket(value: Column) -> Column:
    """Coarse place of a value: grows with it, never falls (log1p in Java is semi-monotonic)."""
    number = value.cast("double")
    return F.floor(F.signum(number) * F.log1p(F.abs(number)) * BUCKETS_PER_LOG)
