"""The night's matching, by a model in MLflow."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from jobs.identity.match import match
from jobs.lake.run import Run
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
