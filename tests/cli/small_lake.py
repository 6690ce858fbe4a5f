"""A small lake of hand-written rows: two persons, their orders, two published nights."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from typer.testing import Result

Call = Callable[..., Result]


def at(day: str, hour: int = 12) -> datetime:
    return datetime.fromisoformat(day).replace(hour=hour, tzinfo=UTC)


def _identifier(name: str, person: str) -> dict[str, Any]:
    return {
        "identifier": name,
        "type": name.partition(":")[0],
        "person_id": person,
        "shared": False,
        "first_seen": at("2026-06-01"),
        "last_seen": at("2026-08-01"),
    }


def _run(job: str, state: str, hour: int, **more: Any) -> dict[str, Any]:
    return {
        "run_id": "nightly:2026-08-29",
        "dag": "nightly",
        "job": job,
        "as_of": date(2026, 8, 29),
        "started_at": at("2026-08-30", hour),
        "ended_at": at("2026-08-30", hour + 1),
        "state": state,
        "inputs": [("silver.events", 3)],
        "outputs": [],
        **more,
    }


def _shown(night: date, product: str) -> dict[str, Any]:
    return {
        "person_id": "p1",
        "rank": 1,
        "product_id": product,
        "score": 0.5,
        "strategy": "als",
        "reason": f"because of {product}",
        "model_version": "recommender/3",
        "as_of": night,
    }


def _silver(**row: Any) -> dict[str, Any]:
    return {
        "source": "demo.orders",
        "version": "1",
        "file_id": "f",
        "line": 2,
        "loaded_on": date(2026, 8, 1),
        **row,
    }


def _refused(number: int, source: str, reason: str) -> dict[str, Any]:
    return {
        "row_id": f"f:{number}",
        "source": source,
        "file": "2026-08-01/orders.csv",
        "file_id": "f",
        "line": number,
        "reasons": [reason],
        "raw": [("order_id", "o1")],
        "loaded_on": date(2026, 8, 1),
        "run_id": "nightly:2026-08-01",
    }


ROWS: dict[str, list[dict[str, Any]]] = {
    "identity.identifiers": [
        _identifier("customer_no:17850", "p1"),
        _identifier("login:ada", "p1"),
        _identifier("customer_no:99", "p2"),
        _identifier("loyalty_no:99", "p3"),
    ],
    "identity.persons": [
        {
            "person_id": person,
            "kind": kind,
            "records": 1,
            "identifiers": 2,
            "first_seen": at("2026-06-01"),
            "last_seen": at("2026-08-01"),
            "as_of": date(2026, 8, 29),
        }
        for person, kind in (("p1", "known"), ("p2", "known"), ("p3", "anonymous"))
    ],
    "identity.links": [
        {
            "left_id": left,
            "right_id": right,
            "evidence": "crm",
            "first_seen": at("2026-06-01"),
            "last_seen": at("2026-08-01"),
            "loaded_on": date(2026, 8, 1),
        }
        for left, right in (
            ("customer_no:17850", "login:ada"),
            ("customer_no:17850", "email:a1"),
            ("customer_no:99", "customer_no:99"),
        )
    ],
    "gold.segments": [
        {
            "person_id": "p1",
            "family": "rfm",
            "segment": segment,
            "valid_from": date.fromisoformat(start),
            "valid_to": None if end is None else date.fromisoformat(end),
        }
        for segment, start, end in (
            ("new", "2026-06-01", "2026-07-01"),
            ("champions", "2026-07-01", None),
        )
    ],
    "silver.order_lines": [
        _silver(
            line_id=f"l{day}",
            order_id=f"o{day}",
            kind="sale",
            identifier="customer_no:17850",
            ordered_at=at(f"2026-07-{day:02d}"),
            order_date=date(2026, 7, day),
            product_id="cup",
            currency="GBP",
        )
        for day in (1, 2)
    ],
    "silver.events": [
        _silver(
            event_id=f"e-{kind}",
            type=kind,
            identifier="login:ada",
            occurred_at=at("2026-07-03", hour),
            event_date=date(2026, 7, 3),
            message_id=message,
            product_id="cup",
        )
        for kind, hour, message in (("product_view", 9, None), ("email_open", 8, "m1"))
    ],
    "silver.consents": [
        _silver(
            consent_id=f"c{number}",
            identifier=identifier,
            email_token=token,
            purpose="marketing",
            status=status,
            occurred_at=at("2026-07-04", number),
        )
        for number, (identifier, token, status) in enumerate(
            (
                ("customer_no:17850", None, "granted"),
                ("customer_no:99", "a1", "withdrawn"),
                ("customer_no:99", "b2", "withdrawn"),
            )
        )
    ],
    "silver.messages": [
        _silver(
            message_id=message,
            identifier="login:ada",
            channel="email",
            sent_at=at("2026-07-03", hour),
        )
        for message, hour in (("m1", 7), ("m2", 6))
    ],
    "silver.feedback": [
        _silver(
            feedback_id="f1",
            identifier="customer_no:17850",
            product_id="cup",
            rating=4,
            text="Keeps tea warm",
            written_at=at("2026-07-09"),
        )
    ],
    "silver.products": [
        _silver(product_id="cup", name="Blue cup", item_type="product"),
        _silver(product_id="pot", name="Tea pot", item_type="product"),
    ],
    "serving.recommendations": [
        _shown(date(2026, 8, 28), "cup"),
        _shown(date(2026, 8, 29), "pot"),
    ],
    "ops.runs": [
        _run("ingest", "succeeded", 2, source="demo.orders", rows_read=10, rows_accepted=9),
        _run("links", "failed", 4, error="Py4JError: gone"),
        _run("links", "succeeded", 6, rows_written=4),
        _run("rfm", "stopped", 8, error="QualityError: gold.rfm: not_empty"),
    ],
    "ops.quarantine": [
        _refused(2, "demo.orders", "quantity: not a number"),
        _refused(3, "demo.events", "occurred_at: of the future"),
    ],
}
