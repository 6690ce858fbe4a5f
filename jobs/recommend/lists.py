"""Lists: products ranked for those of whom something is known that may be used.

All of it is about persons that are given, in memory: for as many as one machine holds at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from jobs.recommend.settings import RecommendSettings

if TYPE_CHECKING:
    import pandas as pd

    from models.als import AlsModel

OWN = (
    "person_id string, rank int, product_id string, score double, because string, "
    "strategy string, because_bought boolean"
)
"""Columns of the lists."""
BLOCK = 2_000
"""Persons whose lists are filled up at once; each is held beside as many products as the one of
them who has bought most."""


@dataclass(frozen=True, eq=False)
class Shelf:
    """What all lists of a night are made of.

    Attributes
    ----------
    model : AlsModel or None
        The champion; None where there is none yet.
    popular : DataFrame
        As of :func:`popular_lists`.
    products : sequence of str
        Those that may be shown.
    as_of : date
        The night.
    settings : RecommendSettings
        How long a list is, and whether it has what was bought.
    """

    model: AlsModel | None
    popular: pd.DataFrame
    products: Sequence[str]
    as_of: date
    settings: RecommendSettings

    def lists(self, rows: pd.DataFrame, segments: pd.DataFrame) -> pd.DataFrame:
        """Make the lists of some persons.

        Parameters
        ----------
        rows : DataFrame
            All their interactions.
        segments : DataFrame
            Their ``person_id``, ``segment``.

        Returns
        -------
        DataFrame
            The columns of ``OWN``.
        """
        bought = _bought(rows)
        barred = bought if self.settings.exclude_bought else bought.iloc[:0]
        length = self.settings.products
        own = own_lists(self._personal(rows), segments, self.popular, barred, length=length)
        return with_bought(own, bought)

    def _personal(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Rank by the champion, with evidence."""
        from models.evidence import evidence
        from models.recommender import empty_recommendations, recommend

        if self.model is None:
            return empty_recommendations().assign(because=None)
        until = self.as_of + timedelta(days=1)
        lists = recommend(
            self.model,
            rows,
            as_of_exclusive=until,
            n=self.settings.products,
            leave_out_bought=self.settings.exclude_bought,
            recommendable=self.products,
        )
        lists["because"] = evidence(self.model, rows, lists, as_of_exclusive=until)
        return lists


def own_lists(
    personal: pd.DataFrame,
    segments: pd.DataFrame,
    popular: pd.DataFrame,
    barred: pd.DataFrame,
    *,
    length: int,
) -> pd.DataFrame:
    """Fill up the lists of those of whom something is known that may be used.

    Parameters
    ----------
    personal : DataFrame
        Lists of the model: ``person_id``, ``rank``, ``product_id``, ``score``, ``because``.
    segments : DataFrame
        ``person_id``, ``segment``.
    popular : DataFrame
        ``segment`` (null for overall), ``rank``, ``product_id``, ``score``.
    barred : DataFrame
        ``person_id``, ``product_id`` that must not be filled in.
    length : int
        Products a list.

    Returns
    -------
    DataFrame
        As ``personal``, with ``strategy``: a list is the model's, then what is popular in the
        segment, then what is popular overall. It has everybody whom one of the frames names;
        for all others nothing but the head of the overall list is left.
    """
    import pandas as pd

    lists = personal.assign(strategy="als")
    full = lists[lists["rank"] == length]["person_id"]
    everybody = pd.concat([f["person_id"] for f in (personal, segments, barred)]).drop_duplicates()
    short = everybody[~everybody.isin(full)].sort_values()
    parts = [lists[lists["person_id"].isin(full)]]
    for start in range(0, len(short), BLOCK):
        block = short.iloc[start : start + BLOCK]
        own, where, not_these = (f[f["person_id"].isin(block)] for f in (lists, segments, barred))
        for segment, members in where.groupby("segment")["person_id"]:
            offered = popular[popular["segment"] == segment]
            own = _filled_up(own, offered, "popular_in_segment", members, not_these, length)
        parts.append(_filled_up(own, overall(popular), "popular", block, not_these, length))
    return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)


def _filled_up(
    lists: pd.DataFrame,
    popular: pd.DataFrame,
    strategy: str,
    people: pd.Series[str],
    barred: pd.DataFrame,
    length: int,
) -> pd.DataFrame:
    """Fill up lists from a popular one, whose scores they take, and name the strategy."""
    from models.popularity import fill_up

    filled = fill_up(lists, popular, people=list(people), n=length, barred=barred)
    told = filled[["person_id", "rank", "product_id"]].merge(
        lists.drop(columns="rank"), on=["person_id", "product_id"], how="left"
    )
    new = told["strategy"].isna()
    scores = popular.set_index("product_id")["score"]
    told.loc[new, "score"] = told.loc[new, "product_id"].map(scores)
    told.loc[new, "strategy"] = strategy
    return told


def overall(popular: pd.DataFrame) -> pd.DataFrame:
    """Return what is popular with everybody."""
    return popular.loc[popular["segment"].isna(), ["rank", "product_id", "score"]]


def popular_lists(
    rows: pd.DataFrame,
    segments: pd.DataFrame,
    products: Sequence[str],
    *,
    as_of: date,
    settings: RecommendSettings,
    bought_at_most: int,
) -> pd.DataFrame:
    """Most popular products overall and by segment.

    Parameters
    ----------
    rows : DataFrame
        Interactions.
    segments : DataFrame
        ``person_id``, ``segment``.
    products : sequence of str
        Those that may be shown.
    as_of : date
        The night.
    settings : RecommendSettings
        Length of a list.
    bought_at_most : int
        Products that any person has bought: who has bought as many still finds a full list.

    Returns
    -------
    DataFrame
        ``segment`` (null for overall), ``rank``, ``product_id``, ``score``.
    """
    import pandas as pd

    from models.popularity import most_popular

    until = as_of + timedelta(days=1)
    length = settings.products * 2 + (bought_at_most if settings.exclude_bought else 0)
    overall = most_popular(
        rows, settings.popularity, as_of_exclusive=until, n=length, recommendable=products
    ).assign(segment=None)
    marked = rows.merge(segments, on="person_id")
    within = most_popular(
        marked,
        settings.popularity,
        as_of_exclusive=until,
        by=["segment"],
        n=settings.products,
        recommendable=products,
    )
    # Where hardly anybody has bought anything yet, the rest of the catalogue fills the lists.
    rest = sorted(set(products) - set(overall["product_id"]))[: max(0, length - len(overall))]
    unsold = pd.DataFrame(
        {
            "segment": None,
            "rank": range(len(overall) + 1, len(overall) + len(rest) + 1),
            "product_id": rest,
            "score": 0.0,
        }
    )
    parts = [part for part in (overall, within, unsold) if len(part)]
    if not parts:
        return pd.DataFrame({"segment": [], "rank": [], "product_id": [], "score": []})
    return pd.concat(parts, ignore_index=True)[["segment", "rank", "product_id", "score"]]


def _bought(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.loc[rows["kind"] == "purchase", ["person_id", "product_id"]].drop_duplicates()


def with_bought(own: pd.DataFrame, bought: pd.DataFrame) -> pd.DataFrame:
    """Add whether the person has bought the product that speaks for each; null without one."""
    named = bought.rename(columns={"product_id": "because"}).assign(because_bought=True)
    told = own.merge(named, on=["person_id", "because"], how="left")
    known = told["because_bought"].notna().astype(object)
    return told.assign(because_bought=known.where(told["because"].notna(), None))
