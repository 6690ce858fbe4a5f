"""A stage by spark-submit: what it is given, and which of its failures are tried again."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from jobs.lake import jars
from jobs.lake.store import Lake
from jobs.lake.tables.ops import RUNS

BEGAN = datetime(2026, 9, 1, 3, tzinfo=UTC)


class Provider:
    """In the place of Airflow's operator, which only a cluster's environment has."""

    failure = "Cannot execute: spark-submit --conf a=b. Error code is: 1.\nLast output: lost"

    def __init__(self, **given: Any) -> None:
        self.given = given

    def execute(self, context: Any) -> None:
        raise AirflowException(self.failure)


@pytest.fixture
def submitted(monkeypatch: pytest.MonkeyPatch, home: Path) -> Iterator[ModuleType]:
    name = "airflow.providers.apache.spark.operators.spark_submit"
    provider = ModuleType(name)
    provider.SparkSubmitOperator = Provider  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, name, provider)
    monkeypatch.setattr(jars, "installed", lambda: [Path("/jars/delta.jar")])
    import jobs.cli.submitted

    yield jobs.cli.submitted
    del sys.modules["jobs.cli.submitted"]


def failure(submitted: ModuleType, kind: type[Exception]) -> str:
    stage = submitted.SubmittedStage()
    with pytest.raises(kind) as told:
        stage.execute({"ti": SimpleNamespace(start_date=BEGAN)})
    return str(told.value)


def test_a_lost_task_is_tried_again_and_its_last_lines_are_told(submitted: ModuleType) -> None:
    said = failure(submitted, AirflowException)
    assert said == "spark-submit ended with code 1.\nLast output: lost"


def test_what_the_data_stopped_is_not_tried_again(submitted: ModuleType, home: Path) -> None:
    row = {
        "run_id": "nightly:2026-08-31",
        "dag": "nightly",
        "job": "ingest",
        "as_of": BEGAN.date(),
        "started_at": BEGAN.replace(minute=1),
        "ended_at": BEGAN.replace(minute=2),
        "state": "stopped",
        "error": "12 of 100 rows are bad",
        "inputs": [],
        "outputs": [],
    }
    Lake(home / "lake").append_rows(RUNS, [row])
    assert failure(submitted, AirflowFailException) == "12 of 100 rows are bad"


def test_the_drivers_own_files_are_in_a_folder_of_its_process(
    submitted: ModuleType, home: Path
) -> None:
    stage = submitted.SubmittedStage()
    with pytest.raises(AirflowException):
        stage.execute({"ti": SimpleNamespace(start_date=BEGAN)})
    own = Path(stage.conf["spark.local.dir"])
    assert own.parent.parent == home / "scratch"
    assert own.parent.name != "shuffle"
