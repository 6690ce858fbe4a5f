"""Metrics of ranked lists against what people then bought: one value a person, then a mean.

All metrics here are binary (a product was bought or not), lie in [0, 1], and are given for the
persons with at least one relevant product; persons without are left out by `judge`, since a
recall of nothing is not a number. A person with relevant products who was shown nothing has 0.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.columns import PERSON, PRODUCT, RANK
from models.interactions import Ids

Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Judgement:
    """Which ranks were hits, for every person with something relevant.

    Attributes
    ----------
    person_ids : array of str, shape (persons,)
        Ascending; exactly the persons of ``relevant``.
    hits : array of bool, shape (persons, depth)
        Whether the product at rank ``column + 1`` is relevant. A missing rank is no hit.
    relevant : array of int, shape (persons,)
        Number of relevant products, at least 1.
    """

    person_ids: Ids
    hits: NDArray[np.bool_]
    relevant: NDArray[np.int64]


def judge(recommended: pd.DataFrame, relevant: pd.DataFrame, *, depth: int) -> Judgement:
    """Mark the hits among the first ``depth`` ranks.

    Parameters
    ----------
    recommended : DataFrame
        ``person_id``, ``rank`` (from 1), ``product_id``. Persons without anything relevant are
        left out; a person of ``relevant`` without recommendation counts as all misses.
    relevant : DataFrame
        ``person_id``, ``product_id``; repeated pairs count once.
    depth : int
        Ranks to look at, at least the largest ``k`` asked of the metrics.

    Raises
    ------
    ValueError
        When a product or a rank comes twice for a person (a hit would count double), or a rank
        is below 1.
    """
    shown = recommended.loc[recommended[RANK] <= depth, [PERSON, RANK, PRODUCT]]
    if (shown[RANK] < 1).any():
        raise ValueError(f"ranks count from 1, but the lowest is {shown[RANK].min()}")
    for pair in ([PERSON, PRODUCT], [PERSON, RANK]):
        again = shown.duplicated(pair)
        if again.any():
            raise ValueError(
                f"recommended twice for one {' and '.join(pair)}, first at "
                f"{shown[again].iloc[0].to_dict()}: drop the repeats before judging"
            )
    wanted = relevant[[PERSON, PRODUCT]].drop_duplicates()
    counts = wanted.groupby(PERSON)[PRODUCT].size().sort_index()
    hit = shown.merge(wanted, on=[PERSON, PRODUCT])
    hits = np.zeros((len(counts), depth), dtype=bool)
    rows = counts.index.get_indexer(pd.Index(hit[PERSON]))
    hits[rows, hit[RANK].to_numpy(dtype=np.intp) - 1] = True
    people = counts.index.to_numpy(dtype=np.str_)
    return Judgement(people, hits, counts.to_numpy().astype(np.int64))


def recall_at_k(judgement: Judgement, k: int) -> Values:
    r"""Share of the relevant products that is among the first ``k``.

    .. math:: \mathrm{Recall@}k = \frac{\sum_{r=1}^{k} h_r}{|R|}

    ``h_r`` is 1 where the product at rank ``r`` is relevant, ``R`` the set of relevant products.
    A person with more than ``k`` of them cannot reach 1.

    Example: hits at ranks 1 and 3, 4 relevant: Recall@3 = 2 / 4 = 0.5.

    Source: Manning, Raghavan & Schütze (2008), Introduction to Information Retrieval, 8.3.
    """
    return np.asarray(_first(judgement, k).sum(axis=1) / judgement.relevant, dtype=np.float64)


def ndcg_at_k(judgement: Judgement, k: int) -> Values:
    r"""Normalised discounted cumulative gain: a hit counts less the lower it stands.

    .. math::

        \mathrm{NDCG@}k = \frac{\sum_{r=1}^{k} h_r / \log_2(r + 1)}
        {\sum_{r=1}^{\min(k, |R|)} 1 / \log_2(r + 1)}

    ``h_r`` is 1 where the product at rank ``r`` is relevant, ``R`` the set of relevant products;
    the denominator is the gain of the best possible list.

    Example: hits at ranks 1 and 3, 2 relevant: (1 + 1/2) / (1 + 1/1.58496) = 0.91972.

    Source: Järvelin & Kekäläinen (2002), Cumulated Gain-Based Evaluation of IR Techniques, with
    the discount 1 / log2(r + 1) from the first rank on, as commonly used since.
    """
    discounts = 1.0 / np.log2(np.arange(2, k + 2))
    gained = _first(judgement, k) @ discounts
    ideal = np.cumsum(discounts)[np.minimum(judgement.relevant, k) - 1]
    # Summed in another order, a perfect list could come out one bit above 1.
    return np.asarray(np.minimum(gained / ideal, 1.0), dtype=np.float64)


def map_at_k(judgement: Judgement, k: int) -> Values:
    r"""Average precision of the first ``k``; its mean over persons is MAP@k.

    .. math:: \mathrm{AP@}k = \frac{1}{\min(k, |R|)} \sum_{r=1}^{k} h_r \frac{\sum_{s \le r} h_s}{r}

    ``h_r`` is 1 where the product at rank ``r`` is relevant, ``R`` the set of relevant products.

    Example: hits at ranks 1 and 3, 2 relevant: (1/1 + 2/3) / 2 = 0.83333.

    Source: Manning, Raghavan & Schütze (2008), Introduction to Information Retrieval, 8.4.
    """
    hits = _first(judgement, k)
    precision = np.cumsum(hits, axis=1) / np.arange(1, k + 1)
    possible = np.minimum(judgement.relevant, k)
    return np.asarray((precision * hits).sum(axis=1) / possible, dtype=np.float64)


def hit_at_k(judgement: Judgement, k: int) -> Values:
    """1 for a person with any hit among the first ``k``, else 0; its mean is the hit rate.

    Example: one person with a hit at rank 3 and one without any: hit rate @3 = 0.5, @2 = 0.
    """
    return np.asarray(_first(judgement, k).any(axis=1), dtype=np.float64)


def coverage_at_k(recommended: pd.DataFrame, catalogue: Ids, k: int) -> float:
    """Share of the catalogue that stands among anybody's first ``k``.

    Example: lists [a, b] and [a, c] of a catalogue of 10: coverage@2 = 3 / 10 = 0.3.
    An empty catalogue has coverage 0.

    Source: Ge, Delgado-Battenfeld & Jannach (2010), Beyond Accuracy: catalog coverage.
    """
    if len(catalogue) == 0:
        return 0.0
    shown = recommended.loc[recommended[RANK] <= k, PRODUCT].unique()
    return float(np.isin(catalogue, np.asarray(shown, dtype=np.str_)).mean())


def _first(judgement: Judgement, k: int) -> NDArray[np.bool_]:
    if not 1 <= k <= judgement.hits.shape[1]:
        raise ValueError(f"k={k} is not within the judged depth 1 to {judgement.hits.shape[1]}")
    return judgement.hits[:, :k]
