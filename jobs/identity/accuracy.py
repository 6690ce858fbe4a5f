"""Accuracy of identity resolution, where the true persons are known."""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F


@dataclass(frozen=True)
class PairwiseAccuracy:
    """Pairs of records, as predicted and as true.

    Attributes
    ----------
    shared_pairs : int
        Pairs of records that are one person in both.
    predicted_pairs, true_pairs : int
        Pairs of records that are one person in the prediction, in the truth.
    """

    shared_pairs: int
    predicted_pairs: int
    true_pairs: int

    @property
    def precision(self) -> float:
        """Share of the predicted pairs that are true; 1 where none is predicted."""
        return self.shared_pairs / self.predicted_pairs if self.predicted_pairs else 1.0

    @property
    def recall(self) -> float:
        """Share of the true pairs that are predicted; 1 where there is none."""
        return self.shared_pairs / self.true_pairs if self.true_pairs else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 0 where both are 0."""
        total = self.predicted_pairs + self.true_pairs
        return 2 * self.shared_pairs / total if total else 1.0


def pairwise_accuracy(predicted: DataFrame, truth: DataFrame) -> PairwiseAccuracy:
    """Compare two clusterings by the pairs of records they put together.

    No pair is ever written out: a cluster of n records has n (n - 1) / 2 of them, so with n_ij
    the records that are in predicted cluster i and in true cluster j::

        precision = sum_ij C(n_ij, 2) / sum_i C(n_i, 2)
        recall    = sum_ij C(n_ij, 2) / sum_j C(n_j, 2)

    Of four records, with ``{1, 2, 3} {4}`` predicted and ``{1, 2} {3, 4}`` true, three pairs are
    predicted and two true, and one of them is in both: precision 1/3, recall 1/2, F1 2/5.

    Parameters
    ----------
    predicted, truth : DataFrame
        ``record_id``, ``cluster``, a row a record. Only records of both are compared.
    """
    both = predicted.select("record_id", F.col("cluster").alias("predicted")).join(
        truth.select("record_id", F.col("cluster").alias("true")), on="record_id"
    )
    cells = both.groupBy("predicted", "true").agg(F.count("*").alias("n"))
    return PairwiseAccuracy(
        shared_pairs=_pairs(cells),
        predicted_pairs=_pairs(cells.groupBy("predicted").agg(F.sum("n").alias("n"))),
        true_pairs=_pairs(cells.groupBy("true").agg(F.sum("n").alias("n"))),
    )


def _pairs(counts: DataFrame) -> int:
    row = counts.agg(F.sum(_choose_two("n"))).first()
    return int(row[0] or 0) if row is not None else 0


def _choose_two(column: str) -> Column:
    # Whole-number division: "/" would go through a double, exact only up to 2^53 pairs.
    return F.expr(f"{column} * ({column} - 1) div 2")
