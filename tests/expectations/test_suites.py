"""Every rule of every suite fails on data corrupted for it, and on nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from expectations.check import CheckContext, check, prepared
from expectations.kinds import Grouped
from expectations.registry import SUITES, suite_of
from expectations.suite import Suite, reasons
from jobs.lake.contract import Column
from jobs.lake.tables import TABLES
from jobs.lake.tables.gold import PROFILES
from jobs.lake.tables.identity import PERSONS
from jobs.lake.tables.silver import PRODUCTS
from tests.expectations.corruptions import Corruption, corruptions, on
from tests.expectations.good import CATALOGUE, GOOD, NIGHT, Row
from tests.rows import rows

CASE = "test_case"
SOUND = "sound"


def cases(suite: Suite) -> dict[str, Corruption]:
    """Return the corruptions of a suite and, first, the untouched rows."""
    return {SOUND: on()} | corruptions(suite)


def frame_of(spark: SparkSession, suite: Suite, picked: dict[str, list[Row]]) -> DataFrame:
    """Put rows of several cases into one frame that also names the case."""
    tagged = replace(
        suite.table, columns=(*suite.table.columns, Column(CASE, "string", "Test case."))
    )
    return rows(
        spark,
        tagged,
        [{**placed(row, case), CASE: case} for case, some in picked.items() for row in some],
    )


def placed(row: Row, case: str) -> Row:
    """Fill the case in where a value asks for it."""
    return {n: v.replace("{c}", f"-{case}") if isinstance(v, str) else v for n, v in row.items()}


@pytest.fixture(scope="module")
def references(spark: SparkSession) -> Iterator[dict[str, DataFrame]]:
    """Tables that rules look at: two persons, and two for every case that asks for its own."""
    every_case = {f"-{case}" for suite in SUITES.values() for case in cases(suite)}
    persons = GOOD["identity.persons"]
    more = [persons[0] | {"person_id": f"p{n}{c}"} for n in (1, 2) for c in every_case]
    frames = {
        PRODUCTS.id: rows(spark, PRODUCTS, CATALOGUE),
        PERSONS.id: rows(spark, PERSONS, [*persons, *more]).cache(),
        PROFILES.id: rows(spark, PROFILES, GOOD[PROFILES.id]),
        "two persons": rows(spark, PERSONS, persons),
    }
    # Interpreted, a plan of a few rows starts a second sooner than compiled.
    spark.conf.set("spark.sql.codegen.wholeStage", "false")
    yield frames
    spark.conf.unset("spark.sql.codegen.wholeStage")


def night(suite: Suite, references: dict[str, DataFrame], **changed: object) -> CheckContext:
    """Return the night that the good rows are of."""
    known = dict(references)
    if suite.table is PROFILES:
        known[PERSONS.id] = known["two persons"]
    context = CheckContext(as_of=NIGHT, references=known, rows=0)
    return replace(context, **changed)  # type: ignore[arg-type]


def test_every_table_that_people_read_has_a_suite() -> None:
    wanted = {i for i, t in TABLES.items() if t.layer in ("silver", "identity", "gold", "serving")}
    assert wanted == set(SUITES)
    assert all(suite.table is TABLES[i] for i, suite in SUITES.items())
    assert suite_of("ops.runs") is None


@pytest.mark.parametrize("table_id", SUITES)
def test_every_rule_has_a_corruption(table_id: str) -> None:
    suite = SUITES[table_id]
    assert set(corruptions(suite)) == {rule.name for rule in suite.rules}


@pytest.mark.parametrize("table_id", SUITES)
def test_a_corruption_breaks_its_rule_alone(
    table_id: str, spark: SparkSession, references: dict[str, DataFrame]
) -> None:
    suite = SUITES[table_id]
    done = cases(suite)
    picked = {case: c.change(GOOD[table_id]) for case, c in done.items()}
    frame = frame_of(spark, suite, picked).withColumn("test_reasons", reasons(suite))
    context = night(suite, references)
    whole = prepared(frame, suite, context).groupBy(CASE)
    values = [
        F.expr(r.measure(context).aggregate).cast("double").alias(r.name) for r in suite.rules
    ]
    told = F.array_distinct(F.flatten(F.collect_list("test_reasons"))).alias("test_reasons")
    by_case = whole.agg(*values, told)
    for rule in suite.rules:
        # Counted over the whole frame, which here holds many cases.
        if isinstance(rule, Grouped):
            own = rule.broken(frame, (CASE,)).withColumnRenamed("broken", rule.name)
            by_case = by_case.drop(rule.name).join(own, CASE, "left")
    found = {row[CASE]: row for row in by_case.collect()}
    messages = {rule.name: rule.message for rule in suite.every_row}
    for case, corruption in done.items():
        if case not in found:
            assert case == "not_empty"
            continue
        bounds = [r.measure(night(suite, references, **corruption.night)) for r in suite.rules]
        failed = {
            rule.name
            for rule, bound in zip(suite.rules, bounds, strict=True)
            if not bound.holds(found[case][rule.name])
        }
        assert failed == ({case} - {SOUND}) | corruption.also, case
        expected = {messages[name] for name in failed if name in messages}
        assert set(found[case].test_reasons) == expected, case


@pytest.mark.parametrize("table_id", SUITES)
def test_great_expectations_fails_every_rule(
    table_id: str, spark: SparkSession, references: dict[str, DataFrame]
) -> None:
    suite = SUITES[table_id]
    good = GOOD[table_id]
    done = corruptions(suite)
    spoilt = {
        case: [row for row in c.change(good) if row not in good or case == "unique_key"]
        for case, c in done.items()
        if case not in ("both_answers", "no_mass_withdrawal")
    }
    context = night(suite, references, **on(history=(10**6,) * 9).night)
    outcome = check(frame_of(spark, suite, spoilt), suite, context)
    failed = {result.rule for result in outcome if not result.passed}
    # Some fail only by themselves, as shares and means do; a stale feed is a late one as well.
    for case in sorted(done.keys() - failed, reverse=True):
        if case in failed:
            continue
        alone = frame_of(spark, suite, {case: done[case].change(good)})
        results = check(alone, suite, night(suite, references, **done[case].night))
        failed |= {result.rule for result in results if not result.passed}
    assert failed == {rule.name for rule in suite.rules}
