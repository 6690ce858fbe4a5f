"""Checking a frame, and what is told of it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from expectations.check import CheckContext, CheckError, RuleResult, check
from expectations.docs import build
from expectations.kinds import Aggregate, EveryRow, Fresh, volume
from expectations.reference import ReferenceMissingError
from expectations.registry import SUITES
from expectations.rule import RowRule
from expectations.suite import Suite, SuiteError, reasons
from jobs.lake.tables.silver import FEEDBACK, PRODUCTS
from tests.expectations.good import GOOD, NIGHT
from tests.rows import rows

REVIEWS = GOOD["silver.feedback"]
SMALL = Suite(
    FEEDBACK,
    row_rules=(RowRule("stars", "rating BETWEEN 1 AND 5", "rating is not 1 to 5"),),
    table_rules=(
        EveryRow("words", "few have words", "warn", condition="text IS NOT NULL", at_least=0.5),
        Aggregate("mean", "nobody is that happy", sql="AVG(rating)", high=4.9),
        Fresh("not_stale", "nothing new for long", column="written_at"),
        volume(),
    ),
)


def results(found: list[RuleResult]) -> dict[str, RuleResult]:
    """Index results by rule."""
    return {result.rule: result for result in found}


def test_importing_the_suites_needs_neither_spark_nor_great_expectations() -> None:
    code = (
        "import sys, expectations.registry, expectations.check;"
        "print({'pyspark', 'great_expectations'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_a_rule_named_twice_is_refused() -> None:
    rule = RowRule("stars", "rating > 0", "")
    with pytest.raises(SuiteError, match=r"silver\.feedback: rules named twice: stars"):
        Suite(FEEDBACK, row_rules=(rule, rule))


def test_every_broken_rule_is_told_with_what_was_found(spark: SparkSession) -> None:
    bad = [REVIEWS[0] | {"rating": 9}, REVIEWS[1] | {"text": "Fine."}, *REVIEWS]
    night = CheckContext(as_of=NIGHT, history=(100,) * 7, rows=4)
    before = spark.conf.get("spark.sql.adaptive.enabled")
    # As outside of tests: what is small is planned without it, and the setting is put back.
    spark.conf.set("spark.sql.adaptive.enabled", "true")
    found = results(check(rows(spark, FEEDBACK, bad), SMALL, night))
    after = spark.conf.get("spark.sql.adaptive.enabled")
    spark.conf.set("spark.sql.adaptive.enabled", str(before))
    assert after == "true"
    assert [name for name, r in found.items() if not r.passed] == [
        "unique_key",
        "stars",
        "words",
        "mean",
        "volume",
    ]
    assert found["unique_key"].observed == "2 rows"
    assert found["stars"] == RuleResult(
        "stars",
        False,
        "1 rows",
        "stop",
        "silver.feedback: stars: rating is not 1 to 5 (1 rows)",
    )
    assert (found["words"].severity, found["words"].observed) == ("warn", "25.00%")
    assert found["volume"].observed == "4 rows (median of 7 nights: 100)"
    assert found["not_stale"] == RuleResult("not_stale", True, "0 days", "stop", "")


def test_a_frame_without_rows_has_nothing_to_judge(spark: SparkSession) -> None:
    night = CheckContext(as_of=NIGHT, last_loaded_on=date(2026, 2, 1))
    found = results(check(rows(spark, FEEDBACK, []), SMALL, night))
    assert [name for name, r in found.items() if not r.passed] == ["not_stale"]
    assert found["not_stale"].observed == "37 days"
    assert found["mean"].observed == "nothing to judge"


def test_a_shop_without_a_catalogue_is_not_held_against_one(spark: SparkSession) -> None:
    suite = SUITES["silver.feedback"]
    night = CheckContext(as_of=NIGHT, references={PRODUCTS.id: rows(spark, PRODUCTS, [])})
    found = results(check(rows(spark, FEEDBACK, REVIEWS), suite, night))
    assert all(r.passed for r in found.values())


def test_what_cannot_be_measured_is_an_error_that_names_the_rule(spark: SparkSession) -> None:
    broken = replace(SMALL, table_rules=(Aggregate("odd", "", sql="SUM(colour)"),))
    with pytest.raises(
        CheckError, match=r"silver\.feedback: rule odd cannot be measured: .*colour"
    ):
        check(rows(spark, FEEDBACK, REVIEWS), broken, CheckContext(as_of=NIGHT))
    with pytest.raises(ReferenceMissingError, match=r"silver\.products"):
        check(rows(spark, FEEDBACK, REVIEWS), SUITES["silver.feedback"], CheckContext(as_of=NIGHT))


def test_reasons_are_the_messages_of_the_broken_rules_in_order(spark: SparkSession) -> None:
    frame = rows(
        spark,
        FEEDBACK,
        [REVIEWS[0], {**REVIEWS[0], "rating": 0, "written_at": "1980-01-01"}, {}],
    )
    column = frame.select(reasons(SUITES["silver.feedback"]).alias("reasons"))
    assert column.schema["reasons"].dataType.simpleString() == "array<string>"
    assert [row.reasons for row in column.collect()] == [
        [],
        ["rating is not 1 to 5", "written_at is before 1990"],
        [
            "source is missing",
            "feedback_id is missing",
            "rating is missing",
            "written_at is missing",
        ],
    ]
    bare = column.select(
        reasons(Suite(replace(FEEDBACK, columns=(), key=(), version=None, at=None)))
    )
    assert bare.first() == ([],)


def test_data_docs_show_the_nights_that_are_kept(spark: SparkSession, tmp_path: Path) -> None:
    frame = rows(spark, FEEDBACK, [REVIEWS[0] | {"rating": 9}])
    for day in (8, 9, 10):
        night = CheckContext(as_of=date(2026, 3, day), folder=tmp_path)
        check(frame, SMALL, night)
        index = build(tmp_path, night.as_of, keep=2)
    assert index == tmp_path / "site" / "index.html"
    text = index.read_text()
    assert [d for d in ("03-08", "03-09", "03-10") if f"2026-{d}" in text] == ["03-09", "03-10"]
    assert sorted(p.name for p in (tmp_path / "results").iterdir()) == ["2026-03-09", "2026-03-10"]
    pages = sorted((tmp_path / "site" / "validations").rglob("*.html"))
    assert len(pages) == 2
    page = pages[-1].read_text()
    assert "stars" in page
    assert "rating is not 1 to 5" in page
    assert "rating BETWEEN 1 AND 5" in page
