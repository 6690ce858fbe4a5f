"""The DAG of a night: what it is made of."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from jobs.lake.settings import settings

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def nightly() -> Any:
    from dags.nightly import nightly

    return nightly


def test_a_night_has_one_task_a_stage_in_order(nightly: Any) -> None:
    from airflow.sdk import Asset

    from jobs.stages import STAGES

    assert list(nightly.task_dict) == ["await_feeds", *(stage.name for stage in STAGES)]
    assert nightly.task_dict[STAGES[0].name].upstream_task_ids == {"await_feeds"}
    for before, after in pairwise(STAGES):
        assert nightly.task_dict[after.name].upstream_task_ids == {before.name}
    for stage in STAGES:
        outlets = nightly.task_dict[stage.name].outlets
        assert all(isinstance(outlet, Asset) for outlet in outlets)
        assert tuple(outlet.name for outlet in outlets) == stage.writes
    profiles = nightly.task_dict["profiles"].outlets[-1]
    assert profiles.uri == "bespoke://lake/gold/profiles"


def test_it_has_a_deadline_where_somebody_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BESPOKE__AIRFLOW__ALERT_WEBHOOK", "http://127.0.0.1:1/")
    settings.cache_clear()
    try:
        dag = runpy.run_path(str(ROOT / "dags" / "nightly.py"))["nightly"]
    finally:
        settings.cache_clear()
    (due,) = dag.deadline
    assert due.interval == timedelta(minutes=240)


def test_one_run_at_a_time_with_backoff_and_an_alert(nightly: Any) -> None:
    from jobs.cli.alert import alert

    assert nightly.max_active_runs == 1
    assert nightly.catchup is False
    for task in nightly.tasks:
        assert task.retries == 2
        assert task.retry_delay == timedelta(seconds=60)
        assert task.retry_exponential_backoff == 2.0
        callbacks = task.on_failure_callback
        assert callbacks in (alert, [alert])


@pytest.mark.parametrize(
    ("schedule", "as_of", "start", "end"),
    [
        ("0 2 * * *", "2026-08-29", "2026-08-29T02:00Z", "2026-08-30T02:00Z"),
        ("30 23 * * *", "2024-02-29", "2024-02-29T23:30Z", "2024-03-01T23:30Z"),
        ("0 0 * * *", "2011-12-09", "2011-12-09T00:00Z", "2011-12-10T00:00Z"),
    ],
)
def test_a_run_by_hand_has_the_interval_that_ends_on_the_day_after(
    schedule: str, as_of: str, start: str, end: str
) -> None:
    from airflow.sdk import CronDataIntervalTimetable
    from airflow.serialization.encoders import coerce_to_core_timetable
    from pendulum import instance

    from jobs.cli.airflow import logical_date

    timetable = CronDataIntervalTimetable(schedule, timezone="UTC")
    found = logical_date(timetable, date.fromisoformat(as_of))
    core = coerce_to_core_timetable(timetable)
    interval = core.infer_manual_data_interval(run_after=instance(found))
    assert interval.start == datetime.fromisoformat(start)
    assert interval.end == datetime.fromisoformat(end)
    assert found not in (interval.start, interval.end)


def test_a_day_that_the_schedule_leaves_out_is_refused() -> None:
    from airflow.sdk import CronDataIntervalTimetable

    from jobs.cli.airflow import AirflowError, logical_date

    mondays = CronDataIntervalTimetable("0 2 * * 1", timezone="UTC")
    with pytest.raises(AirflowError, match="no run on 2026-08-30"):
        logical_date(mondays, date(2026, 8, 29))


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        ({"data_interval_end": datetime(2026, 8, 30, 2, tzinfo=UTC)}, "2026-08-29"),
        # A second before midnight in London, where the day has 23 hours.
        ({"data_interval_end": datetime(2026, 3, 29, 22, 59, 59, tzinfo=UTC)}, "2026-03-28"),
        ({"data_interval_end": datetime(2026, 3, 29, 23, tzinfo=UTC)}, "2026-03-29"),
        # Triggered without a logical date: no interval.
        ({}, "2026-09-01"),
        ({"data_interval_end": None}, "2026-09-01"),
    ],
)
def test_the_business_day_is_the_last_that_has_ended_when_the_interval_does(
    nightly: Any, context: dict[str, Any], expected: str
) -> None:
    class Asked:
        run_after = datetime(2026, 9, 2, 14, 30, tzinfo=UTC)

    template = nightly.task_dict["ingest"].op_kwargs["wanted"]
    environment = nightly.get_template_env()
    macros = nightly.user_defined_macros
    assert environment.from_string(template).render(dag_run=Asked, **macros, **context) == expected


def test_submitting_without_the_provider_says_what_to_install(tmp_path: Path) -> None:
    pytest.importorskip("airflow")
    # Also where the provider is installed: None in its place makes importing it fail.
    absent = "import sys; sys.modules['airflow.providers.apache.spark'] = None; import dags.nightly"
    done = subprocess.run(
        [sys.executable, "-c", absent],
        env=os.environ
        | {
            "AIRFLOW_HOME": str(tmp_path),
            "PYTHONPATH": str(ROOT),
            "BESPOKE__AIRFLOW__SUBMIT": "spark_submit",
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "install the extra `cluster`" in done.stderr.splitlines()[-1]
