"""Days as calendars and clocks have them: which day a row is of, and when it is too new or too old.

The shop's file of a day says times of its own zone, without an offset, and some with one.
"""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs.ingest.canonical import REASONS, canonical
from jobs.ingest.catalogue import Source
from jobs.ingest.mapping import Mapping
from tests.ingest.shop import SOURCE

FEED = {
    **SOURCE["feeds"]["lines"],  # type: ignore[index]
    "limits": {"bad_rows": 1, "oldest_days": 1},
}
RAW = (
    "line bigint, raw map<string,string>, corrupt string, file string, file_id string, "
    "known_from date, source string, batch_id string, loaded_on date, run_id string, "
    "record_id string, tokens map<string,string>, sealed map<string,string>, "
    "generation int, place int"
)


def mapped(spark: SparkSession, zone: str, day: str, times: list[str]) -> DataFrame:
    """Rows of one file of a day, as :func:`canonical` makes them; nothing later is let pass."""
    source = Source.model_validate({**SOURCE, "time_zone": zone, "feeds": {"lines": FEED}})
    known = date.fromisoformat(day)
    sale = {"who": "7", "sku": "P1", "pieces": "1", "price": "1.00", "kind": "sale", "cur": "GBP"}
    of_file = ("lines.csv", "f", known, "shop.lines", "b", known, "r", None, None, None, 1, 1)
    rows = [
        (n, {"order": f"A{n}", "line": "1", "at": text, **sale}, None, *of_file)
        for n, text in enumerate(times)
    ]
    mapping = Mapping("shop.lines", source, source.feeds["lines"], source, timedelta(0))
    return canonical(spark.createDataFrame(rows, RAW), mapping)


# A file of a day of that zone: what it says, when that is (UTC), and the business day.
TIMES = {
    ("Europe/London", "2026-03-29"): [
        # The day of 23 hours: the one from 01:00 is left out.
        ("2026-03-29 00:00:00", "2026-03-29 00:00", "2026-03-29"),
        ("2026-03-29 00:59:59", "2026-03-29 00:59", "2026-03-29"),
        ("2026-03-29 01:30:00", "2026-03-29 01:30", "2026-03-29"),
        ("2026-03-29 02:00:00", "2026-03-29 01:00", "2026-03-29"),
        ("2026-03-29 23:59:59", "2026-03-29 22:59", "2026-03-29"),
        ("2026-03-30 00:00:00", "future", None),
        ("2026-03-29T22:59:59Z", "2026-03-29 22:59", "2026-03-29"),
        ("2026-03-29T23:00:00Z", "future", None),
        ("2026-03-28 23:59:59", "old", None),
    ],
    ("Europe/London", "2026-10-25"): [
        # The day of 25 hours: the one from 01:00 is there twice, and without an offset the first.
        ("2026-10-25 00:00:00", "2026-10-24 23:00", "2026-10-25"),
        ("2026-10-25 01:30:00", "2026-10-25 00:30", "2026-10-25"),
        ("2026-10-25 01:30:00+01:00", "2026-10-25 00:30", "2026-10-25"),
        ("2026-10-25 01:30:00+00:00", "2026-10-25 01:30", "2026-10-25"),
        ("2026-10-25 23:59:59", "2026-10-25 23:59", "2026-10-25"),
        ("2026-10-26 00:00:00", "future", None),
        ("2026-10-24 23:59:59", "old", None),
    ],
    ("America/Los_Angeles", "2028-02-29"): [
        ("2028-02-29 00:00:00", "2028-02-29 08:00", "2028-02-29"),
        # The evening there is the next day, and month, in UTC.
        ("2028-02-29 23:59:59", "2028-03-01 07:59", "2028-02-29"),
        ("2028-03-01T07:59:59Z", "2028-03-01 07:59", "2028-02-29"),
        ("2028-03-01 00:00:00", "future", None),
        ("2028-02-28 23:59:59", "old", None),
    ],
    ("Asia/Tokyo", "2026-12-31"): [
        ("2026-12-31 00:00:00", "2026-12-30 15:00", "2026-12-31"),
        ("2026-12-31 23:59:59", "2026-12-31 14:59", "2026-12-31"),
        ("2027-01-01 00:00:00", "future", None),
        ("2026-12-31T15:00:00Z", "future", None),
    ],
    ("Pacific/Auckland", "2026-04-05"): [
        ("2026-04-05 00:00:00", "2026-04-04 11:00", "2026-04-05"),
        ("2026-04-05 02:30:00", "2026-04-04 13:30", "2026-04-05"),
        ("2026-04-05 02:30:00+12:00", "2026-04-04 14:30", "2026-04-05"),
        ("2026-04-05 23:59:59", "2026-04-05 11:59", "2026-04-05"),
        ("2026-04-06 00:00:00", "future", None),
        ("2026-04-04 23:59:59", "old", None),
    ],
    ("Pacific/Auckland", "2026-09-30"): [
        ("2026-09-30 00:00:00", "2026-09-29 11:00", "2026-09-30"),
        ("2026-10-01 00:00:00", "future", None),
    ],
}


@pytest.mark.parametrize(("zone", "day"), TIMES)
def test_a_row_is_of_the_day_that_the_shops_clocks_show(
    spark: SparkSession, zone: str, day: str
) -> None:
    expected = TIMES[zone, day]
    frame = mapped(spark, zone, day, [text for text, _, _ in expected])
    at = F.date_format("ordered_at", "yyyy-MM-dd HH:mm")
    day_of = F.col("order_date").cast("string")
    found = []
    for text, row in zip(
        (text for text, _, _ in expected),
        frame.orderBy("line").select(at.alias("at"), day_of.alias("day"), REASONS).collect(),
        strict=True,
    ):
        bad = "".join(row[REASONS])
        wrong = {"in the future": "future", "too old": "old"}
        said = next((word for words, word in wrong.items() if words in bad), None)
        found.append((text, said, None) if said else (text, row["at"], row["day"]))
    assert found == expected


@pytest.mark.parametrize("text", ["2027-02-29 10:00:00", "2026-04-31 10:00:00", "2100-02-29"])
def test_a_day_that_there_is_not_is_refused(spark: SparkSession, text: str) -> None:
    (row,) = mapped(spark, "UTC", "2026-03-02", [text]).select(REASONS).collect()
    assert row[REASONS][0] == f"ordered_at: not a timestamp: '{text}'"
