from datetime import date

import pandas as pd
import pytest
from pyspark.sql import SparkSession

from jobs.lake.tables.gold import EVERYBODY, SCORES
from jobs.lake.tables.silver import PRODUCTS
from jobs.recommend.lists import OWN, own_lists, with_bought
from jobs.recommend.recommend import recommend
from jobs.recommend.score import NO_MODEL, POPULAR, all_lists
from jobs.recommend.settings import RecommendSettings
from tests.rows import rows

NIGHT = date(2026, 3, 2)


PERSONAL = ["person_id", "rank", "product_id", "score", "because"]
PAIR = ["person_id", "product_id"]


@pytest.mark.parametrize("block", [1, 2_000])
def test_lists_are_filled_from_the_segment_and_then_from_all(
    monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr("jobs.recommend.lists.BLOCK", block)
    personal = [
        ("ann", 1, "A", 0.9, "X"),
        ("full", 1, "C", 0.9, "X"),
        ("full", 2, "X", 0.8, None),
        ("full", 3, "A", 0.7, "A"),
    ]
    popular = [
        ("champions", 1, "A", 5.0),
        ("champions", 2, "B", 4.0),
        ("lost", 1, "D", 3.0),
        (None, 1, "C", 9.0),
        (None, 2, "B", 8.0),
        (None, 3, "D", 7.0),
        (None, 4, "E", 6.0),
    ]
    found = own_lists(
        pd.DataFrame(personal, columns=PERSONAL),
        pd.DataFrame(
            [("ann", "champions"), ("bob", "lost"), ("full", "lost")],
            columns=["person_id", "segment"],
        ),
        pd.DataFrame(popular, columns=["segment", "rank", "product_id", "score"]),
        pd.DataFrame([("ann", "C"), ("cat", "B"), ("full", "A")], columns=PAIR),
        length=3,
    )
    assert sorted(found.drop(columns="because").itertuples(index=False, name=None)) == [
        ("ann", 1, "A", 0.9, "als"),
        ("ann", 2, "B", 4.0, "popular_in_segment"),
        ("ann", 3, "D", 7.0, "popular"),
        ("bob", 1, "D", 3.0, "popular_in_segment"),
        ("bob", 2, "C", 9.0, "popular"),
        ("bob", 3, "B", 8.0, "popular"),
        ("cat", 1, "C", 9.0, "popular"),
        ("cat", 2, "D", 7.0, "popular"),
        ("cat", 3, "E", 6.0, "popular"),
        ("full", 1, "C", 0.9, "als"),
        ("full", 2, "X", 0.8, "als"),
        ("full", 3, "A", 0.7, "als"),
    ]
    told = with_bought(found, pd.DataFrame([("full", "A"), ("cat", "X")], columns=PAIR))
    mine = told[told["strategy"] == "als"]
    assert list(zip(mine["person_id"], mine["rank"], mine["because_bought"], strict=True)) == [
        ("full", 1, False),
        ("full", 2, None),
        ("full", 3, True),
        ("ann", 1, False),
    ]


def test_the_list_of_all_others_stands_there_once(spark: SparkSession) -> None:
    own = [("ann", 1, "A", 0.9, "X", "als", True), ("ann", 2, "B", 4.0, None, "popular", None)]
    lists = all_lists(
        spark.createDataFrame(own, OWN),
        spark.createDataFrame([(1, "C", 9.0), (2, "B", 8.0)], POPULAR),
        as_of=NIGHT,
        version="recommender/7",
    )
    shown = ("person_id", "rank", "product_id", "score", "strategy", "model_version")
    found = SCORES.conform(lists).collect()
    assert sorted(tuple(row[name] for name in shown) for row in found) == [
        (EVERYBODY, 1, "C", 9.0, "popular", NO_MODEL),
        (EVERYBODY, 2, "B", 8.0, "popular", NO_MODEL),
        ("ann", 1, "A", 0.9, "als", "recommender/7"),
        ("ann", 2, "B", 4.0, "popular", NO_MODEL),
    ]
    assert {row["as_of"] for row in found} == {NIGHT}


def test_where_nothing_is_known_of_anybody_all_get_what_is_popular(spark: SparkSession) -> None:
    nobody = pd.DataFrame(columns=PAIR)
    own = own_lists(
        pd.DataFrame(columns=PERSONAL),
        pd.DataFrame(columns=["person_id", "segment"]),
        pd.DataFrame([(None, 1, "C", 9.0)], columns=["segment", "rank", "product_id", "score"]),
        nobody,
        length=3,
    )
    lists = all_lists(
        spark.createDataFrame(with_bought(own, nobody), OWN),
        spark.createDataFrame([(1, "C", 9.0)], POPULAR),
        as_of=NIGHT,
        version="recommender/7",
    )
    found = SCORES.conform(lists).collect()
    assert [(r.person_id, r.product_id) for r in found] == [(EVERYBODY, "C")]


def test_everybody_is_shown_a_list_their_own_if_they_have_one(spark: SparkSession) -> None:
    scored = [
        {
            "person_id": who,
            "as_of": night,
            "rank": rank,
            "product_id": key,
            "score": 1.0,
            "strategy": "popular",
        }
        for who, night, rank, key in (
            ("ann", "2026-03-02", 1, "A"),
            ("ann", "2026-03-02", 2, "B"),
            ("bob", "2026-03-01", 1, "old"),
            (EVERYBODY, "2026-03-02", 1, "C"),
            (EVERYBODY, "2026-03-02", 2, "D"),
            (EVERYBODY, "2026-03-01", 1, "old"),
        )
    ]
    found = recommend(
        rows(spark, SCORES, scored),
        spark.createDataFrame([("ann",), ("bob",), ("cat",)], "person_id string"),
        rows(spark, PRODUCTS, []),
        as_of=NIGHT,
        settings=RecommendSettings(),
    )
    assert sorted((r.person_id, r.rank, r.product_id) for r in found.collect()) == [
        ("ann", 1, "A"),
        ("ann", 2, "B"),
        ("bob", 1, "C"),
        ("bob", 2, "D"),
        ("cat", 1, "C"),
        ("cat", 2, "D"),
    ]


def test_every_list_says_why(spark: SparkSession) -> None:
    def scored(
        rank: int, key: str, strategy: str, because: str | None, bought: bool | None = None
    ) -> dict[str, object]:
        return {
            "person_id": "p1",
            "as_of": "2026-03-02",
            "rank": rank,
            "product_id": key,
            "score": 1.0,
            "strategy": strategy,
            "because": because,
            "because_bought": bought,
            "model_version": "recommender/7",
        }

    def named(key: str, name: str) -> dict[str, object]:
        provenance = {"version": "1", "file_id": "f", "line": 2, "loaded_on": "2026-03-01"}
        return {
            "source": "s",
            "product_id": key,
            "name": name,
            "item_type": "product",
            **provenance,
        }

    found = recommend(
        rows(
            spark,
            SCORES,
            [
                scored(1, "A", "als", "X", True),
                scored(2, "B", "als", "Y", False),
                scored(3, "X", "als", "X", True),
                scored(4, "C", "als", None),
                scored(5, "D", "popular_in_segment", None),
                scored(6, "E", "popular", None),
                scored(7, "Y", "als", "Y", False),
            ],
        ),
        spark.createDataFrame([("p1",)], "person_id string"),
        rows(spark, PRODUCTS, [named("X", "Teapot"), named("Y", "Lamp")]),
        as_of=NIGHT,
        settings=RecommendSettings(expires_after_days=2),
    )
    reasons = {r["rank"]: r["reason"] for r in found.collect()}
    assert reasons == {
        1: "Because you bought Teapot",
        2: "Because you were interested in Lamp",
        3: "You have bought this before",
        4: "Chosen for you",
        5: "Popular with customers like you",
        6: "Popular with our customers",
        7: "You have looked at this",
    }
    row = found.first()
    assert row is not None
    assert (row["generated_at"].isoformat(), row["expires_at"].isoformat()) == (
        "2026-03-03T00:00:00",
        "2026-03-05T00:00:00",
    )
