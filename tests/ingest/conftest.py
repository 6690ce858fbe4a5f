"""The shop after its two nights: what most tests of ingest look at, and none changes."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession

from tests.ingest.faults import first_night, second_night
from tests.ingest.shop import DAY, NEXT, Shop


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory, spark: SparkSession) -> Shop:
    """Two nights: the first with every fault, the second with what comes late or changed."""
    patch = pytest.MonkeyPatch()
    shop = Shop(tmp_path_factory.mktemp("shop"), spark)
    patch.setenv("BESPOKE_CONF", str(shop.conf))
    first_night(shop)
    shop.night(DAY)
    second_night(shop)
    shop.night(NEXT)
    patch.undo()
    return shop
