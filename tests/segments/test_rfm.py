"""The RFM job: from order lines to named scores."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from jobs.lake.tables.gold import RFM
from jobs.lake.tables.identity import IDENTIFIERS
from jobs.lake.tables.silver import ORDER_LINES, PRODUCTS
from jobs.segments.rfm import rfm
from jobs.segments.settings import RfmSettings, SegmentsSettings
from tests.rows import dicts, rows
from tests.segments.rules import read_rules

AS_OF = date(2026, 3, 31)
RULES = SegmentsSettings(rfm=read_rules())
GOODS = [
    {"product_id": "p", "item_type": "product"},
    {"product_id": "post", "item_type": "service"},
]


def line(person: str, days_ago: int, order: str = "o", **other: Any) -> dict[str, Any]:
    """One sale of 10 by the person, unless said otherwise."""
    return {
        "line_id": f"{person}-{order}-{days_ago}-{len(other)}",
        "order_id": f"{person}-{order}",
        "kind": "sale",
        "identifier": f"login:{person}",
        "order_date": AS_OF - timedelta(days=days_ago),
        "product_id": "p",
        "quantity": 1,
        "amount_base": 10,
        **other,
    }


def run(spark: SparkSession, lines: list[dict[str, Any]], chosen: SegmentsSettings = RULES) -> Any:
    names = {row["identifier"] for row in lines}
    people = [{"identifier": n, "person_id": n.removeprefix("login:")} for n in names if n]
    result = rfm(
        rows(spark, ORDER_LINES, lines),
        rows(spark, PRODUCTS, GOODS),
        rows(spark, IDENTIFIERS, people),
        as_of=AS_OF,
        settings=chosen,
    )
    return dicts(RFM.conform(result))


def test_published_example(spark: SparkSession) -> None:
    """Fifteen customers of https://clevertap.com/blog/rfm-analysis/, with their printed scores.

    One differs: of the three customers with three orders (4, 7 and 13) the page gives 4 an F of 2
    and the others 3, by the order in which it sorts; equal values score alike here.
    """
    recency = [4, 6, 46, 23, 15, 32, 7, 50, 34, 10, 3, 1, 27, 18, 5]
    frequency = [6, 11, 1, 3, 4, 2, 3, 1, 15, 5, 8, 10, 3, 2, 1]
    monetary = [540, 940, 35, 65, 179, 56, 140, 950, 2630, 191, 845, 1510, 54, 40, 25]
    lines = []
    for number, (r, f, m) in enumerate(zip(recency, frequency, monetary, strict=True), start=1):
        lines.append(line(f"{number:02}", r, "0", amount_base=m))
        lines += [line(f"{number:02}", 60, str(order), amount_base=0) for order in range(1, f)]
    found = run(spark, lines)
    assert [row["person_id"] for row in found] == [f"{n:02}" for n in range(1, 16)]
    assert [row["recency_days"] for row in found] == recency
    assert [row["frequency"] for row in found] == frequency
    assert [row["monetary"] for row in found] == monetary
    assert [row["r_score"] for row in found] == [5, 4, 1, 2, 3, 2, 4, 1, 1, 3, 5, 5, 2, 3, 4]
    assert [row["f_score"] for row in found] == [4, 5, 1, 3, 3, 2, 3, 1, 5, 4, 4, 5, 3, 2, 1]
    assert [row["m_score"] for row in found] == [4, 4, 1, 2, 3, 2, 3, 5, 5, 3, 4, 5, 2, 1, 1]
    named = {row["person_id"]: row["segment"] for row in found}
    assert named["12"] == "champions"
    assert named["09"] == "cannot lose them"
    assert named["15"] == "promising"
    assert named["08"] == "lost"


def test_what_counts(spark: SparkSession) -> None:
    found = run(
        spark,
        [
            line("a", 364, "first day of the window", amount_base=100),
            line("a", 365, "before the window", amount_base=1_000),
            line("a", -1, "after the day", amount_base=1_000),
            line("a", 20, "two lines", amount_base="5.5000"),
            line("a", 20, "two lines", amount_base="4.5000", line_no=2),
            line("a", 10, "back", kind="return", amount_base=-30, quantity=-1),
            line("a", 5, "postage", product_id="post", amount_base=7),
            line("a", 4, "a correction", kind="adjustment", amount_base=-50),
            line("returned only", 10, kind="return", amount_base=-30, quantity=-1),
            line("postage only", 10, product_id="post"),
            {**line("nobody", 3), "identifier": None},
        ],
    )
    assert [
        (r["person_id"], r["recency_days"], r["frequency"], r["monetary"], r["as_of"])
        for r in found
    ] == [("a", 20, 2, Decimal(80), AS_OF)]
    assert [(r["r_score"], r["f_score"], r["m_score"], r["segment"]) for r in found] == [
        (3, 3, 3, "need attention")
    ]


def test_more_back_than_bought_is_the_lowest_value(spark: SparkSession) -> None:
    lines = [line(person, 1, amount_base=10 * n) for n, person in enumerate("abcd", start=1)]
    lines += [line("e", 2, amount_base=500), line("e", 1, "x", kind="return", amount_base=-501)]
    assert {r["person_id"]: r["m_score"] for r in run(spark, lines)} == {
        "e": 1,
        "a": 2,
        "b": 3,
        "c": 4,
        "d": 5,
    }


def test_monetary_ranges_and_other_bins(spark: SparkSession) -> None:
    boxes = [
        {"name": "big", "r": [1, 2], "f": [1, 2], "m": [2, 2]},
        {"name": "small", "r": [1, 2], "f": [1, 2], "m": [1, 1]},
    ]
    rules = RfmSettings.model_validate({"bins": 2, "window_days": 30, "segments": boxes})
    lines = [line("a", 29, amount_base=5), line("b", 29, amount_base=6), line("c", 30)]
    found = run(spark, lines, SegmentsSettings(rfm=rules))
    assert [(r["person_id"], r["m_score"], r["segment"]) for r in found] == [
        ("a", 1, "small"),
        ("b", 2, "big"),
    ]


def test_no_orders(spark: SparkSession) -> None:
    assert run(spark, []) == []


people = st.dictionaries(
    st.sampled_from("bcdefgh"), st.tuples(st.integers(0, 300), st.integers(1, 900)), min_size=1
)


@settings(
    max_examples=2, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    others=people,
    own=st.tuples(st.integers(0, 300), st.integers(1, 900)),
    later=st.integers(0, 300),
    more=st.integers(0, 900),
)
def test_later_order_never_lowers_r_and_more_spend_never_lowers_m(
    spark: SparkSession,
    others: Mapping[str, tuple[int, int]],
    own: tuple[int, int],
    later: int,
    more: int,
) -> None:
    rest = [line(p, days, amount_base=amount) for p, (days, amount) in others.items()]
    days, amount = own
    improved = (max(0, days - later), amount + more)
    before, after = (
        next(r for r in run(spark, [*rest, line("a", d, amount_base=m)]) if r["person_id"] == "a")
        for d, m in (own, improved)
    )
    assert after["r_score"] >= before["r_score"]
    assert after["m_score"] >= before["m_score"]
    assert after["f_score"] == before["f_score"]
