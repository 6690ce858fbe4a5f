"""Spans: who was in which segment on any day."""

from datetime import date
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from jobs.lake.tables.gold import CLUSTERS, RFM, SEGMENTS
from jobs.segments.segments import on_day, segments
from tests.rows import dicts, rows

D1, D2, D3, D5 = (date(2026, 3, day) for day in (1, 2, 3, 5))


class Nights:
    """Runs the job night after night, as the runner would: its own table is its state."""

    def __init__(self, spark: SparkSession) -> None:
        self.spark = spark
        self.table = rows(spark, SEGMENTS, [])
        self.rfm: list[dict[str, Any]] = []
        self.clusters: list[dict[str, Any]] = []

    def run(
        self, day: date, rfm: dict[str, str], clusters: dict[str, str] | None = None
    ) -> DataFrame:
        self.rfm = [row for row in self.rfm if row["as_of"] != day]
        self.rfm += [{"person_id": p, "as_of": day, "segment": s} for p, s in rfm.items()]
        self.clusters += [
            {"person_id": p, "as_of": day, "name": n} for p, n in (clusters or {}).items()
        ]
        result = segments(
            rows(self.spark, RFM, self.rfm),
            rows(self.spark, CLUSTERS, self.clusters),
            self.table,
            as_of=day,
        )
        self.table = rows(self.spark, SEGMENTS, dicts(SEGMENTS.conform(result)))
        return self.table


def spans(frame: DataFrame) -> set[tuple[str, str, str, int, int | None]]:
    """Rows as (person, family, segment, first day, day after the last)."""
    return {
        (person, family, segment, start.day, end and end.day)
        for person, family, segment, start, end in frame.select(*SEGMENTS.names).collect()
    }


@pytest.fixture
def nights(spark: SparkSession) -> Nights:
    return Nights(spark)


def test_spans_over_nights_with_one_skipped(nights: Nights) -> None:
    assert spans(nights.run(D1, {"a": "loyal", "b": "lost"}, {"a": "high spend"})) == {
        ("a", "rfm", "loyal", 1, None),
        ("b", "rfm", "lost", 1, None),
        ("a", "cluster", "high spend", 1, None),
    }
    nights.run(D2, {"a": "loyal", "c": "new customers"}, {"a": "high spend"})
    # The nights of the 3rd and 4th are skipped.
    assert spans(nights.run(D5, {"a": "champions", "b": "lost"}, {"a": "high spend"})) == {
        ("a", "rfm", "loyal", 1, 5),
        ("a", "rfm", "champions", 5, None),
        ("a", "cluster", "high spend", 1, None),
        ("b", "rfm", "lost", 1, 2),
        ("b", "rfm", "lost", 5, None),
        ("c", "rfm", "new customers", 2, 5),
    }
    assert spans(on_day(nights.table, date(2026, 3, 4))) == {
        ("a", "rfm", "loyal", 1, 5),
        ("a", "cluster", "high spend", 1, None),
        ("c", "rfm", "new customers", 2, 5),
    }
    assert spans(on_day(nights.table, date(2026, 2, 28))) == set()


def test_same_night_again_changes_nothing(nights: Nights) -> None:
    nights.run(D1, {"a": "loyal", "b": "lost"})
    once = spans(nights.run(D2, {"a": "champions", "c": "promising"}))
    assert spans(nights.run(D2, {"a": "champions", "c": "promising"})) == once


def test_night_again_with_other_data_is_as_if_run_once(nights: Nights, spark: SparkSession) -> None:
    nights.run(D1, {"a": "loyal", "b": "lost"})
    nights.run(D2, {"a": "champions", "c": "promising"})
    again = spans(nights.run(D2, {"a": "loyal", "b": "at risk"}))
    clean = Nights(spark)
    clean.run(D1, {"a": "loyal", "b": "lost"})
    assert again == spans(clean.run(D2, {"a": "loyal", "b": "at risk"}))
    assert ("a", "rfm", "loyal", 1, None) in again


def test_earlier_night_again_takes_back_the_later_ones(nights: Nights) -> None:
    for day, segment in ((D1, "loyal"), (D2, "at risk"), (D3, "lost")):
        nights.run(day, {"a": segment})
    assert spans(nights.run(D2, {"a": "champions"})) == {
        ("a", "rfm", "loyal", 1, 2),
        ("a", "rfm", "champions", 2, None),
    }
    assert ("a", "rfm", "champions", 2, 3) in spans(nights.run(D3, {"a": "lost"}))
