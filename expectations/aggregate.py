"""The expectation that rules are judged by, and how Great Expectations measures it on Spark.

Great Expectations gathers metrics of the kind ``AGGREGATE_FN`` and computes all of one table in a
single Spark aggregate. Many of its own expectations do not work like that (uniqueness takes a
window, a referential rule a query each, and every column's type is looked up first), so rules come
down to one metric that does. Importing this module takes seconds: import it late.
"""

from __future__ import annotations

from typing import Any, ClassVar

from great_expectations.core.expectation_validation_result import ExpectationValidationResult
from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.core.metric_function_types import MetricPartialFunctionTypes
from great_expectations.execution_engine.execution_engine import ExecutionEngine
from great_expectations.execution_engine.sparkdf_execution_engine import SparkDFExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from great_expectations.expectations.metrics.metric_provider import metric_partial
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider
from great_expectations.render.components import (
    LegacyRendererType,
    RenderedStringTemplateContent,
)
from great_expectations.render.renderer.renderer import renderer
from pyspark.sql import Column
from pyspark.sql import functions as F

from expectations.rule import Measure

METRIC = "table.rule_aggregate"


class RuleAggregate(TableMetricProvider):
    """Value of a Spark SQL aggregate over the table."""

    metric_name = METRIC
    value_keys = ("aggregate",)

    @metric_partial(
        engine=SparkDFExecutionEngine,
        partial_fn_type=MetricPartialFunctionTypes.AGGREGATE_FN,
        domain_type=MetricDomainTypes.TABLE,
    )
    def _spark(
        cls,  # noqa: N805 - Great Expectations calls it as a class method
        execution_engine: SparkDFExecutionEngine,  # noqa: ARG002
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        metrics: dict[str, Any],  # noqa: ARG002
        runtime_configuration: dict[str, Any],  # noqa: ARG002
    ) -> tuple[Column, dict[str, Any], dict[str, Any]]:
        column = F.expr(metric_value_kwargs["aggregate"]).cast("double")
        return column, metric_domain_kwargs, {}


class ExpectRuleToHold(BatchExpectation):
    """Expect the value of a Spark SQL aggregate to lie between bounds.

    Attributes
    ----------
    rule : str
        Name of the rule.
    wrong : str
        What is wrong when it fails.
    aggregate : str
        Spark SQL.
    low, high : float or None
        Closed interval; None leaves the side open.
    """

    rule: str
    wrong: str
    aggregate: str
    low: float | None = None
    high: float | None = None

    metric_dependencies: ClassVar[tuple[str, ...]] = (METRIC,)
    success_keys: ClassVar[tuple[str, ...]] = ("rule", "wrong", "aggregate", "low", "high")
    args_keys: ClassVar[tuple[str, ...]] = ("rule", "wrong", "aggregate", "low", "high")

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,  # noqa: ARG002
        execution_engine: ExecutionEngine[Any] | None = None,  # noqa: ARG002
    ) -> dict[str, Any]:
        value = metrics[METRIC]
        holds = Measure(self.aggregate, self.low, self.high).holds(value)
        return {"success": holds, "result": {"observed_value": value}}

    @classmethod
    @renderer(renderer_type=LegacyRendererType.PRESCRIPTIVE)
    def _prescriptive_renderer(
        cls,
        configuration: ExpectationConfiguration | None = None,
        result: ExpectationValidationResult | None = None,
        runtime_configuration: dict[str, Any] | None = None,  # noqa: ARG003
    ) -> list[RenderedStringTemplateContent]:
        """Show name, meaning, SQL and bounds of the rule in the Data Docs."""
        if configuration is None and result is not None:
            configuration = result.expectation_config
        kwargs = configuration.kwargs if configuration else {}
        severity = str(getattr(configuration, "severity", "") or "")
        template = {
            "template": "$rule ($severity) fails when $wrong. $aggregate must be $bounds.",
            "params": {
                "rule": kwargs.get("rule", ""),
                "severity": "warns" if severity.endswith("warning") else "stops the run",
                "wrong": kwargs.get("wrong", ""),
                "aggregate": kwargs.get("aggregate", ""),
                "bounds": bounds_text(kwargs.get("low"), kwargs.get("high")),
            },
            "styling": {
                "params": {
                    "rule": {"classes": ["badge", "badge-secondary"]},
                    "aggregate": {"tag": "code"},
                }
            },
        }
        return [RenderedStringTemplateContent(string_template=template)]


def bounds_text(low: float | None, high: float | None) -> str:
    """Write an interval for people."""
    if low is None and high is None:
        return "anything on this night"
    if low is None or high is None:
        return f"at most {high:g}" if high is not None else f"at least {low:g}"
    return f"between {low:g} and {high:g}"
