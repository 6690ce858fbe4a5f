"""Evidence: which product of a person's own history speaks most for a recommended one."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from models.als import AlsModel
from models.columns import PERSON, PRODUCT
from models.interactions import Interactions, places, weigh
from models.ranking import SCORE_DECIMALS

BECAUSE = "because"


def evidence(
    model: AlsModel,
    interactions: Interactions,
    recommended: pd.DataFrame,
    *,
    as_of_exclusive: date,
    block: int = 20_000,
) -> pd.Series[str]:
    r"""Name for each recommended product the product of the person's history behind it.

    It is the one with the largest :math:`w_{uj} \\cos(y_i, y_j)`: how much the person has to do
    with ``j``, times how alike ``i`` and ``j`` are to the model. A product the person has bought
    already speaks for itself.

    Parameters
    ----------
    model : AlsModel
        The model that recommended.
    interactions : Interactions
        As in `models.interactions.weigh`.
    recommended : DataFrame
        ``person_id``, ``product_id``.
    as_of_exclusive : date
        The day the lists were ranked for, as for `models.recommender.recommend`: only what
        occurred before it speaks. Not ``model.trained_until``: a model may be older than the
        people it serves.
    block : int
        Rows worked on at once; memory is about ``block`` times the length of a history.

    Returns
    -------
    Series of str
        Product ids by the index of ``recommended``; None where nothing in the history is alike,
        or the model does not know the product.
    """
    if recommended.empty:
        return pd.Series(index=recommended.index, name=BECAUSE, dtype=object)
    history = weigh(
        interactions,
        model.weighting,
        as_of_exclusive=as_of_exclusive,
        person_ids=recommended[PERSON].to_numpy(dtype=np.str_),
        product_ids=model.product_ids,
    )
    norms = np.linalg.norm(model.item_factors, axis=1, keepdims=True)
    unit = np.divide(
        model.item_factors, norms, where=norms > 0, out=np.zeros_like(model.item_factors)
    )
    items = places(model.product_ids, recommended[PRODUCT])
    known = np.flatnonzero(items >= 0)
    people = places(history.person_ids, recommended[PERSON])
    matrix = history.weights
    best = np.full(len(recommended), -1, dtype=np.int64)
    for start in range(0, len(known), block):
        rows = known[start : start + block]
        who, what = people[rows], items[rows]
        lengths = np.diff(matrix.indptr)[who]
        if not lengths.sum():
            continue
        owner = np.repeat(np.arange(len(who)), lengths)
        first = np.repeat(matrix.indptr[who] - np.cumsum(lengths) + lengths, lengths)
        place = first + np.arange(lengths.sum())
        own, weight = matrix.indices[place], matrix.data[place]
        alike = np.einsum("ij,ij->i", unit[what[owner]], unit[own])
        speaks = np.round(np.where(own == what[owner], np.inf, weight * alike), SCORE_DECIMALS)
        # Of equal ones the product that comes first by id, whatever order the rows came in.
        order = np.lexsort((own, -speaks, owner))
        head = np.unique(owner[order], return_index=True)
        chosen = order[head[1]]
        best[rows[head[0]]] = np.where(speaks[chosen] > 0, own[chosen], -1)
    named = model.product_ids[np.maximum(best, 0)].astype(object)
    named[best < 0] = None
    return pd.Series(named, index=recommended.index, name=BECAUSE)
