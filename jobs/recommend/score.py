"""Score: products ranked for every person, by the champion, or by what is popular."""

from __future__ import annotations

import logging
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING

from jobs.lake.registry import open_registry
from jobs.lake.run import Record, Run
from jobs.lake.runner import recorded, write_frames
from jobs.lake.tables.gold import EVERYBODY, INTERACTIONS, PROFILES, RFM, SCORES
from jobs.lake.unchanged import unchanged
from jobs.recommend.learnt import (
    COLUMNS,
    MODEL,
    MODEL_ID,
    Learnt,
    in_order,
    learnt,
    recommendable,
)
from jobs.recommend.lists import OWN, Shelf, overall, popular_lists

if TYPE_CHECKING:
    import pandas as pd
    from pyspark.sql import DataFrame

    from jobs.lake.history import Success
    from models.als import AlsModel

log = logging.getLogger("bespoke")

NO_MODEL = "popularity"
"""Model version of lists that no model made."""
POPULAR = "rank int, product_id string, score double"
BLOCK_ROWS = 500_000
"""Interactions of those whose lists are made together, where one machine does not hold all."""


def score(run: Run) -> None:
    """Rank products for every person.

    A person who agreed to personalization and has a history gets the champion's list; it is
    filled up, where it is short, by what is popular in the person's segment and then overall.
    Everybody else gets what is popular overall, and nothing of their own behaviour goes into it:
    that list is written once.

    Up to ``recommend.single_node_interactions`` the lists are made in this process. Above, Spark
    makes them block by block, and what is popular is told by the persons whom the model has
    learnt of.
    """
    wanted = run.settings.recommend
    with recorded(run, "score") as record:
        if unchanged(run, record, still=partial(_same_model, run)):
            return
        known = learnt(run, record)
        products = recommendable(run, record)
        model, version = _champion(run, record)
        segments = _segments(run, record, known)
        popular = popular_lists(
            known.rows,
            segments,
            products,
            as_of=run.as_of,
            settings=wanted,
            bought_at_most=_bought_at_most(run, known),
        )
        shelf = Shelf(model, popular, products, run.as_of, wanted)
        spark = run.lake.spark
        if known.whole:
            own = spark.createDataFrame(shelf.lists(known.rows, segments), OWN)
        else:
            own = in_blocks(*_of_agreed(run), shelf, max(1, known.of_all // BLOCK_ROWS))
        lists = all_lists(
            own,
            spark.createDataFrame(overall(popular).head(wanted.products), POPULAR),
            as_of=run.as_of,
            version=version,
        )
        write_frames(run, record, {SCORES: lists})


def in_blocks(rows: DataFrame, segments: DataFrame, shelf: Shelf, blocks: int) -> DataFrame:
    """Make lists where all persons together are too many for one machine.

    Parameters
    ----------
    rows : DataFrame
        Interactions of those who agreed, of the columns ``COLUMNS``.
    segments : DataFrame
        Their ``person_id``, ``segment``.
    shelf : Shelf
        What they are made of; sent to Spark's workers.
    blocks : int
        In how many blocks of persons; one task holds one at a time.

    Returns
    -------
    DataFrame
        The columns of ``OWN``, as ``Shelf.lists`` makes them of all at once, but for the last
        decimal of a score: how matrices are cut into blocks decides how they are summed.
    """
    from pyspark.sql import functions as F

    block = F.pmod(F.xxhash64("person_id"), F.lit(blocks)).alias("block")

    def made(rows: pd.DataFrame, segments: pd.DataFrame) -> pd.DataFrame:
        return shelf.lists(in_order(rows), segments[["person_id", "segment"]])

    left = rows.select(block, *COLUMNS).groupBy("block")
    right = segments.select(block, "person_id", "segment").groupBy("block")
    return left.cogroup(right).applyInPandas(made, OWN)


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


def _same_model(run: Run, earlier: Success) -> bool:
    """Whether the lists of tonight would be ranked by the model that has ranked them."""
    then = earlier.inputs.get(MODEL_ID)
    until = run.as_of + timedelta(days=1)
    return open_registry(run, MODEL).in_use(MODEL, until=until) == (
        None if then is None else str(then)
    )


def _champion(run: Run, record: Record) -> tuple[AlsModel | None, str]:
    """Return the model in use, and what its lists are marked by."""
    from models.als import AlsModel
    from models.registry import RegistryError

    until = run.as_of + timedelta(days=1)
    try:
        model, version = open_registry(run, MODEL).load(AlsModel, MODEL, until=until)
    except RegistryError:
        return None, NO_MODEL
    record.inputs[MODEL_ID] = int(version)
    return model, f"{MODEL}/{version}"


def _segments(run: Run, record: Record, known: Learnt) -> pd.DataFrame:
    """Tonight's RFM segment of those of whom something was learnt."""
    record.inputs[RFM.id] = run.lake.version(RFM)
    found: pd.DataFrame = run.lake.rows(
        RFM, [("as_of", "=", run.as_of), *known.among], ["person_id", "segment"]
    ).to_pandas()
    return found[found["person_id"].isin(known.persons)]


def _of_agreed(run: Run) -> tuple[DataFrame, DataFrame]:
    """Return interactions and tonight's RFM segments of those who agreed to personalization."""
    from pyspark.sql import functions as F

    tonight = F.col("as_of") == F.lit(run.as_of)
    agreed = run.lake.read(PROFILES).where(tonight & F.col("personalization")).select("person_id")
    segments = run.lake.read(RFM).where(tonight).select("person_id", "segment")
    return (
        run.lake.read(INTERACTIONS).select(*COLUMNS).join(agreed, "person_id", "left_semi"),
        segments.join(agreed, "person_id", "left_semi"),
    )


def _bought_at_most(run: Run, known: Learnt) -> int:
    """Products that the person who has bought most of them has bought."""
    from pyspark.sql import functions as F

    if known.whole:
        bought = known.rows[known.rows["kind"] == "purchase"]
        most = bought.groupby("person_id")["product_id"].nunique().max()
        return 0 if most != most else int(most)
    rows, _ = _of_agreed(run)
    bought_by = rows.where("kind = 'purchase'").groupBy("person_id")
    found = bought_by.agg(F.countDistinct("product_id").alias("n")).agg(F.max("n")).first()
    return int(found[0] or 0) if found else 0
