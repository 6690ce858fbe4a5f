"""What sells best now: the baseline to beat, and what is shown to those nobody knows yet."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.columns import (
    BUYERS,
    KIND,
    OCCURRED_ON,
    PERSON,
    PRODUCT,
    PURCHASE,
    RANK,
    RECOMMENDATION_COLUMNS,
    SCORE,
)
from models.interactions import History, Ids, Interactions, as_pandas
from models.ranking import SCORE_DECIMALS
from models.settings import PopularitySettings, Weighting

PURCHASES_ONLY: Final = Weighting(kinds={PURCHASE: 1.0}, half_life_days=None, saturation=False)


@dataclass(frozen=True, eq=False)
class PopularityModel:
    """A `models.recommender.Recommender` that says the same to everybody."""

    product_ids: Ids
    popularity: NDArray[np.float32]
    weighting: Weighting = PURCHASES_ONLY
    repeat_half_life_days: float | None = None

    def score(self, history: History) -> NDArray[np.float32]:
        """Score all products for the persons of a history, shape (persons, products)."""
        return np.tile(self.popularity, (len(history.person_ids), 1))


def train_popularity(
    interactions: Interactions, settings: PopularitySettings, *, as_of_exclusive: date
) -> PopularityModel:
    """Make a recommender of the popularity before a date."""
    ranked = most_popular(interactions, settings, as_of_exclusive=as_of_exclusive)
    ids = np.unique(ranked[PRODUCT].to_numpy(dtype=np.str_))
    shares = popularity(interactions, settings, as_of_exclusive=as_of_exclusive, product_ids=ids)
    return PopularityModel(ids, shares)


def popularity(
    interactions: Interactions,
    settings: PopularitySettings,
    *,
    as_of_exclusive: date,
    product_ids: Ids,
) -> NDArray[np.float32]:
    """Popularity of given products as a share of the most popular one's.

    Returns
    -------
    array of float32, shape (products,)
        0 (no buyer before the date) to 1.
    """
    ranked = most_popular(interactions, settings, as_of_exclusive=as_of_exclusive)
    scores = ranked.set_index(PRODUCT)[SCORE].reindex(pd.Index(product_ids)).fillna(0.0)
    shares = scores.to_numpy(dtype=np.float64)
    return (shares / shares.max() if shares.any() else shares).astype(np.float32)


def most_popular(
    interactions: Interactions,
    settings: PopularitySettings,
    *,
    as_of_exclusive: date,
    by: Sequence[str] = (),
    n: int | None = None,
    recommendable: Iterable[str] | None = None,
) -> pd.DataFrame:
    """Rank products by popularity, overall or within groups.

    Parameters
    ----------
    interactions : Interactions
        ``person_id``, ``product_id``, ``kind``, ``occurred_on`` and the columns of ``by``.
    settings : PopularitySettings
        The half-life.
    as_of_exclusive : date
        Only purchases before this date count.
    by : sequence of str
        Columns of groups, such as a segment or a category; none for one list.
    n : int, optional
        Products a group; by default all with a buyer.
    recommendable : iterable of str, optional
        Products that may be named.

    Returns
    -------
    DataFrame
        ``by``, ``rank`` (from 1), ``product_id``, ``score`` (decayed buyers), ``buyers``
        (distinct persons); equal scores rank by ``product_id``.
    """
    groups = list(by)
    wanted = [*groups, PERSON, PRODUCT, KIND, OCCURRED_ON]
    frame = as_pandas(interactions)[wanted]
    frame = frame.assign(**{OCCURRED_ON: pd.to_datetime(frame[OCCURRED_ON])})
    until = pd.Timestamp(as_of_exclusive)
    frame = frame[(frame[KIND] == PURCHASE) & (frame[OCCURRED_ON] < until)]
    if recommendable is not None:
        frame = frame[frame[PRODUCT].isin(set(recommendable))]
    by_buyer = frame.groupby([*groups, PRODUCT, PERSON], observed=True)
    last = by_buyer[OCCURRED_ON].max().reset_index()
    age = (until - last[OCCURRED_ON]).dt.days
    half_life = settings.half_life_days
    last[SCORE] = 1.0 if half_life is None else np.exp2(-age / half_life)
    # Summed from the smallest, so that the order of the rows does not change the last bit.
    last = last.sort_values([*groups, PRODUCT, SCORE])
    ranked = last.groupby([*groups, PRODUCT], as_index=False, observed=True).agg(
        **{SCORE: (SCORE, "sum"), BUYERS: (PERSON, "size")}
    )
    ranked[SCORE] = ranked[SCORE].astype(np.float64).round(SCORE_DECIMALS)
    ranked = ranked.sort_values(
        [*groups, SCORE, PRODUCT], ascending=[*[True] * len(groups), False, True]
    ).reset_index(drop=True)
    place = ranked.groupby(groups, observed=True).cumcount() if groups else pd.Series(ranked.index)
    ranked[RANK] = (place + 1).astype(np.int32)
    if n is not None:
        ranked = ranked[ranked[RANK] <= n]
    return pd.DataFrame(ranked[[*groups, RANK, PRODUCT, SCORE, BUYERS]].reset_index(drop=True))


def fill_up(
    recommendations: pd.DataFrame,
    popular: pd.DataFrame,
    *,
    people: Sequence[str],
    n: int,
    barred: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Fill every person's list up to ``n`` from the popular products, in their order.

    Parameters
    ----------
    recommendations : DataFrame
        ``person_id``, ``rank``, ``product_id``, ``score``; kept as it is.
    popular : DataFrame
        ``rank``, ``product_id`` of one list, as from `most_popular`; with at least ``n`` plus the
        longest personal list of products, all are filled.
    people : sequence of str
        Who must have a list.
    n : int
        Length of a list.
    barred : DataFrame, optional
        ``person_id``, ``product_id`` that must not be filled in, such as what was bought.

    Returns
    -------
    DataFrame
        As ``recommendations``, sorted by person and rank; a filled-in product has no score.
    """
    have = recommendations.groupby(PERSON)[PRODUCT].size()
    short = sorted(person for person in set(people) if have.get(person, 0) < n)
    if not short:
        return recommendations.sort_values([PERSON, RANK]).reset_index(drop=True)
    taken = recommendations[[PERSON, PRODUCT]]
    if barred is not None:
        taken = pd.concat([taken, barred[[PERSON, PRODUCT]]])
    taken = taken[taken[PERSON].isin(short)].drop_duplicates()
    # Nobody needs more than what is taken from the head of the list, plus n.
    longest = int(taken.groupby(PERSON)[PRODUCT].size().max()) if len(taken) else 0
    head = popular.sort_values(RANK)[PRODUCT].head(n + longest)
    offered = pd.DataFrame({PERSON: short}).merge(head.to_frame(), how="cross")
    offered = offered.merge(taken, on=[PERSON, PRODUCT], how="left", indicator=True)
    offered = offered[offered["_merge"] == "left_only"].drop(columns="_merge")
    start = offered[PERSON].map(have).fillna(0).astype(np.int64)
    offered[RANK] = (start + offered.groupby(PERSON).cumcount() + 1).astype(np.int32)
    offered[SCORE] = np.nan
    filled = offered.loc[offered[RANK] <= n, list(RECOMMENDATION_COLUMNS)]
    if recommendations.empty:
        return filled.reset_index(drop=True)
    both = pd.concat([recommendations[list(RECOMMENDATION_COLUMNS)], filled])
    return both.sort_values([PERSON, RANK]).reset_index(drop=True)
