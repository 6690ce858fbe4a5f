"""The nine files of a day: names, formats and what can be wrong in each."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.simulate.faults import Damage, Feed
from jobs.simulate.settings import SimulateSettings


def feeds(rows: dict[str, DataFrame], settings: SimulateSettings) -> list[Feed]:
    """Describe every feed, given its rows by name."""
    last_day = settings.first_day + timedelta(days=settings.days - 1)
    future = str(last_day.year + 2)
    return [replace(feed, damages=_dated(feed.damages, future)) for feed in _feeds(rows)]


def _dated(damages: Sequence[Damage], year: str) -> list[Damage]:
    return [
        replace(damage, written=damage.written and damage.written.replace("{year}", year))
        for damage in damages
    ]


def _feeds(rows: dict[str, DataFrame]) -> list[Feed]:
    return [
        Feed("crm", "crm_customers.csv", "csv", rows["crm"], ("customer_no",), CRM),
        Feed(
            "accounts", "shop_accounts.jsonl", "json", rows["accounts"], ("account_id",), ACCOUNTS,
        ),
        Feed(
            "loyalty", "loyalty_members.csv.gz", "csv", rows["loyalty"], ("loyalty_no",), LOYALTY,
            separator=";",
        ),
        Feed(
            "orders", "orders.csv", "csv", rows["orders"], ("order_id", "line_no"), ORDERS,
            comes_late=True, damaged_from=F.col("kind") == "sale",
        ),
        Feed(
            "events", "events.jsonl.gz", "json", rows["events"], ("event_id",), EVENTS,
            comes_late=True,
        ),
        Feed("consents", "consents.jsonl", "json", rows["consents"], ("consent_id",), CONSENTS),
        Feed(
            "products", "products.parquet", "parquet", rows["products"], ("product_id",), PRODUCTS,
        ),
        Feed("messages", "messages.csv", "csv", rows["messages"], ("message_id",), MESSAGES),
        Feed("feedback", "feedback.jsonl", "json", rows["feedback"], ("feedback_id",), FEEDBACK),
    ]  # fmt: skip


# `{year}` becomes the second year after the window.
CRM = (
    Damage("unparsable_date", "updated_at", "31.31.2026 at noon"),
    Damage("missing_key", "customer_no"),
    Damage("future_row", "updated_at", "{year}-03-01 10:00:00"),
    Damage("ancient_row", "updated_at", "1999-01-01 00:00:00"),
    Damage("unknown_enum", "gender", "Q7"),
    Damage("invalid_email", "email", "not-an-address@@nowhere"),
    Damage("invalid_phone", "phone", "call me maybe"),
    Damage("wrong_column_count"),
)
ACCOUNTS = (
    Damage("unparsable_date", "updated_at", '"yesterday"'),
    Damage("missing_key", "account_id"),
    Damage("future_row", "updated_at", '"{year}-03-01T10:00:00+00:00"'),
    Damage("ancient_row", "updated_at", '"1999-01-01T00:00:00+00:00"'),
    Damage("invalid_email", "email", '"nobody.at.all"'),
    Damage("invalid_phone", "phone", '"12"'),
    Damage("broken_json"),
)
LOYALTY = (
    Damage("unparsable_date", "joined", "31/02/2026"),
    Damage("missing_key", "loyalty_no"),
    Damage("future_row", "joined", "01/03/{year}"),
    Damage("invalid_email", "email", "CARD@"),
    Damage("invalid_phone", "mobile", "n/a"),
    Damage("wrong_column_count"),
)
ORDERS = (
    Damage("unparsable_date", "ordered_at", "2026-13-45 99:00"),
    Damage("number_with_letters", "unit_price", "12,9O"),
    Damage("negative_quantity", "quantity", "-3"),
    Damage("zero_quantity", "quantity", "0"),
    Damage("negative_price", "unit_price", "-4.50"),
    Damage("missing_key", "order_id"),
    Damage("unknown_enum", "kind", "barter"),
    Damage("future_row", "ordered_at", "{year}-03-01 10:00:00"),
    Damage("ancient_row", "ordered_at", "1999-01-01 00:00:00"),
    Damage("unknown_product", "product_id", "P999999X"),
    Damage("wrong_column_count"),
)
EVENTS = (
    Damage("unparsable_date", "occurred_at", '"now"'),
    Damage("number_with_letters", "dwell_ms", '"12s"'),
    Damage("missing_key", "event_id"),
    Damage("unknown_enum", "type", '"teleport"'),
    Damage("future_row", "occurred_at", '"{year}-03-01T10:00:00Z"'),
    Damage("ancient_row", "occurred_at", '"1999-01-01T00:00:00Z"'),
    Damage("unknown_product", "product_id", '"P999999X"'),
    Damage("broken_json"),
)
CONSENTS = (
    Damage("unparsable_date", "occurred_at", '"soon"'),
    Damage("missing_key", "consent_id"),
    Damage("unknown_enum", "status", '"perhaps"'),
    Damage("future_row", "occurred_at", '"{year}-03-01T10:00:00+00:00"'),
    Damage("ancient_row", "occurred_at", '"1999-01-01T00:00:00+00:00"'),
    Damage("invalid_email", "address", '"@example"'),
    Damage("broken_json"),
)
PRODUCTS = (
    Damage("missing_key", "product_id"),
    Damage("negative_price", "price", "CAST(-1.00 AS DECIMAL(10,2))"),
    Damage("unknown_enum", "item_type", "'mystery'"),
    Damage("future_row", "updated_at", "TIMESTAMP_NTZ'{year}-03-01 10:00:00'"),
    Damage("ancient_row", "updated_at", "TIMESTAMP_NTZ'1999-01-01 00:00:00'"),
)
MESSAGES = (
    Damage("unparsable_date", "sent_at", "tomorrow"),
    Damage("missing_key", "message_id"),
    Damage("unknown_enum", "channel", "carrier_pigeon"),
    Damage("future_row", "sent_at", "{year}-03-01 10:00:00"),
    Damage("ancient_row", "sent_at", "1999-01-01 00:00:00"),
    Damage("invalid_email", "address", "nobody at example"),
    Damage("unknown_product", "product_ids", "P999999X"),
    Damage("wrong_column_count"),
)
FEEDBACK = (
    Damage("unparsable_date", "written_at", '"last week"'),
    Damage("missing_key", "feedback_id"),
    Damage("rating_out_of_range", "rating", "9"),
    Damage("number_with_letters", "rating", '"four"'),
    Damage("future_row", "written_at", '"{year}-03-01T10:00:00+00:00"'),
    Damage("ancient_row", "written_at", '"1999-01-01T00:00:00+00:00"'),
    Damage("unknown_product", "product_id", '"P999999X"'),
    Damage("broken_json"),
)
