"""Interactions: what counts, whose it is, and on which day."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from pyspark.sql import SparkSession

from jobs.lake.tables.gold import INTERACTIONS
from jobs.lake.tables.identity import IDENTIFIERS
from jobs.lake.tables.silver import EVENTS, FEEDBACK, MESSAGES, ORDER_LINES, PRODUCTS
from jobs.profiles.activity import touchpoints, visits
from jobs.profiles.behaviour import messages_by_person, visits_by_person
from jobs.profiles.interactions import interactions
from jobs.profiles.settings import ProfilesSettings
from tests.rows import rows

NIGHT = date(2026, 3, 1)


def test_rows_become_one_a_person_product_kind_and_day(spark: SparkSession) -> None:
    identifiers = rows(
        spark,
        IDENTIFIERS,
        [
            {"identifier": "login:ann", "person_id": "p_ann"},
            {"identifier": "cookie:ann", "person_id": "p_ann"},
        ],
    )
    products = rows(
        spark,
        PRODUCTS,
        [
            {"product_id": "tea", "item_type": "product"},
            {"product_id": "post", "item_type": "service"},
        ],
    )
    line = {
        "identifier": "login:ann",
        "product_id": "tea",
        "kind": "sale",
        "order_date": "2026-02-01",
        "quantity": "2",
        "amount_base": "5.00",
    }
    order_lines = rows(
        spark,
        ORDER_LINES,
        [
            line,
            line | {"quantity": "1", "amount_base": "2.50"},
            line | {"kind": "return", "quantity": "-1", "amount_base": "-2.50"},
            line | {"kind": "cancellation", "quantity": "-1", "amount_base": "-2.50"},
            line | {"kind": "adjustment"},
            line | {"product_id": "post"},
            line | {"product_id": "uncatalogued", "order_date": "2026-03-01"},
            line | {"order_date": "2026-03-02"},
            line | {"quantity": "4", "known_from": "2026-03-02"},
            line | {"product_id": None},
            line | {"identifier": None},
            line | {"identifier": "login:unknown"},
        ],
    )
    event = {
        "identifier": "login:ann",
        "type": "product_view",
        "product_id": "tea",
        "event_date": "2026-02-01",
    }
    events = rows(
        spark,
        EVENTS,
        [
            event,
            event | {"identifier": "cookie:ann"},
            event | {"type": "purchase"},
            event | {"type": "page_view"},
            event | {"type": "email_click", "event_date": "2026-03-01"},
            event | {"type": "add_to_cart", "product_id": "post"},
            event | {"type": "add_to_cart", "event_date": "2026-03-02"},
            event | {"type": "add_to_cart", "known_from": "2026-03-02"},
            event | {"known_from": "2026-03-01"},
            event | {"product_id": None},
            event | {"identifier": None, "message_id": "m1", "type": "email_click"},
            event | {"identifier": None, "message_id": "lost", "type": "email_click"},
        ],
    )
    sent = {"message_id": "m1", "identifier": "login:ann", "sent_at": "2026-02-01"}
    messages = rows(spark, MESSAGES, [sent])
    feedback = rows(
        spark,
        FEEDBACK,
        [
            {
                "identifier": "login:ann",
                "product_id": "tea",
                "written_at": "2026-02-01",
                "known_from": "2026-03-02",
            },
            {"identifier": "login:ann", "product_id": "tea", "written_at": "2026-03-01 23:59"},
            {"identifier": "login:ann", "product_id": "tea", "written_at": "2026-03-02 00:00"},
        ],
    )
    found = INTERACTIONS.conform(
        interactions(
            order_lines,
            touchpoints(events),
            messages,
            feedback,
            products,
            identifiers,
            as_of=NIGHT,
        )
    )
    first, last = date(2026, 2, 1), NIGHT
    assert sorted(tuple(row)[1:] for row in found.collect()) == [
        ("tea", "email_click", first, 1.0, None),
        ("tea", "email_click", last, 1.0, None),
        ("tea", "product_view", first, 3.0, None),
        ("tea", "purchase", first, 3.0, Decimal("7.5000")),
        ("tea", "return", first, 2.0, Decimal("-5.0000")),
        ("tea", "review", last, 1.0, None),
        ("uncatalogued", "purchase", last, 2.0, Decimal("5.0000")),
    ]
    assert {row.person_id for row in found.collect()} == {"p_ann"}


def test_a_click_in_a_message_is_of_whom_it_was_sent_to(spark: SparkSession) -> None:
    people = [
        {"identifier": f"login:{name}", "type": "login", "person_id": f"p_{name}"}
        for name in ("ann", "bob")
    ]
    click = {
        "identifier": "login:bob",
        "type": "email_click",
        "product_id": "tea",
        "event_date": "2026-02-01",
        "occurred_at": "2026-02-01",
    }
    clicks = [
        click | {"message_id": "to ann"},
        click | {"message_id": "to whom?"},
        click | {"message_id": "told of too late", "product_id": "pot"},
    ]
    messages = [
        {"message_id": "to ann", "identifier": "login:ann", "sent_at": "2026-02-01"},
        {
            "message_id": "told of too late",
            "identifier": "login:ann",
            "sent_at": "2026-02-01",
            "known_from": "2026-03-02",
        },
    ]
    identifiers, events, sent = (
        rows(spark, table, values)
        for table, values in ((IDENTIFIERS, people), (EVENTS, clicks), (MESSAGES, messages))
    )
    nothing = [rows(spark, table, []) for table in (ORDER_LINES, FEEDBACK, PRODUCTS)]
    lines, feedback, products = nothing
    touched = touchpoints(events)
    found = interactions(lines, touched, sent, feedback, products, identifiers, as_of=NIGHT)
    assert sorted((row.person_id, row.product_id, row.quantity) for row in found.collect()) == [
        ("p_ann", "tea", 1.0),
        ("p_bob", "pot", 1.0),
        ("p_bob", "tea", 1.0),
    ]
    counted = messages_by_person(sent, touched, identifiers, NIGHT)
    assert {row.person_id: row.messages_clicked for row in counted.collect()} == {
        "p_ann": 1,
        "p_bob": 2,
    }


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        # 1 March ends at eight in the morning of the 2nd there, and has 24 hours.
        ("America/Los_Angeles", [(date(2026, 2, 28), 1.0), (NIGHT, 2.0)]),
        ("Asia/Tokyo", [(NIGHT, 1.0)]),
        ("UTC", [(NIGHT, 2.0)]),
    ],
)
def test_a_review_is_of_the_day_that_it_was_in_the_shop(
    spark: SparkSession, zone: str, expected: list[tuple[date, float]]
) -> None:
    times = ("2026-03-01 07:59", "2026-03-01 23:30", "2026-03-02 07:59", "2026-03-02 08:00")
    of_ann = {"identifier": "login:ann", "product_id": "tea"}
    feedback = rows(spark, FEEDBACK, [of_ann | {"written_at": time} for time in times])
    identifiers = rows(spark, IDENTIFIERS, [{"identifier": "login:ann", "person_id": "p_ann"}])
    lines, events, messages, products = (
        rows(spark, table, []) for table in (ORDER_LINES, EVENTS, MESSAGES, PRODUCTS)
    )
    found = interactions(
        lines,
        touchpoints(events),
        messages,
        feedback,
        products,
        identifiers,
        as_of=NIGHT,
        settings=ProfilesSettings(time_zone=zone),
    )
    days = [(row["occurred_on"], row["quantity"]) for row in found.collect()]
    assert sorted(days) == expected


def test_what_was_done_on_a_shared_tablet_is_whose_it_was_then(spark: SparkSession) -> None:
    tablet = {"identifier": "cookie:tablet", "type": "cookie", "person_id": "p_ann"}
    people = [
        tablet | {"valid_to": "2026-02-01 12:00"},
        tablet | {"valid_from": "2026-02-01 12:00", "person_id": "p_bob"},
    ]
    view = {
        "identifier": "cookie:tablet",
        "type": "product_view",
        "product_id": "tea",
        "event_date": "2026-02-01",
    }
    views = [
        view | {"session_id": "1", "occurred_at": "2026-02-01 11:00"},
        view | {"session_id": "2", "occurred_at": "2026-02-01 13:00"},
        view | {"session_id": "2", "occurred_at": "2026-02-01 13:05"},
    ]
    order = {
        "identifier": "cookie:tablet",
        "kind": "sale",
        "product_id": "pot",
        "order_date": "2026-02-01",
        "ordered_at": "2026-02-01 11:30",
        "quantity": "1",
        "amount_base": "9",
    }
    identifiers, events, lines = (
        rows(spark, table, values)
        for table, values in ((IDENTIFIERS, people), (EVENTS, views), (ORDER_LINES, [order]))
    )
    sent, feedback, products = (rows(spark, table, []) for table in (MESSAGES, FEEDBACK, PRODUCTS))
    found = interactions(
        lines, touchpoints(events), sent, feedback, products, identifiers, as_of=NIGHT
    )
    assert sorted((row.person_id, row.product_id, row.quantity) for row in found.collect()) == [
        ("p_ann", "pot", 1.0),
        ("p_ann", "tea", 1.0),
        ("p_bob", "tea", 2.0),
    ]
    visited = visits_by_person(visits(events), identifiers, NIGHT)
    assert {row.person_id: (row.sessions, row.product_views) for row in visited.collect()} == {
        "p_ann": (1, 1),
        "p_bob": (1, 2),
    }
