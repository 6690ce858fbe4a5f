"""More persons than one machine holds: a sample is learnt of, and lists are made block by block."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
from pyspark.sql import SparkSession

from jobs.lake.contract import Table
from jobs.lake.run import Record, Run
from jobs.lake.settings import load_settings
from jobs.lake.store import Lake
from jobs.lake.tables.gold import INTERACTIONS, PROFILES
from jobs.recommend.learnt import Learnt, in_order, learnt, sample
from jobs.recommend.lists import Shelf, popular_lists
from jobs.recommend.score import in_blocks
from jobs.recommend.settings import RecommendSettings
from models.als import train
from models.settings import AlsSettings

NIGHT = date(2024, 2, 29)
PERSONS = [f"p_{n:02x}{'0' * 18}" for n in range(0, 256, 8)]
"""Thirty-two, evenly over all ids."""
PLAIN: dict[str, Any] = {"bigint": 0, "int": 0, "string": "-", "boolean": False, "date": NIGHT}


def bought(person: int) -> list[dict[str, Any]]:
    """Return what a person of two tastes has bought."""
    taste = "tea" if person % 2 else "tools"
    return [
        {
            "person_id": PERSONS[person],
            "product_id": f"{taste}-{product}",
            "kind": "purchase",
            "occurred_on": NIGHT - timedelta(days=product + person % 3),
            "quantity": 1.0,
        }
        for product in range(8)
        if (person + product) % 4
    ]


HISTORY = [row for person in range(len(PERSONS)) for row in bought(person)]


def test_blocks_make_the_lists_of_all_at_once(spark: SparkSession) -> None:
    rows = in_order(pd.DataFrame(HISTORY))
    # One who has a segment and no history is in it as well.
    segments = pd.DataFrame(
        [(person, ("loyal", "lost")[n % 2]) for n, person in enumerate(PERSONS[:20])]
        + [("p_ff", "lost")],
        columns=["person_id", "segment"],
    )
    settings = RecommendSettings(products=4, als=AlsSettings(factors=4, iterations=5))
    products = sorted(rows["product_id"].unique())
    model = train(rows, settings.als, as_of_exclusive=NIGHT + timedelta(days=1))
    popular = popular_lists(
        rows, segments, products, as_of=NIGHT, settings=settings, bought_at_most=8
    )
    shelf = Shelf(model, popular, products, NIGHT, settings)
    whole = shelf.lists(rows, segments)
    parts = in_blocks(
        spark.createDataFrame(rows), spark.createDataFrame(segments), shelf, 3
    ).toPandas()

    def ordered(frame: pd.DataFrame) -> list[tuple[Any, ...]]:
        plain = frame.astype(object).where(frame.notna(), None)
        return sorted(plain[parts.columns].itertuples(index=False, name=None), key=lambda r: r[:2])

    assert ordered(parts) == ordered(whole)
    assert {row[5] for row in ordered(whole)} == {"als", "popular_in_segment"}


def given(table: Table, **said: Any) -> dict[str, Any]:
    """Return a row of a table with something in every column that wants it."""
    plain = {c.name: PLAIN.get(c.type, 0) for c in table.columns if not c.nullable}
    return plain | said


def held(folder: Path, limit: int) -> Learnt:
    """Return what is held of the history, one person of which has not agreed."""
    lake = Lake(folder)
    profiles = [
        given(PROFILES, person_id=person, as_of=NIGHT, personalization=person != PERSONS[1])
        for person in PERSONS
    ]
    lake.append_rows(PROFILES, profiles)
    lake.append_rows(INTERACTIONS, HISTORY)
    settings = load_settings(
        environment={
            "BESPOKE_SOURCE": "demo",
            "BESPOKE__RECOMMEND__SINGLE_NODE_INTERACTIONS": str(limit),
        }
    )
    return learnt(Run(settings, lake, NIGHT), Record("train"))


def test_all_who_agreed_are_learnt_of_where_they_fit(tmp_path: Path) -> None:
    found = held(tmp_path, len(HISTORY))
    assert found.whole
    assert found.persons == [person for person in PERSONS if person != PERSONS[1]]
    assert len(found.rows) == len(HISTORY) - len(bought(1))


def test_of_more_a_sample_of_persons_with_all_that_they_did(tmp_path: Path) -> None:
    found = held(tmp_path, len(HISTORY) // 4)
    assert not found.whole
    assert found.persons == [PERSONS[0], *PERSONS[2:8]]
    wanted = [row for person in (0, *range(2, 8)) for row in bought(person)]
    assert len(found.rows) == len(wanted)
    assert set(found.rows["person_id"]) == set(found.persons)


def test_a_sample_is_a_share_of_all_ids() -> None:
    assert [sample(share) for share in (0.5, 0.001)] == ["p_80000000", "p_00418937"]
