"""A run with a deadline is cleared in a real database of Airflow's."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_tasks_are_cleared_before_the_deadline_has_passed(tmp_path: Path) -> None:
    own = {
        "BESPOKE_HOME": str(tmp_path / "home"),
        "BESPOKE_SOURCE": "demo",
        "BESPOKE__AIRFLOW__ALERT_WEBHOOK": "http://127.0.0.1:1/",
    }

    def airflow(*words: str) -> str:
        command = [str(Path(sys.executable).with_name("bespoke")), "airflow", *words]
        done = subprocess.run(
            command, env=os.environ | own, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    airflow("dags", "reserialize")
    airflow("dags", "trigger", "nightly", "--logical-date", "2026-06-03T03:00:00Z")
    said = airflow("tasks", "clear", "--yes", "nightly")
    assert "already registered" not in said
    states = airflow("dags", "list-runs", "nightly", "--output", "plain")
    assert "queued" in states
