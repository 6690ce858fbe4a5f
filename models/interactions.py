"""From dated interactions to the weighted person-product matrix that the models learn from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from models.columns import (
    INTERACTION_COLUMNS,
    KIND,
    OCCURRED_ON,
    PERSON,
    PRODUCT,
    PURCHASE,
    QUANTITY,
)
from models.settings import Weighting

Ids = NDArray[np.str_]


class ArrowTable(Protocol):
    """What is used of a ``pyarrow.Table``."""

    def to_pandas(self) -> pd.DataFrame:
        """Copy into pandas."""


Interactions = pd.DataFrame | ArrowTable
"""Dated interactions: ``person_id``, ``product_id``, ``kind``, ``quantity``, ``occurred_on``."""


@dataclass(frozen=True, eq=False)
class History:
    """What people did, as matrices (persons by products) with rows and columns by sorted id.

    Attributes
    ----------
    person_ids, product_ids : arrays of str
        Names of the rows and of the columns, ascending.
    weights : scipy.sparse.csr_matrix of float32
        Taste: the sum of `Weighting`.
    purchases : scipy.sparse.csr_matrix of float32
        Decayed number of days on which the person bought the product. What was ever bought is
        stored, even where decay has brought its value to zero.
    """

    person_ids: Ids
    product_ids: Ids
    weights: sparse.csr_matrix
    purchases: sparse.csr_matrix

    def rows(self, start: int, stop: int) -> "History":
        """Persons ``[start, stop)`` of this history."""
        return History(
            self.person_ids[start:stop],
            self.product_ids,
            self.weights[start:stop],
            self.purchases[start:stop],
        )


class InteractionsError(ValueError):
    """The interactions cannot be weighed; the message names the column and the rows."""


def as_pandas(interactions: Interactions) -> pd.DataFrame:
    """Take a pandas frame as it is, or copy an Arrow table into one."""
    return interactions if isinstance(interactions, pd.DataFrame) else interactions.to_pandas()


def weigh(
    interactions: Interactions,
    weighting: Weighting,
    *,
    as_of_exclusive: date,
    person_ids: Sequence[str] | Ids | None = None,
    product_ids: Sequence[str] | Ids | None = None,
    repeat_half_life_days: float | None = None,
) -> History:
    """Weigh the interactions before a date into a `History`.

    The order of the rows does not change a bit of the result: weights are summed in float64 in
    sorted order, since float addition depends on its order.

    Parameters
    ----------
    interactions : Interactions
        ``person_id``, ``product_id``, ``kind``, ``quantity`` (> 0), ``occurred_on`` (date, UTC).
    weighting : Weighting
        Weight by kind, quantity and age.
    as_of_exclusive : date
        Only what occurred before this date counts: the window is ``(-inf, as_of_exclusive)``.
    person_ids, product_ids : sequence of str, optional
        Rows and columns to use; others are left out. By default all that carry a weight.
    repeat_half_life_days : float, optional
        Half-life of ``History.purchases``, in days; by default no decay.

    Returns
    -------
    History
        Float32 matrices over sorted ids. Weights carry no BM25 yet: its document frequencies
        belong to the model, so that a person weighed alone later gets the weights of training.

    Raises
    ------
    InteractionsError
        When a column is missing, an id is null, or a counted quantity is not above zero.
    """
    frame = _counted(interactions, weighting, as_of_exclusive)
    people, products = _ids(frame[PERSON], person_ids), _ids(frame[PRODUCT], product_ids)
    rows, columns = places(people, frame[PERSON]), places(products, frame[PRODUCT])
    wanted = (rows >= 0) & (columns >= 0)
    frame, rows, columns = frame[wanted], rows[wanted], columns[wanted]
    shape = (len(people), len(products))

    age = (pd.Timestamp(as_of_exclusive) - frame[OCCURRED_ON]).dt.days.to_numpy(dtype=np.float64)
    kind = frame[KIND].map(weighting.kinds).fillna(0.0).to_numpy(dtype=np.float64)
    amount = _amount(frame[QUANTITY].to_numpy(dtype=np.float64), weighting.quantity)
    weights = _summed(rows, columns, kind * amount * _decay(age, weighting.half_life_days), shape)
    weights.eliminate_zeros()
    if weighting.saturation:
        weights.data = np.log1p(weights.data)

    bought = (frame[KIND] == PURCHASE).to_numpy()
    days = pd.DataFrame({"row": rows, "column": columns, "age": age})[bought].drop_duplicates()
    purchases = _summed(
        days["row"].to_numpy(),
        days["column"].to_numpy(),
        _decay(days["age"].to_numpy(), repeat_half_life_days),
        shape,
    )
    return History(people, products, weights, purchases)


def stored_rows(matrix: sparse.csr_matrix) -> NDArray[np.intp]:
    """Row of every stored entry; unlike ``nonzero`` it keeps those that decayed to zero."""
    return np.repeat(np.arange(matrix.shape[0], dtype=np.intp), np.diff(matrix.indptr))


def _counted(
    interactions: Interactions, weighting: Weighting, as_of_exclusive: date
) -> pd.DataFrame:
    """Rows of a kind that counts, before the date, checked; the input is left as it was."""
    frame = as_pandas(interactions)
    if missing := [name for name in INTERACTION_COLUMNS if name not in frame.columns]:
        raise InteractionsError(f"interactions lack the columns {missing}: add them beforehand")
    frame = frame[list(INTERACTION_COLUMNS)]
    frame = frame.assign(**{OCCURRED_ON: pd.to_datetime(frame[OCCURRED_ON])})
    kinds = {*weighting.kinds, PURCHASE}
    frame = frame[frame[KIND].isin(kinds) & (frame[OCCURRED_ON] < pd.Timestamp(as_of_exclusive))]
    for name in (PERSON, PRODUCT):
        if frame[name].isna().any():
            raise InteractionsError(
                f"{int(frame[name].isna().sum())} interactions have no {name}: "
                "leave them out, or resolve them, before training"
            )
    bad = frame[~(frame[QUANTITY] > 0)]
    if len(bad):
        raise InteractionsError(
            f"{len(bad)} interactions have a quantity that is not above zero (returns are a kind "
            f"of their own, not a negative purchase); the first are:\n{bad.head(3).to_string()}"
        )
    return pd.DataFrame(frame)


def _ids(found: "pd.Series[str]", wanted: Sequence[str] | Ids | None) -> Ids:
    if wanted is not None:
        return np.unique(np.asarray(wanted, dtype=np.str_))
    return np.sort(found.unique().astype(np.str_))


def places(ids: Ids, values: "pd.Series[str]") -> NDArray[np.intp]:
    """Position of every value among the ids, -1 where it is not among them."""
    found = pd.Index(ids.astype(object)).get_indexer(pd.Index(values))
    return np.asarray(found, dtype=np.intp)


def _amount(quantity: NDArray[np.float64], how: str) -> NDArray[np.float64]:
    if how == "linear":
        return quantity
    return np.log1p(quantity) if how == "log1p" else np.ones_like(quantity)


def _decay(age_days: NDArray[np.float64], half_life_days: float | None) -> NDArray[np.float64]:
    if half_life_days is None:
        return np.ones(len(age_days))
    return np.asarray(np.exp2(-age_days / half_life_days), dtype=np.float64)


def _summed(
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
    values: NDArray[np.float64],
    shape: tuple[int, int],
) -> sparse.csr_matrix:
    """Sum duplicates in an order that depends on the values only, and store as float32."""
    order = np.lexsort((values, columns, rows))
    rows, columns, values = rows[order], columns[order], values[order]
    first = np.ones(len(rows), dtype=bool)
    first[1:] = (rows[1:] != rows[:-1]) | (columns[1:] != columns[:-1])
    starts = np.flatnonzero(first)
    sums = np.add.reduceat(values, starts) if len(starts) else values
    indptr = np.searchsorted(rows[starts], np.arange(shape[0] + 1))
    return sparse.csr_matrix((sums.astype(np.float32), columns[starts], indptr), shape=shape)
