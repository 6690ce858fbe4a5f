"""Quality gates: who is told of a rule that only warns."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from jobs.lake.quality import QualityError, judge
from jobs.lake.run import Run
from jobs.lake.settings import load_settings
from jobs.lake.store import Lake
from jobs.lake.tables.ops import QUALITY
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


def test_a_feed_that_died_is_not_forgotten(tmp_path: Path, spark: SparkSession) -> None:
    run = Run(load_settings(environment={"BESPOKE_SOURCE": "demo"}), Lake(tmp_path, spark), NIGHT)
    assert run.settings.quality.volume_nights < 40
    run.lake.append_rows(
        QUALITY,
        [
            {
                "run_id": f"nightly:{NIGHT - timedelta(days=back)}",
                "as_of": NIGHT - timedelta(days=back),
                "table": ORDER_LINES.id,
                "rule": "volume",
                "passed": True,
                "released": False,
                "severity": "warn",
                "rows": 9 if back == 40 else 0,
                "recorded_at": datetime.now(UTC),
            }
            for back in range(1, 41)
        ],
    )
    with pytest.raises(QualityError, match="not_stale"):
        judge(run, ORDER_LINES, rows(spark, ORDER_LINES, []))
