"""Accuracy of identity resolution, where the true persons are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd


@dataclass(frozen=True)
class Accuracy:
    """How well a clustering agrees with the truth.

    Attributes
    ----------
    shared_pairs : int
        Pairs of records that are one person in both.
    predicted_pairs, true_pairs : int
        Pairs of records that are one person in the prediction, in the truth.
    bcubed_precision, bcubed_recall : float
        Mean over the records of the share of their predicted cluster that is their true person,
        and of their true person that is in their predicted cluster (Bagga and Baldwin 1998).
    """

    shared_pairs: int
    predicted_pairs: int
    true_pairs: int
    bcubed_precision: float
    bcubed_recall: float

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

    @property
    def bcubed_f1(self) -> float:
        """Harmonic mean of B-cubed precision and recall."""
        precision, recall = self.bcubed_precision, self.bcubed_recall
        return 2 * precision * recall / (precision + recall)


def accuracy(
    predicted: Sequence[Any], truth: Sequence[Any], sides: Sequence[Any] | None = None
) -> Accuracy:
    """Compare a clustering with the truth.

    No pair is ever written out: a cluster of n records has n (n - 1) / 2 of them, so with n_ij
    the records that are in predicted cluster i and in true cluster j::

        precision = sum_ij C(n_ij, 2) / sum_i C(n_i, 2)
        recall    = sum_ij C(n_ij, 2) / sum_j C(n_j, 2)

    Of four records, with ``{1, 2, 3} {4}`` predicted and ``{1, 2} {3, 4}`` true, three pairs are
    predicted and two true, and one of them is in both: precision 1/3, recall 1/2, F1 2/5.

    Parameters
    ----------
    predicted, truth : sequence
        Cluster and true person of each record. A record whose truth is missing is left out.
    sides : sequence, optional
        Which of two linked files each record is from: then only pairs across them count.

    Raises
    ------
    ValueError
        No record has a truth.
    """
    rows = pd.DataFrame({"predicted": list(predicted), "truth": list(truth)})
    rows["side"] = 0 if sides is None else list(sides)
    rows = rows.dropna(subset=["truth"])
    if rows.empty:
        raise ValueError("no record has a truth to be compared with")
    both, mine, true = ["predicted", "truth"], ["predicted"], ["truth"]
    cell, cluster, person = (
        rows.groupby(keys)["side"].transform("size") for keys in (both, mine, true)
    )
    return Accuracy(
        shared_pairs=_pairs(rows, both),
        predicted_pairs=_pairs(rows, mine),
        true_pairs=_pairs(rows, true),
        bcubed_precision=float((cell / cluster).mean()),
        bcubed_recall=float((cell / person).mean()),
    )


def _pairs(rows: pd.DataFrame, keys: list[str]) -> int:
    """Pairs within groups; those of one side apart where there are two."""

    def within(groups: pd.Series) -> int:
        # Whole numbers of Python: a product of two counts may pass 2^63.
        return sum(count * (count - 1) // 2 for count in groups.tolist())

    every = within(rows.groupby(keys).size())
    if rows["side"].nunique() < 2:
        return every
    return every - within(rows.groupby([*keys, "side"]).size())
