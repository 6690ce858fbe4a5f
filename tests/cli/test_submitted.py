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

from jobs.cli import submit
from jobs.cli.submit import HOPELESS
from jobs.lake import jars
from jobs.lake.errors import DataError, LockedError
from jobs.lake.settings import SettingsError
from jobs.lake.store import Lake
from jobs.lake.tables.ops import RUNS
from jobs.privacy.keyring import KeyringError

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


def test_what_running_again_does_not_mend_fails_at_once(
    submitted: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = f"Cannot execute: spark-submit a b. Error code is: {HOPELESS}.\nLast output: no key"
    monkeypatch.setattr(Provider, "failure", said)
    told = failure(submitted, AirflowFailException)
    assert told == f"spark-submit ended with code {HOPELESS}.\nLast output: no key"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (None, 0),
        (LockedError("another run"), 1),
        (ConnectionError("lost"), 1),
        (RuntimeError("who knows"), 1),
        (DataError("too many bad rows"), HOPELESS),
        (KeyringError("the master key is missing"), HOPELESS),
        (SettingsError("unknown key"), HOPELESS),
        (TypeError("x"), HOPELESS),
    ],
)
def test_the_exit_code_says_whether_running_again_may_help(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception | None,
    code: int,
) -> None:
    def stage(*_: object) -> None:
        if error is not None:
            raise error

    monkeypatch.setattr(submit, "run_stage", stage)
    monkeypatch.setattr(submit, "night_of", lambda day, _: day)
    assert submit.main(["ingest", "2026-08-31"]) == code
    assert error is None or str(error) in caplog.text


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
