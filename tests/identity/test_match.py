"""The night's matching, by a model in MLflow."""

from __future__ import annotations

from pathlib import Path

import pytest
from mlflow import MlflowClient
from pyspark.sql import SparkSession

from jobs.identity.decided import MERGE, SPLIT, decide
from jobs.identity.match import match
from jobs.identity.vault import Vault
from jobs.lake.run import Run
from jobs.lake.runner import recorded
from jobs.lake.settings import load_settings
from jobs.lake.store import Lake
from jobs.lake.tables.matching import BLOCKS, MATCHES
from tests.report.identity_lake import NIGHT, IdentityLake

pytestmark = pytest.mark.slow


def test_after_an_upgrade_that_compares_otherwise_a_model_is_trained_and_all_is_weighed_anew(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = IdentityLake.unweighed(tmp_path).people
    wanted = {
        "BESPOKE_SOURCE": "demo",
        "BESPOKE_HOME": str(tmp_path),
        "BESPOKE__IDENTITY__MATCHING__TRAIN_FROM": "50",
    }
    lake = Lake(tmp_path / "lake", spark)
    run = Run(load_settings(environment=wanted), lake, NIGHT)
    with monkeypatch.context() as before:
        for module in ("match", "matching.matcher"):
            before.setattr(f"jobs.identity.{module}.FORMAT", 1)
        match(run)
    first = lake.rows(MATCHES).to_pandas()
    assert set(first["model"]) == {1} and len(first) > 20
    match(run)
    match(run)
    rows = lake.rows(MATCHES).to_pandas().sort_values(["left_id", "right_id"])
    assert set(rows["model"]) == {2}
    assert list(rows["weight"]) == list(first.sort_values(["left_id", "right_id"])["weight"])
    assert len(lake.rows(BLOCKS, [("model", "=", 2)])) == len(people)


def test_what_stewards_have_decided_of_records_is_learnt_from(
    spark: SparkSession, tmp_path: Path
) -> None:
    people = IdentityLake.unweighed(tmp_path).people
    lake = Lake(tmp_path / "lake", spark)
    ids = sorted(people["id"])
    node = [f"record:{record}" for record in ids]
    decide(lake, MERGE, node[:1], node[1:2], why="seen in the shop")
    decide(lake, SPLIT, node[2:3], node[3:4], why="brothers")
    # Of numbers nothing follows for how alike two records are.
    decide(lake, MERGE, ["login:a"], ["customer_no:1"], why="said so")
    wanted = {
        "BESPOKE_SOURCE": "demo",
        "BESPOKE_HOME": str(tmp_path),
        "BESPOKE__IDENTITY__MATCHING__TRAIN_FROM": "50",
    }
    run = Run(load_settings(environment=wanted), lake, NIGHT)
    with recorded(run, "match") as record:
        vault = Vault.of(run, record)
        assert vault.labels == [(ids[0], ids[1], True), (ids[2], ids[3], False)]
    match(run)
    (trained,) = MlflowClient(f"sqlite:///{tmp_path / 'mlflow.db'}").search_runs(["1"])
    assert trained.data.metrics["labels"] == 2
