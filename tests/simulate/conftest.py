"""One small world for all tests of the simulator, dirtier than the default."""

from datetime import date

import pytest
from pyspark.sql import SparkSession

from jobs.simulate.settings import SimulateSettings
from jobs.simulate.world import simulate
from tests.simulate.landed import Landed


@pytest.fixture(scope="session")
def settings() -> SimulateSettings:
    return SimulateSettings(
        people=240,
        days=5,
        products=150,
        first_day=date(2026, 6, 4),
        bad_row_share=0.06,
        duplicate_share=0.03,
        late_share=0.05,
    )


@pytest.fixture(scope="session")
def world(
    spark: SparkSession, settings: SimulateSettings, tmp_path_factory: pytest.TempPathFactory
) -> Landed:
    home = tmp_path_factory.mktemp("world")
    simulate(spark, settings, home / "landing", home / "truth")
    return Landed(settings, home / "landing", home / "truth")
