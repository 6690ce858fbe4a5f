"""Quantile scores: hand-worked rows, and the laws they keep."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import zip_longest

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from jobs.segments.quantiles import quantile_scores


def scores(
    spark: SparkSession, cases: Sequence[Sequence[str]], bins: int = 5, partitions: int = 1
) -> list[list[int]]:
    """Scores of several lists of values, each a measure of its own, in their order."""
    names = [f"case{number}" for number in range(len(cases))]
    schema = "row int, " + ", ".join(f"{name} decimal(20,4)" for name in names)
    columns = [[Decimal(value) for value in case] for case in cases]
    data = [(i, *row) for i, row in enumerate(zip_longest(*columns))]
    frame = spark.createDataFrame(data, schema).repartition(partitions)
    measures = {f"{name}_score": F.col(name) for name in names}
    scored = quantile_scores(frame, measures, bins).orderBy("row").select(*measures)
    assert {kind for _, kind in scored.dtypes} == {"int"}
    found = list(zip(*scored.collect(), strict=True))
    cut = [(list(f[: len(c)]), f[len(c) :]) for f, c in zip(found, cases, strict=True)]
    # A list that is shorter than others is filled up with nulls, which are not scored.
    assert {score for _, rest in cut for score in rest} <= {None}
    return [mine for mine, _ in cut]


WORKED = [
    # One person; all alike: the middle.
    (["7"], [3]),
    (["4", "4", "4", "4"], [3, 3, 3, 3]),
    # Fewer than bins: 5 * 0.5 / 2 and 5 * 1.5 / 2, rounded down, plus one.
    (["10", "20"], [2, 4]),
    # Equal fifths, unsorted, below zero and with cents.
    (["0", "-5", "0.01", "100", "99.99"], [2, 1, 3, 5, 4]),
    (["10", "1", "9", "2", "8", "3", "7", "4", "6", "5"], [5, 1, 5, 1, 4, 2, 4, 2, 3, 3]),
    # Ties: for 1, 5 * (0 + 1) / 4; for 2, 5 * 2.5 / 4; for 5, 5 * 3.5 / 4.
    (["1", "1", "2", "5"], [2, 2, 4, 5]),
    # Most buy once: 5 * 4 / 10 for them, 5 * 8.5 / 10 and 5 * 9.5 / 10 for the others.
    (["1"] * 8 + ["2", "3"], [3] * 8 + [5, 5]),
    # So near that they are counted together first.
    (["1000.0001", "1000.0002", "1000.0003", "1000.0004", "1000.0005"], [1, 2, 3, 4, 5]),
]


def test_scores_worked_by_hand(spark: SparkSession) -> None:
    assert scores(spark, [values for values, _ in WORKED]) == [expected for _, expected in WORKED]


def test_no_rows(spark: SparkSession) -> None:
    frame = spark.createDataFrame([], "value decimal(20,4)")
    assert quantile_scores(frame, {"score": F.col("value")}, 5).collect() == []


amounts = st.lists(
    st.decimals(min_value=-(10**6), max_value=10**10, places=4), min_size=2, max_size=12
)
rises = st.decimals(min_value=0, max_value=10**6, places=4)


@settings(
    max_examples=2, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(cases=st.lists(st.tuples(amounts, rises), min_size=4, max_size=8), bins=st.integers(2, 7))
def test_more_never_scores_lower(
    spark: SparkSession, cases: list[tuple[list[Decimal], Decimal]], bins: int
) -> None:
    before = [[str(value) for value in values] for values, _ in cases]
    after = [[str(values[0] + rise), *map(str, values[1:])] for values, rise in cases]
    found = scores(spark, [*before, *after], bins, partitions=3)
    for (values, _), was, is_now in zip(
        cases, found[: len(cases)], found[len(cases) :], strict=True
    ):
        assert is_now[0] >= was[0]
        assert all(1 <= score <= bins for score in [*was, *is_now])
        ordered = sorted(zip(values, was, strict=True))
        assert [score for _, score in ordered] == sorted(was)
        assert len(set(ordered)) == len(set(values))
