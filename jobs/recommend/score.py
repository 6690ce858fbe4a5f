"""Score: products ranked for every person, by the champion, or by what is popular."""

from __future__ import annotations

import logging
from datetime import date, timedelta
from typing import TYPE_CHECKING

from jobs.lake.run import Record, Run
from jobs.lake.runner import recorded, write_frames
from jobs.lake.tables.gold import RFM, SCORES
from jobs.lake.tables.identity import PERSONS
from jobs.recommend.learnt import (
    MODEL,
    agreed_persons,
    interactions,
    open_registry,
    recommendable,
)

if TYPE_CHECKING:
    import pandas as pd
    from pyspark.sql import DataFrame

log = logging.getLogger("bespoke")

NO_MODEL = "popularity"
"""Model version of lists that no model made."""


def score(run: Run) -> None:
    """Rank products for every person.

    A person who agreed to personalization and has a history gets the champion's list; it is
    filled up, where it is short, by what is popular in the person's segment and then overall.
    Everybody else gets what is popular overall: nothing of their own behaviour goes into it.
    """
    wanted = run.settings.recommend
    with recorded(run, "score") as record:
        persons = agreed_persons(run, record)
        rows = interactions(run, record, persons)
        products = recommendable(run, record)
        personal, version = _personal(run, rows, products)
        segments = _segments(run, record, persons)
        popular = _popular(run, rows, products, segments)
        spark = run.lake.spark
        record.inputs[PERSONS.id] = run.lake.version(PERSONS)
        everybody = run.lake.read(PERSONS).select("person_id")
        lists = filled(
            spark.createDataFrame(personal, PERSONAL),
            everybody.join(spark.createDataFrame(segments, SEGMENT_OF), "person_id", "left"),
            spark.createDataFrame(popular, POPULAR),
            spark.createDataFrame(_bought(run, rows), "person_id string, product_id string"),
            as_of=run.as_of,
            length=wanted.products,
            version=version,
        )
        write_frames(run, record, {SCORES: lists})


PERSONAL = "person_id string, rank int, product_id string, score double, because string"
SEGMENT_OF = "person_id string, segment string"
POPULAR = "segment string, place int, product_id string, score double"


def filled(
    personal: DataFrame,
    persons: DataFrame,
    popular: DataFrame,
    bought: DataFrame,
    *,
    as_of: date,
    length: int,
    version: str,
) -> DataFrame:
    """Fill everybody's list up to ``length``.

    Parameters
    ----------
    personal : DataFrame
        Lists of the model: ``person_id``, ``rank``, ``product_id``, ``score``, ``because``.
    persons : DataFrame
        Everybody: ``person_id``, and ``segment``, null where it must not be used.
    popular : DataFrame
        ``segment`` (null for overall), ``place``, ``product_id``, ``score``.
    bought : DataFrame
        ``person_id``, ``product_id`` that must not be filled in.
    as_of : date
        The night.
    length : int
        Products a list.
    version : str
        Model version of the personal lists.

    Returns
    -------
    DataFrame
        Rows of ``gold.scores``.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    own = personal.select(
        "person_id", "product_id", "score", "because", "rank", F.lit("als").alias("strategy")
    )
    full = personal.groupBy("person_id").count().where(F.col("count") >= length)
    short = persons.join(full, "person_id", "left_anti")
    overall = popular.where(F.col("segment").isNull()).drop("segment")
    in_segment = popular.where(F.col("segment").isNotNull())
    offers = (
        _offered(short.join(F.broadcast(in_segment), "segment"), 1_000, "popular_in_segment")
        .unionByName(_offered(short.crossJoin(F.broadcast(overall)), 1_000_000, "popular"))
        .join(bought, ["person_id", "product_id"], "left_anti")
    )
    both = own.unionByName(offers)
    # A product that two strategies name is kept where it stands first.
    first = Window.partitionBy("person_id", "product_id").orderBy("rank")
    place = Window.partitionBy("person_id").orderBy("rank", "product_id")
    return (
        both.withColumn("_nth", F.row_number().over(first))
        .where("_nth = 1")
        .withColumn("rank", F.row_number().over(place).cast("int"))
        .where(F.col("rank") <= length)
        .select(
            "person_id",
            F.lit(as_of).alias("as_of"),
            "rank",
            "product_id",
            "score",
            "strategy",
            "because",
            F.when(F.col("strategy") == "als", version).otherwise(NO_MODEL).alias("model_version"),
        )
    )


def _offered(offers: DataFrame, after: int, strategy: str) -> DataFrame:
    """Lay popular products in the form of a list, ranked after all of better strategies."""
    from pyspark.sql import functions as F

    return offers.select(
        "person_id",
        "product_id",
        "score",
        F.lit(None).cast("string").alias("because"),
        (F.col("place") + after).alias("rank"),
        F.lit(strategy).alias("strategy"),
    )


def _personal(run: Run, rows: pd.DataFrame, products: list[str]) -> tuple[pd.DataFrame, str]:
    """Rank by the champion, with evidence, and name its version; empty where there is no model."""
    from models.evidence import evidence
    from models.recommender import empty_recommendations, recommend
    from models.registry import RegistryError

    wanted = run.settings.recommend
    try:
        model, version = open_registry(run).load(MODEL, until=run.as_of + timedelta(days=1))
    except RegistryError:
        return empty_recommendations().assign(because=None), NO_MODEL
    lists = recommend(
        model,
        rows,
        as_of_exclusive=run.as_of + timedelta(days=1),
        n=wanted.products,
        leave_out_bought=wanted.exclude_bought,
        recommendable=products,
    )
    lists["because"] = evidence(model, rows, lists)
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
        return pd.DataFrame({"segment": [], "place": [], "product_id": [], "score": []})
    together = pd.concat(parts, ignore_index=True).rename(columns={"rank": "place"})
    return together[["segment", "place", "product_id", "score"]]


def _bought(run: Run, rows: pd.DataFrame) -> pd.DataFrame:
    pairs = rows.loc[rows["kind"] == "purchase", ["person_id", "product_id"]].drop_duplicates()
    return pairs if run.settings.recommend.exclude_bought else pairs.iloc[:0]
