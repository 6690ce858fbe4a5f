"""What every recommender is, and how any of them recommends to everybody in bounded memory."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from models.columns import PERSON, PRODUCT, RANK, RECOMMENDATION_COLUMNS, SCORE
from models.interactions import History, Ids, Interactions, stored_rows, weigh
from models.ranking import top
from models.settings import Weighting

BLOCK_BYTES = 64 * 2**20
"""Memory for one block of scores; about three times as much is in use while it is ranked."""


class Recommender(Protocol):
    """A trained model that scores every product it knows for any person's history.

    It holds no person: persons come in as histories, so that a model trained last week serves
    this morning's customer, nothing about an erased person is left in it, and persons beyond one
    machine are served in blocks, wherever the model is sent.
    """

    @property
    def product_ids(self) -> Ids:
        """The products it can score, ascending."""

    @property
    def weighting(self) -> Weighting:
        """How it wants interactions weighed."""

    @property
    def repeat_half_life_days(self) -> float | None:
        """Half-life of ``History.purchases`` that it wants, in days; None for no decay."""

    def score(self, history: History) -> NDArray[np.float32]:
        """Score all products for the persons of a history, shape (persons, products)."""


def recommend(
    model: Recommender,
    interactions: Interactions,
    *,
    as_of_exclusive: date,
    n: int,
    leave_out_bought: bool = False,
    recommendable: Iterable[str] | None = None,
    people: Sequence[str] | None = None,
    block_bytes: int = BLOCK_BYTES,
) -> pd.DataFrame:
    """Recommend the best ``n`` products to every person with a history.

    Parameters
    ----------
    model : Recommender
        Any trained model.
    interactions : Interactions
        As in `models.interactions.weigh`.
    as_of_exclusive : date
        Only interactions before this date count.
    n : int
        Products a person; fewer where fewer are left.
    leave_out_bought : bool
        Whether to leave out what the person has ever bought before ``as_of_exclusive``.
    recommendable : iterable of str, optional
        Products that may be recommended (in stock, allowed); by default all the model knows.
    people : sequence of str, optional
        Persons to recommend to; by default all with a history. Those without any history that
        the model knows are left out: fill them from `models.popularity`.
    block_bytes : int
        Memory for one block of scores.

    Returns
    -------
    DataFrame
        ``person_id``, ``rank`` (from 1), ``product_id``, ``score`` (5 decimals), by person and
        rank. Equal scores rank by ``product_id``.
    """
    history = weigh(
        interactions,
        model.weighting,
        as_of_exclusive=as_of_exclusive,
        person_ids=people,
        product_ids=model.product_ids,
        repeat_half_life_days=model.repeat_half_life_days,
    )
    barred = _barred(model.product_ids, recommendable)
    step = max(1, block_bytes // (4 * max(1, len(model.product_ids))))
    blocks = [
        _ranked(model, block, n, barred, leave_out_bought) for block in _blocks(history, step)
    ]
    if not blocks:
        return empty_recommendations()
    return pd.concat(blocks, ignore_index=True)


def empty_recommendations() -> pd.DataFrame:
    """No recommendation, with the columns and types of some."""
    return pd.DataFrame(
        {
            PERSON: pd.Series(dtype=object),
            RANK: pd.Series(dtype=np.int32),
            PRODUCT: pd.Series(dtype=object),
            SCORE: pd.Series(dtype=np.float64),
        }
    )[list(RECOMMENDATION_COLUMNS)]


def _barred(product_ids: Ids, recommendable: Iterable[str] | None) -> NDArray[np.bool_]:
    if recommendable is None:
        return np.zeros(len(product_ids), dtype=bool)
    return ~np.isin(product_ids, np.asarray(sorted(recommendable), dtype=np.str_))


def _blocks(history: History, step: int) -> Iterator[History]:
    """Blocks of persons who have any weight; the others have nothing to be scored by."""
    for start in range(0, len(history.person_ids), step):
        block = history.rows(start, min(start + step, len(history.person_ids)))
        if block.weights.nnz:
            yield block


def _ranked(
    model: Recommender, block: History, n: int, barred: NDArray[np.bool_], leave_out_bought: bool
) -> pd.DataFrame:
    # BLAS on several threads sums in another order, and is no faster beside Spark's own threads.
    with threadpool_limits(limits=1, user_api="blas"):
        scores = np.array(model.score(block), dtype=np.float32)
    scores[:, barred] = -np.inf
    scores[np.diff(block.weights.indptr) == 0] = -np.inf
    if leave_out_bought:
        scores[stored_rows(block.purchases), block.purchases.indices] = -np.inf
    rows, columns, ranks, kept = top(scores, n)
    return pd.DataFrame(
        {
            PERSON: block.person_ids[rows].astype(object),
            RANK: ranks.astype(np.int32),
            PRODUCT: block.product_ids[columns].astype(object),
            SCORE: kept,
        }
    )
