"""Score: products ranked for every person, by the champion, or by what is popular."""

from __future__ import annotations

import logging
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING

from jobs.lake.run import Record, Run
from jobs.lake.runner import recorded, write_frames
from jobs.lake.tables.gold import EVERYBODY, RFM, SCORES
from jobs.lake.unchanged import unchanged
from jobs.recommend.learnt import (
    MODEL,
    MODEL_ID,
    agreed_persons,
    interactions,
    open_registry,
    recommendable,
)

if TYPE_CHECKING:
    import pandas as pd
    from pyspark.sql import DataFrame

    from jobs.lake.history import Success

log = logging.getLogger("bespoke")

NO_MODEL = "popularity"
"""Model version of lists that no model made."""
OWN = (
    "person_id string, rank int, product_id string, score double, because string, "
    "strategy string, because_bought boolean"
)
POPULAR = "rank int, product_id string, score double"
BLOCK = 2_000
"""Persons whose lists are filled up at once; each is held beside as many products as the one of
them who has bought most."""


def score(run: Run) -> None:
    """Rank products for every person.

    A person who agreed to personalization and has a history gets the champion's list; it is
    filled up, where it is short, by what is popular in the person's segment and then overall.
    Everybody else gets what is popular overall, and nothing of their own behaviour goes into it:
    that list is written once.
    """
    wanted = run.settings.recommend
    with recorded(run, "score") as record:
        if unchanged(run, record, still=partial(_same_model, run)):
            return
        persons = agreed_persons(run, record)
        rows = interactions(run, record, persons)
        products = recommendable(run, record)
        personal, version = _personal(run, record, rows, products)
        segments = _segments(run, record, persons)
        popular = _popular(run, rows, products, segments)
        spark = run.lake.spark
        bought = _bought(rows)
        barred = bought if wanted.exclude_bought else bought.iloc[:0]
        own = own_lists(personal, segments, popular, barred, length=wanted.products)
        own = with_bought(own, bought)
        lists = all_lists(
            spark.createDataFrame(own, OWN),
            spark.createDataFrame(_overall(popular).head(wanted.products), POPULAR),
            as_of=run.as_of,
            version=version,
        )
        write_frames(run, record, {SCORES: lists})


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
        parts.append(_filled_up(own, _overall(popular), "popular", block, not_these, length))
    return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)


def all_lists(own: DataFrame, popular: DataFrame, *, as_of: date, version: str) -> DataFrame:
    """Put the list of those who have none of their own beside the others.

    Parameters
    ----------
    own : DataFrame
        Lists of their own, of the columns ``OWN``.
    popular : DataFrame
        The list of all others: ``rank``, ``product_id``, ``score``.
    as_of : date
        The night.
    version : str
        Model version of the personal lists.

    Returns
    -------
    DataFrame
        Rows of ``gold.scores``.
    """
    from pyspark.sql import functions as F

    same = popular.select(
        F.lit(EVERYBODY).alias("person_id"), "*", F.lit("popular").alias("strategy")
    )
    both = own.unionByName(same, allowMissingColumns=True)
    made_by = F.when(F.col("strategy") == "als", version).otherwise(NO_MODEL)
    return both.withColumn("as_of", F.lit(as_of)).withColumn("model_version", made_by)


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


def _overall(popular: pd.DataFrame) -> pd.DataFrame:
    return popular.loc[popular["segment"].isna(), ["rank", "product_id", "score"]]


def _same_model(run: Run, earlier: Success) -> bool:
    """Whether the lists of tonight would be ranked by the model that has ranked them."""
    then = earlier.inputs.get(MODEL_ID)
    until = run.as_of + timedelta(days=1)
    return open_registry(run).in_use(MODEL, until=until) == (None if then is None else str(then))


def _personal(
    run: Run, record: Record, rows: pd.DataFrame, products: list[str]
) -> tuple[pd.DataFrame, str]:
    """Rank by the champion, with evidence, and name its version; empty where there is no model."""
    from models.evidence import evidence
    from models.recommender import empty_recommendations, recommend
    from models.registry import RegistryError

    wanted = run.settings.recommend
    until = run.as_of + timedelta(days=1)
    try:
        model, version = open_registry(run).load(MODEL, until=until)
    except RegistryError:
        return empty_recommendations().assign(because=None), NO_MODEL
    record.inputs[MODEL_ID] = int(version)
    lists = recommend(
        model,
        rows,
        as_of_exclusive=until,
        n=wanted.products,
        leave_out_bought=wanted.exclude_bought,
        recommendable=products,
    )
    lists["because"] = evidence(model, rows, lists, as_of_exclusive=until)
    return lists, f"{MODEL}/{version}"


def _segments(run: Run, record: Record, persons: list[str]) -> pd.DataFrame:
    """Tonight's RFM segment of those who agreed."""
    record.inputs[RFM.id] = run.lake.version(RFM)
    found: pd.DataFrame = run.lake.rows(
        RFM, [("as_of", "=", run.as_of)], ["person_id", "segment"]
    ).to_pandas()
    return found[found["person_id"].isin(persons)]


def _popular(
    run: Run, rows: pd.DataFrame, products: list[str], segments: pd.DataFrame
) -> pd.DataFrame:
    """Most popular products overall and by segment.

    Long enough that a person who has bought much still finds a full list.
    """
    import pandas as pd

    from models.popularity import most_popular

    wanted = run.settings.recommend
    until = run.as_of + timedelta(days=1)
    most = rows[rows["kind"] == "purchase"].groupby("person_id")["product_id"].nunique().max()
    length = wanted.products * 2 + (int(most) if wanted.exclude_bought and most == most else 0)
    overall = most_popular(
        rows, wanted.popularity, as_of_exclusive=until, n=length, recommendable=products
    ).assign(segment=None)
    marked = rows.merge(segments, on="person_id")
    within = most_popular(
        marked,
        wanted.popularity,
        as_of_exclusive=until,
        by=["segment"],
        n=wanted.products,
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
