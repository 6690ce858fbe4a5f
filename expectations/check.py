"""Check a frame by its suite, through Great Expectations, in one pass over it."""

from __future__ import annotations

import functools
import json
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any

from expectations.context import CheckContext
from expectations.rule import Measure, Severity, TableRule, Unit
from expectations.suite import Suite

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite
    from great_expectations.core.batch_definition import BatchDefinition
    from great_expectations.core.expectation_validation_result import (
        ExpectationSuiteValidationResult,
    )
    from great_expectations.datasource.fluent.spark_datasource import SparkDatasource
    from pyspark.sql import DataFrame

__all__ = ["CheckContext", "CheckError", "RuleResult", "check"]


# Rows that one task aggregates sooner than a shuffle is set up: over all suites of a small night,
# one partition took a quarter less processor time than four, and a plan that is not adapted as it
# runs another quarter less.
SMALL = 50_000


# Great Expectations keeps the batch that it looks at in its data source: one at a time.
_validating = Lock()


class CheckError(RuntimeError):
    """A rule could not be measured: its SQL does not fit the frame."""


@dataclass(frozen=True)
class RuleResult:
    """What a rule came to.

    Attributes
    ----------
    rule : str
        Its name.
    passed : bool
        Whether it held.
    observed : str
        What was found, for people.
    severity : {'stop', 'warn'}
        Whether a failure keeps the table from being published.
    message : str
        What is wrong, with table and rule; empty when it held.
    """

    rule: str
    passed: bool
    observed: str
    severity: Severity
    message: str


def check(frame: DataFrame, suite: Suite, context: CheckContext) -> list[RuleResult]:
    """Judge every rule of a suite on a frame.

    Parameters
    ----------
    frame : DataFrame
        Rows of the table that the night wrote or is about to write, cheap to read more than once:
        one pass measures all rules but those that count groups, as of its key, which have one
        each.
    suite : Suite
        The table's suite.
    context : CheckContext
        The night.

    Returns
    -------
    list of RuleResult
        In the order of :attr:`~expectations.suite.Suite.rules`.

    Raises
    ------
    CheckError
        A rule could not be measured.
    ReferenceMissingError
        ``context.references`` lacks a table of :attr:`~expectations.suite.Suite.references`.
    """
    measures = {rule.name: rule.measure(context) for rule in suite.rules}
    with _in_one_task(frame, context) as rows:
        whole = prepared(rows, suite, context)
        with _validating:
            batch = _batches(suite.table.id).get_batch({"dataframe": whole})
            result = batch.validate(_expectations(suite, measures), result_format="BASIC")
    # Not by position: what could not be measured comes first, whatever its place in the suite.
    found = {r.expectation_config.kwargs["rule"]: r for r in result.results if r.expectation_config}
    results = []
    for rule in suite.rules:
        outcome = found[rule.name]
        raised = _raised(outcome.exception_info)
        if raised is not None:
            raise CheckError(f"{suite.table.id}: rule {rule.name} cannot be measured: {raised}")
        value = outcome.result.get("observed_value")
        note = measures[rule.name].note
        results.append(_told(suite, rule, bool(outcome.success), observed(value, rule.unit, note)))
    if context.folder is not None:
        _keep(result, suite, context)
    return results


def prepared(frame: DataFrame, suite: Suite, context: CheckContext) -> DataFrame:
    """Return the frame with the columns that rules add to measure themselves."""
    for rule in suite.rules:
        frame = rule.prepare(frame, context)
    return frame


def observed(value: float | None, unit: Unit, note: str = "") -> str:
    """Write a measured value for people."""
    if value is None:
        seen = "nothing to judge"
    elif unit == "share":
        seen = f"{value:.2%}"
    else:
        whole = math.isfinite(value) and value == int(value)
        seen = f"{value:,.0f}" if whole else f"{value:,.4g}"
        seen += "" if unit == "number" else f" {unit}"
    return f"{seen} ({note})" if note else seen


def _told(suite: Suite, rule: TableRule, passed: bool, seen: str) -> RuleResult:
    message = "" if passed else f"{suite.table.id}: {rule.name}: {rule.message} ({seen})"
    return RuleResult(rule.name, passed, seen, rule.severity, message)


@contextmanager
def _in_one_task(frame: DataFrame, context: CheckContext) -> Iterator[DataFrame]:
    """Give the frame in one partition, and plan for that, where it is known to be small."""
    if context.rows is None or context.rows > SMALL:
        yield frame
        return
    settings, key = frame.sparkSession.conf, "spark.sql.adaptive.enabled"
    before = settings.get(key)
    settings.set(key, "false")
    try:
        yield frame.coalesce(1)
    finally:
        settings.set(key, before or "true")


@functools.cache
def _batches(table_id: str) -> BatchDefinition[Any]:
    """Return the batch definition of a table: made once a process."""
    asset = _lake().add_dataframe_asset(table_id)
    return asset.add_batch_definition_whole_dataframe("night")


@functools.cache
def _lake() -> SparkDatasource:
    """Return the Spark data source of this process, in a context that is silent and offline."""
    os.environ["GX_ANALYTICS_ENABLED"] = "False"
    import great_expectations as gx
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
        progress_bars=ProgressBarsConfig(globally=False, metric_calculations=False),
        analytics_enabled=False,
    )
    context = gx.get_context(mode="ephemeral", project_config=config)
    # Persisting is the caller's to decide: it knows whether the frame is written afterwards.
    return context.data_sources.add_spark("lake", persist=False)


def _expectations(suite: Suite, measures: dict[str, Measure]) -> ExpectationSuite:
    """Return the suite as Great Expectations knows it, with the bounds of the night."""
    from great_expectations import ExpectationSuite
    from great_expectations.expectations.metadata_types import FailureSeverity

    from expectations.aggregate import ExpectRuleToHold

    severities = {"stop": FailureSeverity.CRITICAL, "warn": FailureSeverity.WARNING}
    return ExpectationSuite(
        name=suite.table.id,
        expectations=[
            ExpectRuleToHold(
                rule=rule.name,
                wrong=rule.message,
                aggregate=measures[rule.name].aggregate,
                low=measures[rule.name].low,
                high=measures[rule.name].high,
                severity=severities[rule.severity],
            )
            for rule in suite.rules
        ],
    )


def _keep(result: ExpectationSuiteValidationResult, suite: Suite, context: CheckContext) -> None:
    """Write the result down for the Data Docs, over that of an earlier run of the same night."""
    from expectations.docs import result_file

    if context.folder is None:
        return
    path = result_file(context.folder, context.as_of, suite.table.id)
    path.parent.mkdir(parents=True, exist_ok=True)
    content: dict[str, Any] = result.to_json_dict()  # type: ignore[no-untyped-call]
    path.write_text(json.dumps(content), encoding="utf-8")


def _raised(info: dict[str, Any]) -> str | None:
    """Return what kept a rule from being measured, in one line; None if nothing did."""
    # One entry, or one for each metric that the expectation needs.
    entries = [info] if "raised_exception" in info else [*info.values()]
    said = [e["exception_message"] for e in entries if e["raised_exception"]]
    return str(said[0]).partition("\n")[0] if said else None
