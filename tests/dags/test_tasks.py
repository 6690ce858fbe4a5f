"""What a task runs, and which of its failures are tried again."""

from __future__ import annotations

from datetime import date

import pytest
from airflow.sdk.exceptions import AirflowFailException
from py4j.protocol import Py4JNetworkError
from pyspark.errors import AnalysisException

import jobs.cli.nights
import jobs.stages
from jobs.cli.tasks import retry_helps, run_in_process
from jobs.lake.contract import ContractError
from jobs.lake.errors import BespokeError, DataError, LockedError


@pytest.mark.parametrize(
    "error",
    [
        LockedError("another run"),
        OSError("disk full"),
        ConnectionError("lost"),
        TimeoutError("late"),
        Py4JNetworkError("the JVM is gone"),
        RuntimeError("who knows"),
    ],
)
def test_what_may_pass_is_tried_again(error: Exception) -> None:
    assert retry_helps(error)


@pytest.mark.parametrize(
    "error",
    [
        DataError("too many bad rows"),
        BespokeError("the master key is missing"),
        ContractError("a column is missing"),
        KeyError("x"),
        TypeError("x"),
        ImportError("x"),
        AnalysisException("no such column"),
    ],
)
def test_what_is_wrong_is_not(error: Exception) -> None:
    assert not retry_helps(error)


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, date]]:
    found: list[tuple[str, date]] = []
    monkeypatch.setattr(jobs.stages, "run_stage", lambda *a: found.append(a))
    monkeypatch.setattr(jobs.cli.nights, "night_of", lambda day, _: day)
    return found


def test_a_task_runs_its_stage_for_its_day(ran: list[tuple[str, date]]) -> None:
    run_in_process("identity", "2026-08-29")
    assert ran == [("identity", date(2026, 8, 29))]


def test_a_data_error_fails_the_task_at_once(
    ran: list[tuple[str, date]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise DataError("demo.orders: 12 of 100 rows are bad")

    monkeypatch.setattr(jobs.stages, "run_stage", stop)
    with pytest.raises(AirflowFailException, match="12 of 100 rows are bad"):
        run_in_process("ingest", "2026-08-29")


def test_a_lock_is_left_to_the_retries(
    ran: list[tuple[str, date]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise LockedError("the lake is being written")

    monkeypatch.setattr(jobs.stages, "run_stage", stop)
    with pytest.raises(LockedError):
        run_in_process("ingest", "2026-08-29")
