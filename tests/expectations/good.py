"""A few good rows of every table, from which tests make bad ones.

``{c}`` in a value is replaced by the case, so that rows of several cases can lie in one frame
without being neighbours to a window function.
"""

from __future__ import annotations

from datetime import date
from typing import Any

NIGHT = date(2026, 3, 10)

Row = dict[str, Any]

_SILVER: Row = {
    "source": "shop.feed",
    "known_from": "2026-03-10",
    "version": "2026-03-10",
    "row_hash": 1,
    "file_id": "f",
    "line": 2,
    "loaded_on": "2026-03-10",
}
_SEEN: Row = {"first_seen": "2026-01-02T10:00:00", "last_seen": "2026-03-10T10:00:00"}
_SALE: Row = _SILVER | {
    "order_id": "o1",
    "line_no": 1,
    "kind": "sale",
    "identifier": "customer_no:1",
    "customer_no": "1",
    "ordered_at": "2026-03-10T10:00:00",
    "order_date": "2026-03-10",
    "product_id": "mug",
    "quantity": "2",
    "unit_price": "5.00",
    "discount": "1.00",
    "amount": "9.00",
    "currency": "EUR",
    "fx_rate": "1",
    "amount_base": "9.00",
}
_EVENT: Row = _SILVER | {
    "identifier": "login:ann",
    "login": "ann",
    "occurred_at": "2026-03-10T10:00:00",
    "event_date": "2026-03-10",
}
_VISIT: Row = {
    "identifier": "login:ann",
    "event_date": "2026-03-10",
    "known_from": "2026-03-10",
    "loaded_on": "2026-03-10",
    "events": 2,
    "product_views": 0,
    "searches": 1,
    "cart_adds": 0,
    "dwell_ms": 0,
    "last_event_at": "2026-03-10T10:00:00",
}
_TOUCH: Row = {
    "identifier": "login:ann",
    "occurred_on": "2026-03-10",
    "known_from": "2026-03-10",
    "loaded_on": "2026-03-10",
    "times": 1,
}
_GOLDEN_OF: Row = {
    "person_id": "p1{c}",
    "record_id": "crm:1",
    "source": "shop.crm",
    "as_of": "2026-03-10",
}
_GOLDEN: Row = _GOLDEN_OF | {
    "rule": "agreed",
    "records": 1,
    "distinct_values": 1,
    "conflict": False,
}
_PROFILE: Row = {
    "as_of": "2026-03-10",
    "kind": "known",
    "orders": 0,
    "items": 0,
    "products": 0,
    "returned_lines": 0,
    "gross_revenue": "0",
    "net_revenue": "0",
    "orders_90d": 0,
    "net_revenue_90d": "0",
    "sessions": 3,
    "sessions_30d": 1,
    "product_views": 4,
    "searches": 0,
    "cart_adds": 0,
    "dwell_seconds": 10,
    "messages_sent": 5,
    "messages_opened": 2,
    "messages_clicked": 1,
    "reviews": 0,
}
_BUYER: Row = _PROFILE | {
    "first_order_on": "2026-01-09",
    "last_order_on": "2026-03-09",
    "days_since_order": 1,
    "orders": 2,
    "items": 3,
    "products": 2,
    "returned_lines": 1,
    "gross_revenue": "30.00",
    "net_revenue": "25.00",
    "average_order_value": "15.00",
    "order_interval_days": 59.0,
    "orders_90d": 2,
    "net_revenue_90d": "25.00",
    "reviews": 1,
    "average_rating": 4.0,
}
_RANKED: Row = {"as_of": "2026-03-10", "strategy": "als", "model_version": "als/3"}
_SHOWN: Row = _RANKED | {
    "reason": "Bought with the mug.",
    "generated_at": "2026-03-11T00:00:00",
    "expires_at": "2026-03-13T00:00:00",
}

