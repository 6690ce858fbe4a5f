"""Quality gates: who is told of a rule that only warns."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from jobs.lake.quality import judge
from jobs.lake.run import Run
from jobs.lake.settings import load_settings
from jobs.lake.store import Lake
from jobs.lake.tables.silver import ORDER_LINES
from tests.expectations.good import GOOD, NIGHT
from tests.rows import rows

Hook = tuple[str, list[dict[str, Any]]]


def test_a_feed_that_is_late_is_told_outside(
    tmp_path: Path, spark: SparkSession, received: Hook
) -> None:
    address, told = received
    wanted = {"BESPOKE_SOURCE": "demo", "BESPOKE__AIRFLOW__ALERT_WEBHOOK": address}
    late = NIGHT + timedelta(days=5)
    run = Run(load_settings(environment=wanted), Lake(tmp_path / "lake", spark), late)
    values = [
        {name: v.format(c="a") if isinstance(v, str) else v for name, v in row.items()}
        for row in GOOD[ORDER_LINES.id]
    ]
    judge(run, ORDER_LINES, rows(spark, ORDER_LINES, values))
    (said,) = told
    assert said["text"].startswith(f"nightly:{late}: silver.order_lines: not_late")
    assert (said["table"], said["rule"]) == ("silver.order_lines", "not_late")
