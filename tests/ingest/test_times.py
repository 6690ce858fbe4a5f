"""Times of files: with a zone they keep it, without one they are the shop's."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from jobs.ingest.catalogue import Source
from jobs.ingest.mapping import Mapping
from jobs.ingest.parts import Mapped
from jobs.ingest.typed import _cast
from tests.ingest.shop import SOURCE

SHOP = Source.model_validate({**SOURCE, "time_zone": "America/New_York"})
FEED = SHOP.feeds["lines"]
MAPPING = Mapping("shop.lines", SHOP, FEED, SHOP, timedelta(0))


@pytest.mark.parametrize(
    ("text", "pattern", "utc"),
    [
        ("2026-03-02 09:00:00", None, "2026-03-02 14:00:00"),
        ("2026-03-02T09:00:00Z", None, "2026-03-02 09:00:00"),
        ("2026-03-02 09:00:00+00", None, "2026-03-02 09:00:00"),
        ("2026-03-02 09:00:00.123+01:00", None, "2026-03-02 08:00:00"),
        ("2026-03-02 09:00:00 UTC", None, "2026-03-02 09:00:00"),
        ("2026-03-02 09:00:00 Europe/Paris", None, "2026-03-02 08:00:00"),
        ("02-03-2026", "dd-MM-yyyy", "2026-03-02 05:00:00"),
        ("02.03.2026 09:00 +0100", "dd.MM.yyyy HH:mm XX", "2026-03-02 08:00:00"),
        ("2026-03-02X09:00", "yyyy-MM-dd'X'HH:mm", "2026-03-02 14:00:00"),
    ],
)
def test_a_zone_is_applied_once(
    spark: SparkSession, text: str, pattern: str | None, utc: str
) -> None:
    mapped = Mapped(expr="at", format=pattern)
    frame = spark.createDataFrame([(text,)], "at string")
    moment = _cast(F.col("at"), mapped, "timestamp", MAPPING)
    assert frame.select(F.date_format(moment, "yyyy-MM-dd HH:mm:ss")).first()[0] == utc  # type: ignore[index]


def test_a_second_source_of_a_set_has_the_sets_zone_and_currency_unless_it_says_so() -> None:
    bare = Source.model_validate({k: v for k, v in SOURCE.items() if k != "time_zone"})
    own = Source.model_validate({**SOURCE, "time_zone": "Europe/Paris", "currency": "EUR"})
    named = {s.time_zone: Mapping("more.lines", s, FEED, SHOP, timedelta(0)) for s in (bare, own)}
    assert named["UTC"].time_zone == "America/New_York"
    assert (named["Europe/Paris"].time_zone, named["Europe/Paris"].currency) == (
        "Europe/Paris",
        "EUR",
    )
