"""Purchases: what an order is, whichever way its lines came."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from pyspark.sql import SparkSession

from jobs.lake.tables.identity import IDENTIFIERS
from jobs.lake.tables.silver import ORDER_LINES, PRODUCTS
from jobs.profiles.purchases import purchases_by_person
from tests.rows import rows

NIGHT = date(2026, 3, 1)
LINE = {
    "source": "shop.orders",
    "identifier": "login:ann",
    "order_id": "o1",
    "product_id": "tea",
    "kind": "sale",
    "order_date": "2026-02-01",
    "quantity": "1",
    "amount_base": "5",
    "channel": "web",
}


def test_an_order_in_two_channels_is_one_of_the_first_by_name(spark: SparkSession) -> None:
    identifiers = rows(spark, IDENTIFIERS, [{"identifier": "login:ann", "person_id": "p_ann"}])
    lines = [
        LINE,
        LINE | {"channel": "app", "order_date": "2026-02-02"},
        # What is given back in a shop does not make the order one of the shop's.
        LINE | {"channel": "a shop", "kind": "return", "amount_base": "-5"},
        LINE | {"order_id": "o2"},
        LINE | {"order_id": "o3", "channel": None},
        LINE | {"order_id": "o4", "channel": "app"},
        LINE | {"source": "till.orders", "order_id": "o4", "channel": "app"},
    ]
    (found,) = purchases_by_person(
        rows(spark, ORDER_LINES, lines), rows(spark, PRODUCTS, []), identifiers, NIGHT
    ).collect()
    assert (found.orders, found.main_channel, found.items) == (5, "app", 6)
    assert found.net_revenue == Decimal("25.0000")
    assert (found.first_order_on, found.last_order_on) == (date(2026, 2, 1), date(2026, 2, 2))
