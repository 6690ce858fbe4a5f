"""Bespoke's plugin of Airflow, found by its entry point: from when a run's deadline counts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from airflow.plugins_manager import AirflowPlugin
from airflow.sdk.definitions.deadline import BaseDeadlineReference


class RunMade(BaseDeadlineReference):
    """The moment at which a run was made, and so queued.

    With Airflow's own ``DAGRUN_QUEUED_AT`` no task of a run can be cleared before its deadline has
    passed: each try ends with status 500 (Airflow 3.3.0 and later, apache/airflow#70368).
    """

    def _evaluate_with(self, **_: Any) -> datetime:
        return datetime.now(UTC)


def is_loaded() -> bool:
    """Whether Airflow knows of it; a scheduler that does not could begin no run with a deadline.

    It does not where the code is on the path and the package is not installed.
    """
    from airflow.plugins_manager import get_deadline_references_plugins

    known: Mapping[str, type] = get_deadline_references_plugins()
    return RunMade in known.values()


class BespokePlugin(AirflowPlugin):
    """What Airflow's processes load."""

    name = "bespoke"
    deadline_references = [RunMade]  # noqa: RUF012 - as Airflow declares it
