"""Resolution of rows to persons."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession

from jobs.identity.resolve import identifier_of, with_person
from jobs.lake.tables.identity import IDENTIFIERS
from jobs.lake.tables.silver import EVENTS
from tests.rows import rows


def test_the_strongest_identifier_names_the_row(spark: SparkSession) -> None:
    events = rows(
        spark,
        EVENTS,
        [
            {"event_id": "1", "login": "ann", "customer_no": "7", "cookie_id": "c"},
            {"event_id": "2", "customer_no": "7", "device_id": "d"},
            {"event_id": "3", "login": "", "device_id": "d", "cookie_id": "c"},
            {"event_id": "4", "device_id": "d"},
            {"event_id": "5"},
        ],
    )
    named = events.select("event_id", identifier_of(*events.columns).alias("identifier"))
    assert {row.event_id: row.identifier for row in named.collect()} == {
        "1": "login:ann",
        "2": "customer_no:7",
        "3": "cookie:c",
        "4": "device:d",
        "5": None,
    }


def test_columns_without_an_identifier_are_refused() -> None:
    with pytest.raises(ValueError, match="names anybody"):
        identifier_of("amount", "currency")


def test_rows_without_a_known_identifier_have_no_person(spark: SparkSession) -> None:
    identifiers = rows(spark, IDENTIFIERS, [{"identifier": "login:ann", "person_id": "p_1"}])
    events = rows(
        spark,
        EVENTS,
        [
            {"event_id": "1", "identifier": "login:ann"},
            {"event_id": "2", "identifier": "login:bob"},
            {"event_id": "3"},
        ],
    )
    resolved = with_person(events, identifiers)
    assert {row.event_id: row.person_id for row in resolved.collect()} == {
        "1": "p_1",
        "2": None,
        "3": None,
    }


def test_a_row_is_of_whom_its_identifier_was_at_the_time(spark: SparkSession) -> None:
    tablet = {"identifier": "device:d", "type": "device"}
    identifiers = rows(
        spark,
        IDENTIFIERS,
        [
            {"identifier": "login:ann", "person_id": "p_1"},
            tablet | {"person_id": "p_1", "valid_to": "2026-03-01 10:00"},
            tablet | {"person_id": "p_2", "valid_from": "2026-03-01 10:00"},
        ],
    )
    times = ("2026-03-01 09:59", "2026-03-01 10:00", None)
    events = rows(
        spark,
        EVENTS,
        [
            {"event_id": f"{name} {at}", "identifier": name, "occurred_at": at}
            for name in ("device:d", "login:ann")
            for at in times
        ],
    )
    assert [
        row.person_id
        for row in with_person(events, identifiers, "occurred_at").orderBy("event_id").collect()
    ] == ["p_1", "p_2", None, "p_1", "p_1", "p_1"]
    # Without a time it tells nobody, and no row comes out twice.
    assert [
        row.person_id for row in with_person(events, identifiers).orderBy("event_id").collect()
    ] == [None, None, None, "p_1", "p_1", "p_1"]
