"""A lake without Spark, and rounds of maintenance over it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from jobs.lake.store import Lake
from jobs.lake.tables.ops import PUBLICATIONS
from jobs.lake.tables.serving import RECOMMENDATIONS
from jobs.maintenance.settings import MaintenanceSettings
from jobs.maintenance.upkeep import Upkeep
from tests.maintenance.lists import Show


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "home" / "lake")


@pytest.fixture
def upkeep(lake: Lake) -> Upkeep:
    return Upkeep(lake, MaintenanceSettings(), "test:now", datetime.now(UTC))


@pytest.fixture
def show(lake: Lake) -> Show:
    """Let a night be the one that is shown, at the version that the lists have by now."""

    def move(night: date) -> int:
        version = lake.version(RECOMMENDATIONS)
        row = {
            "surface": "recommendations",
            "as_of": night,
            "action": "publish",
            "table_version": version,
            "sequence": lake.rows(PUBLICATIONS).num_rows + 1,
            "recorded_at": datetime.now(UTC),
        }
        lake.append_rows(PUBLICATIONS, [row])
        return version

    return move