GOOD: dict[str, list[Row]] = {
    "silver.customers": [
        _SILVER
        | {
            "record_id": "crm:1",
            "identifier": "customer_no:1",
            "customer_no": "1",
            "email_token": "ab" * 16,
            "phone_token": "0f" * 16,
            "registered_at": "2026-01-01T00:00:00",
            "updated_at": "2026-02-01T00:00:00",
        },
        _SILVER | {"record_id": "crm:2", "loyalty_no": "77"},
    ],
    "silver.order_lines": [
        _SALE | {"line_id": "l1"},
        _SALE
        | {
            "line_id": "l2",
            "kind": "return",
            "quantity": "-1",
            "discount": None,
            "amount": "-5.00",
            "amount_base": "-5.00",
        },
        # Bad debt is booked with a negative price, a lost box with a negative quantity.
        _SALE
        | {
            "line_id": "l3",
            "kind": "adjustment",
            "identifier": None,
            "customer_no": None,
            "product_id": None,
            "quantity": "1",
            "unit_price": "-110.00",
            "discount": None,
            "amount": "-110.00",
            "amount_base": "-110.00",
        },
    ],
    "silver.events": [
        _EVENT | {"event_id": "e1", "type": "product_view", "product_id": "mug", "dwell_ms": 900},
        _EVENT | {"event_id": "e2", "type": "search", "query": "blue mug"},
        _EVENT
        | {
            "event_id": "e3",
            "type": "email_open",
            "identifier": None,
            "login": None,
            "message_id": "m1",
        },
    ],
    "silver.consents": [
        _SILVER
        | {
            "consent_id": f"c{n}",
            "email_token": "ab" * 16,
            "phone_token": "0f" * 16,
            "channel": channel,
            "purpose": "marketing",
            "status": status,
            "occurred_at": "2026-03-10T10:00:00",
        }
        for n, (channel, status) in enumerate([("email", "granted"), (None, "withdrawn")])
    ],
    "silver.products": [
        _SILVER
        | {
            "product_id": "mug",
            "name": "Mug",
            "price": "5.00",
            "currency": "EUR",
            "stock": 0,
            "item_type": "product",
            "updated_at": "2026-03-10T10:00:00",
        },
        _SILVER | {"product_id": "post", "item_type": "service"},
    ],
    "silver.messages": [
        _SILVER
        | {
            "message_id": f"m{n}",
            "email_token": "ab" * 16,
            "channel": "email",
            "campaign_id": "spring",
            "sent_at": "2026-03-10T10:00:00",
        }
        for n in range(2)
    ],
    "silver.feedback": [
        _SILVER
        | {
            "feedback_id": f"r{n}",
            "customer_no": "1",
            "product_id": "mug",
            "rating": rating,
            "written_at": "2026-03-10T10:00:00",
        }
        for n, rating in enumerate((1, 5))
    ],
    "identity.links": [
        _SEEN | {"left_id": left, "right_id": "record:crm:1", "loaded_on": "2026-03-10"}
        for left in ("email:ab", "cookie:9")
    ],
    "identity.sightings": [
        _SEEN
        | {"device": "device:1", "cookie": cookie, "session_id": "s1", "known_as": known}
        | {"loaded_on": "2026-03-10"}
        for cookie, known in (("cookie:9", "login:ann"), (None, None))
    ],
    "identity.identifiers": [
        _SEEN
        | {"identifier": f"{kind}:1", "type": kind, "person_id": person, "shared": False}
        | {"valid_from": begin, "valid_to": end}
        for kind, person, begin, end in (
            ("cookie", "p2{c}", "2026-03-01T00:00:00", "2026-03-02T00:00:00"),
            ("cookie", "p1{c}", "2026-03-02T00:00:00", None),
            ("email", "p1{c}", None, None),
            ("record", "p1{c}", None, None),
        )
    ],
    "identity.persons": [
        _SEEN
        | {"person_id": person, "kind": kind, "records": n, "identifiers": n + 1}
        | {"as_of": "2026-03-10"}
        for person, kind, n in (("p1", "known", 1), ("p2", "anonymous", 0))
    ],
    "identity.blocks": [
        {"record_id": f"crm:{n}", "blocks": [1, 2], "stamp": "1", "model": 1, "version": "1"}
        | {"loaded_on": "2026-03-10"}
        for n in (1, 2)
    ],
    "identity.matches": [
        {"left_id": "crm:1", "right_id": f"crm:{n}", "model": 1, "version": "1"}
        | {"weight": 1.0, "probability": 2 / 3, "loaded_on": "2026-03-10"}
        for n in (2, 3)
    ],
    "identity.decisions": [
        {"decision_id": "d{c}", "kind": "merge", "left_ids": ["record:crm:1"], "why": "called"}
        | {"right_ids": ["record:crm:2"], "decided_by": "ann"}
        | {"recorded_at": "2026-03-10T10:00:00"}
    ],
    "identity.review": [
        {"left_id": "record:crm:1", "right_id": "record:crm:2{c}", "reason": "undecided"}
        | {"left_person": "p1", "right_person": "p2", "weight": -1.0, "probability": 1 / 3}
        | {"as_of": "2026-03-10"}
    ],
    "identity.history": [
        {"as_of": "2026-03-10", "event": "merged", "person_id": "p1{c}", "other_id": "p2{c}"}
    ],
    "identity.names": [
        {"identifier": "record:crm:1{c}", "person_id": "p_1", "since": "2026-03-10"}
    ],
    "identity.golden": [
        _GOLDEN
        | {"attribute": "birth_date", "token": "ab" * 16, "rule": "newest"}
        | {"records": 3, "distinct_values": 2, "conflict": True},
        _GOLDEN | {"attribute": "city", "value": "Leeds"},
        _GOLDEN | {"attribute": "street", "token": "cd" * 16},
    ],
    "identity.conflicts": [
        _GOLDEN_OF | {"attribute": "birth_date", "token": "ab" * 16, "golden": True},
        _GOLDEN_OF
        | {"record_id": "crm:2", "attribute": "birth_date", "token": "cd" * 16, "golden": False},
    ],
    "identity.households": [
        {"person_id": "p1{c}", "household_id": "h{c}", "evidence": "alone", "members": 1}
        | {"as_of": "2026-03-10"}
    ],
    "gold.visits": [
        _VISIT | {"session_id": "s1", "product_views": 1, "dwell_ms": 900},
        _VISIT | {"identifier": None, "session_id": None},
    ],
    "gold.touchpoints": [
        _TOUCH
        | {"session_id": "s1", "product_id": "mug", "message_id": "m1", "kind": "email_click"},
        _TOUCH | {"identifier": None, "message_id": "m1", "kind": "email_open"},
        _TOUCH | {"product_id": "mug", "kind": "product_view"},
    ],
    "gold.profiles": [_BUYER | {"person_id": "p1"}, _PROFILE | {"person_id": "p2"}],
    "gold.rfm": [
        {
            "person_id": person,
            "as_of": "2026-03-10",
            "recency_days": days,
            "frequency": orders,
            "monetary": spent,
            "r_score": score,
            "f_score": score,
            "m_score": score,
            "segment": segment,
        }
        for person, days, orders, spent, score, segment in (
            ("p1", 1, 9, "90.00", 5, "champions"),
            ("p2", 80, 1, "-3.00", 1, "lost"),
        )
    ],
    "gold.clusters": [
        {
            "person_id": person,
            "as_of": "2026-03-10",
            "cluster": cluster,
            "name": name,
            "distance": 0.5,
        }
        for person, cluster, name in (("p1", 0, "frequent"), ("p2", 1, "rare"))
    ],
    "gold.cluster_centres": [
        {
            "as_of": "2026-03-10",
            "cluster": cluster,
            "name": name,
            "persons": 1,
            "centre": [("orders", 1.5), ("sessions", -0.5)],
            "silhouette": 0.4,
        }
        for cluster, name in ((0, "frequent"), (1, "rare"))
    ],
    "gold.segments": [
        {
            "person_id": "p1{c}",
            "family": "rfm",
            "segment": segment,
            "valid_from": start,
            "valid_to": end,
        }
        for segment, start, end in (
            ("new", "2026-03-01", "2026-03-05"),
            ("loyal", "2026-03-05", "2026-03-10"),
            ("champions", "2026-03-10", None),
        )
    ],
    "gold.interactions": [
        {
            "person_id": "p1",
            "product_id": "mug",
            "kind": kind,
            "occurred_on": "2026-03-10",
            "quantity": 1.0,
            "value": value,
        }
        for kind, value in (("purchase", "5.00"), ("product_view", None), ("return", "-5.00"))
    ],
    "gold.scores": [
        _RANKED | {"person_id": who, "rank": rank, "product_id": product, "score": score}
        for who, rank, product, score in (
            ("p1{c}", 1, "mug", 0.9),
            ("p1{c}", 2, "tea", 0.8),
            ("p1{c}", 3, "cup", 0.7),
            ("*{c}", 1, "mug", 5.0),
        )
    ],
    "serving.recommendations": [
        _SHOWN | {"person_id": "p1{c}", "rank": rank, "product_id": product, "score": score}
        for rank, product, score in ((1, "mug", 0.9), (2, "tea", 0.8), (3, "cup", 0.7))
    ],
}
"""Rows that keep every rule, by table."""

CATALOGUE: list[Row] = [
    GOOD["silver.products"][0] | {"product_id": product, "item_type": kind}
    for product, kind in (
        ("mug", "product"),
        ("tea", "product"),
        ("cup", "product"),
        ("post", "service"),
    )
]
"""The products that the good rows are about."""
