from datetime import date

from pyspark.sql import SparkSession

from jobs.lake.tables.gold import INTERACTIONS, SCORES
from jobs.lake.tables.silver import PRODUCTS
from jobs.recommend.recommend import recommend
from jobs.recommend.score import NO_MODEL, PERSONAL, POPULAR, SEGMENT_OF, filled
from jobs.recommend.settings import RecommendSettings
from tests.rows import rows

NIGHT = date(2026, 3, 2)


def test_lists_are_filled_from_the_segment_and_then_from_all(spark: SparkSession) -> None:
    lists = filled(
        spark.createDataFrame([("p1", 1, "A", 0.9, "X")], PERSONAL),
        spark.createDataFrame([("p1", "champions"), ("p2", None)], SEGMENT_OF),
        spark.createDataFrame(
            [
                ("champions", 1, "A", 5.0),
                ("champions", 2, "B", 4.0),
                (None, 1, "C", 9.0),
                (None, 2, "B", 8.0),
                (None, 3, "D", 7.0),
            ],
            POPULAR,
        ),
        spark.createDataFrame([("p1", "C")], "person_id string, product_id string"),
        as_of=NIGHT,
        length=3,
        version="recommender/7",
    )
    found = sorted(
        (r["person_id"], r["rank"], r["product_id"], r["strategy"], r["model_version"])
        for r in lists.collect()
    )
    assert found == [
        ("p1", 1, "A", "als", "recommender/7"),
        ("p1", 2, "B", "popular_in_segment", NO_MODEL),
        ("p1", 3, "D", "popular", NO_MODEL),
        ("p2", 1, "C", "popular", NO_MODEL),
        ("p2", 2, "B", "popular", NO_MODEL),
        ("p2", 3, "D", "popular", NO_MODEL),
    ]
    SCORES.conform(lists)


def test_every_list_says_why(spark: SparkSession) -> None:
    def scored(rank: int, key: str, strategy: str, because: str | None) -> dict[str, object]:
        return {
            "person_id": "p1",
            "as_of": "2026-03-02",
            "rank": rank,
            "product_id": key,
            "score": 1.0,
            "strategy": strategy,
            "because": because,
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

    def did(key: str, kind: str) -> dict[str, object]:
        return {"person_id": "p1", "product_id": key, "kind": kind, "occurred_on": "2026-03-01"}

    found = recommend(
        rows(
            spark,
            SCORES,
            [
                scored(1, "A", "als", "X"),
                scored(2, "B", "als", "Y"),
                scored(3, "X", "als", "X"),
                scored(4, "C", "als", None),
                scored(5, "D", "popular_in_segment", None),
                scored(6, "E", "popular", None),
            ],
        ),
        rows(spark, PRODUCTS, [named("X", "Teapot"), named("Y", "Lamp")]),
        rows(spark, INTERACTIONS, [did("X", "purchase"), did("Y", "product_view")]),
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
    }
    row = found.first()
    assert row is not None
    assert (row["generated_at"].isoformat(), row["expires_at"].isoformat()) == (
        "2026-03-03T00:00:00",
        "2026-03-05T00:00:00",
    )
