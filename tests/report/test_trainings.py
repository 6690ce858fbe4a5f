"""Figures of the model: the same from MLflow's file and from its client."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from jobs.report import trainings
from jobs.report.trainings import Training, read_trainings


def test_before_the_first_training_there_are_none(tmp_path: Path) -> None:
    assert read_trainings(tmp_path, None) == []


def test_a_file_of_other_tables_is_asked_through_the_client(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sqlite3.connect(tmp_path / "mlflow.db").execute("CREATE TABLE other (x)").connection.close()
    monkeypatch.setattr(trainings, "_of_client", lambda uri: [uri])
    assert read_trainings(tmp_path, None) == [f"sqlite:///{tmp_path / 'mlflow.db'}"]


def test_another_store_is_asked_through_the_client(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainings, "_of_client", lambda uri: [uri])
    assert read_trainings(tmp_path, "postgresql://db/mlflow") == ["postgresql://db/mlflow"]


@pytest.mark.slow
def test_the_file_says_what_the_client_says(tmp_path: Path) -> None:
    from mlflow import MlflowClient

    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    client = MlflowClient(tracking_uri=uri, registry_uri=uri)
    client.create_registered_model("recommender")
    experiment = client.create_experiment("e", artifact_location=tmp_path.as_uri())
    for number, ndcg in ((1, 0.05), (2, 0.06)):
        run = client.create_run(experiment).info.run_id
        client.log_metric(run, "ndcg_at_10_new_warm", ndcg)
        client.log_metric(run, "popularity_ndcg_at_10_new_warm", 0.03)
        client.log_metric(run, "coverage_at_10_new_warm", 0.9)
        tags = {
            "bespoke.trained_until": f"2026-08-0{number}",
            "bespoke.decision": "champion: better",
        }
        client.create_model_version("recommender", tmp_path.as_uri(), run_id=run, tags=tags)
    client.set_registered_model_alias("recommender", "champion", "2")
    read = read_trainings(tmp_path, None)
    assert read == trainings._of_client(uri)
    figures = {"ndcg": 0.05, "popularity_ndcg": 0.03}
    assert read[0] == Training(1, "2026-08-01", None, "champion: better", "new", figures)
    assert (read[1].alias, read[1].figures["ndcg"]) == ("champion", 0.06)
