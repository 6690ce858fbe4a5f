"""Links: which pairs a night's rows show."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from jobs.identity.links import links
from jobs.lake.store import Lake
from jobs.lake.tables.identity import LINKS
from jobs.lake.tables.silver import (
    CONSENTS,
    CUSTOMERS,
    EVENTS,
    FEEDBACK,
    MESSAGES,
    ORDER_LINES,
)
from tests.rows import dicts, rows

NIGHT = date(2026, 3, 1)

Feeds = dict[str, list[dict[str, Any]]]


def run(
    spark: SparkSession,
    *,
    as_of: date = NIGHT,
    earlier: DataFrame | None = None,
    **feeds: list[dict[str, Any]],
) -> DataFrame:
    """Run the job on hand-written rows; feeds that are not given are empty."""
    frames = [
        rows(spark, table, feeds.get(table.name, []))
        for table in (CUSTOMERS, ORDER_LINES, EVENTS, CONSENTS, MESSAGES, FEEDBACK)
    ]
    frame = links(*frames, rows(spark, LINKS, []) if earlier is None else earlier, as_of=as_of)
    return LINKS.conform(frame)


def pairs(frame: DataFrame) -> set[tuple[str, str]]:
    """The pairs alone."""
    return {(row.left_id, row.right_id) for row in frame.collect()}


def test_all_identifiers_of_a_row_are_paired(spark: SparkSession) -> None:
    found = run(
        spark,
        customers=[
            {
                "record_id": "a.crm:1",
                "identifier": "record:a.crm:1",
                "customer_no": "7",
                "email_token": "e1",
                "registered_at": "2025-01-01 08:00",
            }
        ],
        events=[
            {
                "login": "ann",
                "device_id": "d1",
                "cookie_id": "c1",
                "identifier": "login:ann",
                "occurred_at": "2026-02-01 10:00",
            },
            {"cookie_id": "c2", "identifier": "cookie:c2", "occurred_at": "2026-02-01 11:00"},
        ],
        messages=[{"customer_no": "7", "email_token": "e2", "sent_at": "2026-02-02 06:00"}],
    )
    assert pairs(found) == {
        ("customer_no:7", "record:a.crm:1"),
        ("email:e1", "record:a.crm:1"),
        ("device:d1", "login:ann"),
        ("cookie:c1", "login:ann"),
        ("cookie:c1", "device:d1"),
        ("cookie:c2", "cookie:c2"),
        ("customer_no:7", "email:e2"),
    }


def test_times_and_evidence_are_the_widest_seen(spark: SparkSession) -> None:
    earlier = rows(
        spark,
        LINKS,
        [
            {
                "left_id": "device:d1",
                "right_id": "login:ann",
                "evidence": "orders",
                "first_seen": "2026-01-01",
                "last_seen": "2026-02-20 09:00",
                "loaded_on": "2026-02-20",
            }
        ],
    )
    event = {"login": "ann", "device_id": "d1", "identifier": "login:ann"}
    found = run(
        spark,
        earlier=earlier,
        events=[
            {**event, "occurred_at": "2026-02-10 10:00"},
            {**event, "occurred_at": "2026-02-28 10:00"},
        ],
    )
    assert dicts(found.selectExpr("*", "string(first_seen) f", "string(last_seen) l"))[0] | {
        "first_seen": None,
        "last_seen": None,
    } == {
        "left_id": "device:d1",
        "right_id": "login:ann",
        "evidence": "events",
        "first_seen": None,
        "last_seen": None,
        "loaded_on": NIGHT,
        "version": "2026-03-01 000005047200000000 3",
        "f": "2026-01-01 00:00:00",
        "l": "2026-02-28 10:00:00",
    }


def test_the_same_night_again_changes_nothing(spark: SparkSession) -> None:
    feeds: dict[str, list[dict[str, Any]]] = {
        "order_lines": [
            {
                "customer_no": "7",
                "device_id": "d1",
                "identifier": "customer_no:7",
                "ordered_at": "2026-02-03",
            }
        ],
        "feedback": [{"identifier": "customer_no:9", "written_at": "2026-02-03 12:00"}],
    }
    once = run(spark, order_lines=feeds["order_lines"], feedback=feeds["feedback"])
    again = run(spark, earlier=once, order_lines=feeds["order_lines"], feedback=feeds["feedback"])
    assert dicts(again) == dicts(once)
    assert pairs(once) == {("customer_no:7", "device:d1"), ("customer_no:9", "customer_no:9")}


def test_a_record_without_times_is_seen_when_it_arrived(spark: SparkSession) -> None:
    found = run(
        spark,
        customers=[{"record_id": "a.crm:1", "known_from": "2026-02-05", "loaded_on": "2026-02-06"}],
    )
    assert [
        (r.left_id, r.right_id, r.seen)
        for r in found.selectExpr("left_id", "right_id", "string(first_seen) AS seen").collect()
    ] == [("record:a.crm:1", "record:a.crm:1", "2026-02-05 00:00:00")]


EVENING = date(2026, 3, 2)
ANN = {"login": "ann", "device_id": "d1", "identifier": "login:ann"}
BOB = {"login": "bob", "device_id": "d2", "identifier": "login:bob"}
FIRST: Feeds = {
    "events": [{**ANN, "occurred_at": "2026-02-10 10:00"}],
    "order_lines": [{**BOB, "ordered_at": "2026-02-11 10:00"}],
}
SECOND: Feeds = {"events": [{**ANN, "occurred_at": "2026-03-02 10:00"}]}
WITH_LATE: Feeds = {
    **FIRST,
    "events": [
        *FIRST["events"],
        {**ANN, "occurred_at": "2026-01-05 10:00"},
        {**BOB, "occurred_at": "2026-02-11 10:00"},
    ],
}


def after(spark: SparkSession, place: Path, nights: Sequence[tuple[date, Feeds]]) -> list[Any]:
    """Links that stand in a lake after these nights, each given by what its rows are."""
    lake = Lake(place, spark)
    for number, (as_of, feeds) in enumerate(nights):
        found = run(spark, as_of=as_of, earlier=lake.read(LINKS), **feeds)
        lake.merge(LINKS, found, unit=f"{number}")
    return dicts(lake.read(LINKS))


@pytest.mark.slow
def test_a_late_file_on_a_repeated_night_ends_as_a_clean_rebuild(
    spark: SparkSession, tmp_path: Path
) -> None:
    rebuilt = after(spark, tmp_path / "clean", [(NIGHT, WITH_LATE), (EVENING, SECOND)])
    assert [(r["first_seen"].isoformat(), r["evidence"]) for r in rebuilt] == [
        ("2026-01-05T10:00:00", "events"),
        ("2026-02-11T10:00:00", "events"),
    ]
    # The late file comes to the same night, before or after the next one has run.
    early = [(NIGHT, FIRST), (NIGHT, WITH_LATE), (EVENING, SECOND)]
    assert after(spark, tmp_path / "before", early) == rebuilt
    past = [(NIGHT, FIRST), (EVENING, SECOND), (NIGHT, WITH_LATE)]
    assert after(spark, tmp_path / "after", past) == rebuilt


@pytest.mark.slow
def test_a_repeated_night_writes_nothing(spark: SparkSession, tmp_path: Path) -> None:
    lake = Lake(tmp_path, spark)
    for unit in ("once", "again"):
        found = run(spark, earlier=lake.read(LINKS), **FIRST)
        written = lake.merge(LINKS, found, unit=unit)
    assert (written.inserted, written.updated) == (0, 0)
