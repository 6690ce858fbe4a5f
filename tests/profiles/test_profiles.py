"""Profiles: every column, from rows written by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from jobs.lake.tables.gold import PROFILES
from jobs.lake.tables.identity import IDENTIFIERS, PERSONS
from jobs.lake.tables.silver import (
    CONSENTS,
    CUSTOMERS,
    EVENTS,
    FEEDBACK,
    MESSAGES,
    ORDER_LINES,
    PRODUCTS,
)
from jobs.profiles.activity import touchpoints, visits
from jobs.profiles.profiles import profiles
from jobs.profiles.settings import ProfilesSettings
from tests.rows import rows

NIGHT = date(2026, 3, 1)
RETAIL = ProfilesSettings()
Row = dict[str, Any]

SALE: Row = {
    "identifier": "login:ann",
    "order_id": "o1",
    "product_id": "tea",
    "kind": "sale",
    "order_date": "2025-12-01",
    "ordered_at": "2025-12-01 09:00",
    "quantity": "2",
    "amount_base": "10",
    "channel": "web",
}
IN_STORE = {
    "identifier": "customer_no:7",
    "order_id": "o2",
    "order_date": "2025-12-02",
    "ordered_at": "2025-12-02 09:00",
    "channel": "store",
}
AT_NIGHT = {
    "order_id": "o3",
    "order_date": "2026-03-01",
    "ordered_at": "2026-03-01 18:00",
    "channel": "store",
}
VIEW: Row = {
    "identifier": "login:ann",
    "type": "product_view",
    "session_id": "s1",
    "event_date": "2026-01-31",
    "occurred_at": "2026-01-31 10:00",
    "dwell_ms": 1600,
}
TOLD_LATE = {"known_from": "2026-03-02"}

SOURCES: dict[str, list[Row]] = {
    "identifiers": [
        {"identifier": "record:crm:1", "type": "record", "person_id": "p_ann"},
        {"identifier": "record:shop:1", "type": "record", "person_id": "p_ann"},
        {"identifier": "login:ann", "type": "login", "person_id": "p_ann"},
        {"identifier": "customer_no:7", "type": "customer_no", "person_id": "p_ann"},
        {"identifier": "cookie:ann", "type": "cookie", "person_id": "p_ann"},
        {"identifier": "cookie:x", "type": "cookie", "person_id": "p_visitor"},
    ],
    "persons": [
        {"person_id": "p_ann", "kind": "known"},
        {"person_id": "p_visitor", "kind": "anonymous"},
        {"person_id": "p_quiet", "kind": "known"},
    ],
    "customers": [
        {
            "record_id": "crm:1",
            "country": "GB",
            "email_token": "ann",
            "registered_at": "2024-05-01 22:00",
        },
        {
            "record_id": "shop:1",
            "country": "IE",
            "registered_at": "2024-06-01",
            "updated_at": "2025-01-01",
        },
    ],
    "order_lines": [
        SALE,
        # One order from two accounts of one person, of the day before the 90 days.
        SALE | {"identifier": "customer_no:7", "product_id": "pot", "amount_base": "10"},
        # The first day of the last 90.
        SALE | IN_STORE,
        SALE | AT_NIGHT | {"product_id": "pot", "quantity": None},
        SALE | AT_NIGHT | {"product_id": "new", "quantity": "0.6", "amount_base": "3.5"},
        SALE | AT_NIGHT | {"product_id": "post", "amount_base": "4"},
        SALE | AT_NIGHT | {"kind": "return", "quantity": "-1", "amount_base": "-5"},
        SALE | {"order_id": "o1", "kind": "cancellation", "amount_base": "-1"},
        SALE | AT_NIGHT | {"kind": "adjustment", "amount_base": "-100"},
        SALE | {"order_id": "o9", "order_date": "2026-03-02", "ordered_at": "2026-03-02"},
        SALE | {"order_id": "late"} | TOLD_LATE,
    ],
    "products": [
        {"product_id": "tea", "item_type": "product", "department": "kitchen"},
        {"product_id": "pot", "item_type": "product", "department": "garden"},
        {"product_id": "post", "item_type": "service", "department": "post"},
    ],
    "events": [
        # The day before the last 30, then the first of them.
        VIEW | {"event_date": "2026-01-30", "session_id": "s0"},
        VIEW,
        VIEW | {"identifier": "cookie:ann", "type": "search", "dwell_ms": 9000},
        VIEW | {"type": "add_to_cart", "dwell_ms": None},
        VIEW | {"type": "hover", "session_id": None},
        VIEW | {"event_date": "2026-03-02", "occurred_at": "2026-03-02"},
        VIEW | {"session_id": "late"} | TOLD_LATE,
        VIEW | {"type": "email_open", "message_id": "m2", "session_id": None} | TOLD_LATE,
        VIEW | {"identifier": "cookie:x", "session_id": "s2", "occurred_at": "2026-01-31"},
        VIEW | {"type": "email_open", "message_id": "m1", "session_id": None},
        VIEW | {"type": "email_open", "message_id": "m1", "session_id": None},
        VIEW | {"type": "email_click", "message_id": "m1", "session_id": None},
        VIEW | {"type": "email_open", "message_id": "other system", "session_id": None},
    ],
    "messages": [
        {"message_id": "m1", "identifier": "customer_no:7", "sent_at": "2026-01-30"},
        {"message_id": "m2", "identifier": "customer_no:7", "sent_at": "2026-02-01"},
        {"message_id": "m3", "identifier": "customer_no:7", "sent_at": "2026-03-02"},
        {"message_id": "m4", "identifier": "customer_no:7", "sent_at": "2026-02-01"} | TOLD_LATE,
    ],
    "consents": [
        {
            "consent_id": "1",
            "identifier": "customer_no:7",
            "purpose": "marketing",
            "status": "granted",
            "occurred_at": "2026-01-01",
        },
        {
            "consent_id": "2",
            "identifier": "login:ann",
            "purpose": "personalization",
            "status": "withdrawn",
            "occurred_at": "2026-01-01",
        },
    ],
    "feedback": [
        {"identifier": "login:ann", "rating": 5, "written_at": "2026-02-01"},
        {"identifier": "customer_no:7", "rating": 2, "written_at": "2026-03-01 23:00"},
        {"identifier": "login:ann", "rating": 1, "written_at": "2026-03-02"},
        {"identifier": "login:ann", "rating": 1, "written_at": "2026-02-01"} | TOLD_LATE,
    ],
}
TABLES = (
    IDENTIFIERS,
    PERSONS,
    CUSTOMERS,
    ORDER_LINES,
    EVENTS,
    MESSAGES,
    CONSENTS,
    FEEDBACK,
    PRODUCTS,
)

NOTHING = {
    column.name: None if column.nullable or column.type == "string" else 0
    for column in PROFILES.columns
}
ANN = {
    "person_id": "p_ann",
    "as_of": NIGHT,
    "kind": "known",
    "country": "IE",
    "registered_on": date(2024, 5, 1),
    "first_order_on": date(2025, 12, 1),
    "last_order_on": NIGHT,
    "days_since_order": 0,
    "orders": 3,
    # 2 + 2 + 2, one of unknown quantity, and 0.6 rounded with them.
    "items": 8,
    "products": 3,
    "returned_lines": 2,
    "gross_revenue": Decimal("43.5000"),
    "net_revenue": Decimal("37.5000"),
    "average_order_value": Decimal("14.5000"),
    "order_interval_days": 45.0,
    "orders_90d": 2,
    "net_revenue_90d": Decimal("18.5000"),
    # Two lines of tea and of pots for 20 each: the smaller name.
    "top_department": "garden",
    "top_product": "pot",
    "main_channel": "store",
    "sessions": 2,
    "sessions_30d": 1,
    "product_views": 2,
    "searches": 1,
    "cart_adds": 1,
    "dwell_seconds": 3,
    "last_seen_at": datetime(2026, 3, 1, 18, tzinfo=UTC),
    "messages_sent": 2,
    "messages_opened": 2,
    "messages_clicked": 1,
    "reviews": 2,
    "average_rating": 3.5,
    "email_marketing": True,
    "personalization": False,
}
VISITOR = NOTHING | {
    "person_id": "p_visitor",
    "as_of": NIGHT,
    "kind": "anonymous",
    "sessions": 1,
    "sessions_30d": 1,
    "product_views": 1,
    "dwell_seconds": 1,
    "last_seen_at": datetime(2026, 1, 31, tzinfo=UTC),
    "email_marketing": False,
    "personalization": False,
}
QUIET = NOTHING | {
    "person_id": "p_quiet",
    "as_of": NIGHT,
    "kind": "known",
    "email_marketing": False,
    "personalization": False,
}


def run(spark: SparkSession, settings: ProfilesSettings, *, turned: bool = False) -> DataFrame:
    """Profiles of the rows above, given in their order or turned round."""
    step = -1 if turned else 1
    frames = {table: rows(spark, table, SOURCES[table.name][::step]) for table in TABLES}
    events = frames.pop(EVENTS)
    given = list(frames.values())
    # Where the job takes the events, summed up.
    given[4:4] = [visits(events), touchpoints(events)]
    return PROFILES.conform(profiles(*given, as_of=NIGHT, settings=settings))


def by_person(frame: DataFrame) -> dict[str, Row]:
    """Rows by person, times in UTC (collected ones are naive, in the machine's zone)."""
    found = {row.person_id: row.asDict() for row in frame.collect()}
    for row in found.values():
        if row["last_seen_at"] is not None:
            row["last_seen_at"] = row["last_seen_at"].astimezone(UTC)
    return found


@pytest.fixture(scope="module")
def found(spark: SparkSession) -> dict[str, Row]:
    """Profiles by person."""
    return by_person(run(spark, RETAIL))


@pytest.mark.parametrize("expected", [ANN, VISITOR, QUIET], ids=lambda row: row["person_id"])
def test_every_column_of_a_profile(found: dict[str, Row], expected: Row) -> None:
    assert found[expected["person_id"]] == expected


def test_assumed_purposes_hold_for_known_persons_who_did_not_say_no(
    spark: SparkSession, found: dict[str, Row]
) -> None:
    assumed = ProfilesSettings(assumed_purposes=("marketing", "personalization"))
    agreed = by_person(run(spark, assumed, turned=True))
    said = {
        person: (row["email_marketing"], row["personalization"]) for person, row in agreed.items()
    }
    assert said == {
        "p_ann": (True, False),
        "p_visitor": (False, False),
        "p_quiet": (True, True),
    }
    # All else is the same, whatever the order of the rows.
    same = {"email_marketing": None, "personalization": None}
    assert {p: r | same for p, r in agreed.items()} == {p: r | same for p, r in found.items()}
