"""The alert of a failed task: what it says, and that a webhook really gets it."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from jobs.cli.alert import alert, deadline, describe, late
from jobs.lake.notice import post
from jobs.lake.settings import AirflowSettings, settings


@pytest.fixture
def context() -> dict[str, Any]:
    return {
        "ti": SimpleNamespace(
            dag_id="nightly",
            task_id="ingest",
            run_id="scheduled__2026-08-29",
            try_number=3,
            log_url="http://127.0.0.1:8080/log",
        ),
        "dag_run": SimpleNamespace(run_after=datetime(2026, 8, 30, 2, tzinfo=UTC)),
        "data_interval_end": datetime(2026, 8, 30, 2, tzinfo=UTC),
        "exception": ValueError("demo.orders: 12 of 100 rows are bad"),
    }


@pytest.fixture
def webhook(
    received: tuple[str, list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> Iterator[list[dict[str, Any]]]:
    monkeypatch.setenv("BESPOKE__AIRFLOW__ALERT_WEBHOOK", received[0])
    settings.cache_clear()
    yield received[1]
    settings.cache_clear()


def test_it_says_what_failed_and_where_to_look(context: dict[str, Any]) -> None:
    text = describe(context)["text"]
    assert text == (
        "nightly: ingest failed for 2026-08-29 (try 3): demo.orders: 12 of 100 rows are bad\n"
        "Look at `bespoke runs --failed` and at the task's log http://127.0.0.1:8080/log"
    )


def test_the_webhook_gets_it(
    webhook: list[dict[str, Any]], context: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "bespoke"):
        alert(context)
    assert [said["task"] for said in webhook] == ["ingest"]
    assert webhook[0]["date"] == "2026-08-29"
    assert webhook[0]["error"] == "demo.orders: 12 of 100 rows are bad"
    assert "nightly: ingest failed for 2026-08-29" in caplog.text


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:1/secret-path",
        "file:///etc/passwd",
        "http://127.0.0.1:1/secret-path with a blank",
        "http://127.0.0.1:port/secret-path",
        "http://[127.0.0.1/secret-path",
        "http:///secret-path",
    ],
)
def test_a_webhook_that_does_not_answer_fails_nothing(
    address: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "bespoke"):
        assert not post(address, {"text": "x"})
    assert "alert_webhook" in caplog.text
    assert "secret-path" not in caplog.text


def test_a_webhook_that_answers_in_no_http_fails_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"what?\r\n\r\n")

        answering = threading.Thread(target=answer)
        answering.start()
        with caplog.at_level(logging.ERROR, "bespoke"):
            assert not post(
                f"http://127.0.0.1:{server.getsockname()[1]}/secret-path", {"text": "x"}
            )
        answering.join()
    assert "could not be told: BadStatusLine" in caplog.text
    assert "secret-path" not in caplog.text


@pytest.mark.parametrize(("kind", "told"), [("scheduled", 1), ("manual", 1), ("backfill", 0)])
def test_a_late_night_is_told_of_and_a_backfill_is_not(
    webhook: list[dict[str, Any]], kind: str, told: int
) -> None:
    run = {"dag_id": "nightly", "dag_run_id": f"{kind}__2026-08-29", "run_type": kind}
    due = datetime(2026, 8, 30, 6, tzinfo=UTC)
    late({"dag_run": run, "deadline": {"id": "1", "deadline_time": due}})
    assert [said["due"] for said in webhook] == ["2026-08-30 06:00:00+00:00"] * told


@pytest.mark.parametrize("unset", ["deadline_minutes", "alert_webhook"])
def test_a_deadline_may_be_left_out_and_is_where_nobody_is_told(unset: str) -> None:
    wanted = AirflowSettings(deadline_minutes=90, alert_webhook="http://127.0.0.1/")
    due = deadline(wanted)
    assert due is not None
    assert (due.callback.path, due.interval) == ("jobs.cli.alert.late", timedelta(minutes=90))
    assert deadline(wanted.model_copy(update={unset: None})) is None


def test_there_is_no_deadline_where_airflow_does_not_know_of_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("airflow.plugins_manager.get_deadline_references_plugins", dict)
    wanted = AirflowSettings(deadline_minutes=90, alert_webhook="http://127.0.0.1/")
    assert deadline(wanted) is None
    assert "install the package" in caplog.text
