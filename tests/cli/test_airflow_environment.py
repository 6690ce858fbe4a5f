"""Airflow on one machine: its variables, and that it can be told otherwise."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from jobs.cli.airflow import environment
from jobs.cli.server import COMPONENTS, _make_password, _secrets
from jobs.lake.settings import load_settings


def test_it_is_small_and_on_loopback(own_home: Path) -> None:
    found = environment(8123)
    assert found["AIRFLOW_HOME"] == str(own_home / "airflow")
    assert found["AIRFLOW__API__HOST"] == "127.0.0.1"
    assert found["AIRFLOW__API__PORT"] == "8123"
    assert found["AIRFLOW__CORE__PARALLELISM"] == "2"
    assert found["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://127.0.0.1:8123/execution/"
    assert found["AIRFLOW__USAGE_DATA_COLLECTION__ENABLED"] == "False"
    assert str(own_home) in found["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"]
    # The scheduler's log server knows no address but all of them.
    assert "--skip-serve-logs" in COMPONENTS["scheduler"]


def test_what_the_user_sets_stays_but_for_the_home(
    own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "postgresql://db/airflow")
    monkeypatch.setenv("AIRFLOW_HOME", "/elsewhere")
    found = environment(8080)
    assert found["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] == "postgresql://db/airflow"
    assert found["AIRFLOW_HOME"] == str(own_home / "airflow")


def test_a_clusters_database_and_connection_are_its_profiles(
    own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = load_settings(
        environment={
            "BESPOKE_PROFILE": "cluster",
            "BESPOKE__SPARK__MASTER": "spark://one:7077,two:7077",
        }
    )
    monkeypatch.setattr("jobs.cli.airflow.settings", lambda: chosen)
    found = environment(8080)
    assert found["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] == chosen.airflow.database
    connection = json.loads(found["AIRFLOW_CONN_SPARK_DEFAULT"])
    assert connection["host"] == "spark://one:7077,two:7077"
    assert connection["extra"]["deploy-mode"] == "client"


def test_one_machine_has_no_connection_to_a_cluster(own_home: Path) -> None:
    assert not any(name.startswith("AIRFLOW_CONN_") for name in environment(8080))


def test_keys_and_password_are_made_once_and_are_their_owners(tmp_path: Path) -> None:
    keys = _secrets(tmp_path / "secrets.json")
    assert _secrets(tmp_path / "secrets.json") == keys
    _make_password(tmp_path / "passwords.json")
    password = json.loads((tmp_path / "passwords.json").read_text())["admin"]
    _make_password(tmp_path / "passwords.json")
    assert json.loads((tmp_path / "passwords.json").read_text()) == {"admin": password}
    for path in tmp_path.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
