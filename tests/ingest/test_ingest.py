"""What becomes of files and rows, of the good ones and of every kind of bad one."""

from __future__ import annotations

from decimal import Decimal

import pytest

from jobs.lake.tables import TABLES
from jobs.lake.tables.bronze import BRONZE_ORDERS
from jobs.lake.tables.silver import EVENTS, ORDER_LINES, PRODUCTS
from tests.ingest.shop import DAY, NEXT, Shop, silver


def test_counts_add_up_for_every_feed_and_night(shop: Shop) -> None:
    assert shop.counts(DAY, "shop.people") == (6, 2, 4, 0)
    assert shop.counts(DAY, "shop.lines") == (17, 5, 11, 1)
    assert shop.counts(DAY, "shop.till") == (3, 3, 0, 0)
    assert shop.counts(DAY, "shop.clicks") == (7, 2, 4, 1)
    assert shop.counts(NEXT, "shop.lines") == (2, 1, 0, 1)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (5, "ordered_at: not a timestamp: '2026-13-45 99:00'"),
        (6, "unit_price: not a decimal(18,4): '12,9O'"),
        (7, "unit_price: more than 2 decimals: '9.955'"),
        (8, "key: order, line: missing"),
        (10, "ordered_at: in the future: 2028-03-02 10:00"),
        (11, "ordered_at: too old: 1999-03-02 10:00"),
        (13, "currency: no rate for 'XYZ' on that day"),
        (14, "record: the number of columns is not that of the header"),
    ],
)
def test_a_bad_row_says_why(shop: Shop, line: int, reason: str) -> None:
    assert reason in shop.reasons("shop.lines")["lines.csv", line]


def test_rules_of_the_suite_refuse_rows_too(shop: Shop) -> None:
    reasons = shop.reasons("shop.lines")
    assert any("kind" in reason for reason in reasons["lines.csv", 9])
    assert any("quantity" in reason for reason in reasons["lines.csv", 12])


def test_bytes_that_are_no_text_refuse_their_row(shop: Shop) -> None:
    (reason,) = shop.reasons("shop.lines")["lines-bytes.csv", 2]
    assert reason == "encoding: a value has bytes that are no text in this encoding"


def test_products_are_derived_from_the_lines_that_name_them(shop: Shop) -> None:
    rows = {r["product_id"]: r for r in silver(shop, PRODUCTS, "shop.wares")}
    assert set(rows) == {"P1", "P2", "P9"}
    assert (rows["P2"]["name"], rows["P2"]["price"]) == ("Ware P2", Decimal("5.0000"))


def test_events_are_refused_with_their_reasons(shop: Shop) -> None:
    reasons = shop.reasons("shop.clicks")
    assert reasons["clicks.jsonl.gz", 4] == [
        "record: not a JSON object in UTF-8 that names every key once"
    ]
    assert any("type" in reason for reason in reasons["clicks.jsonl.gz", 5])
    assert reasons["clicks.jsonl.gz", 6] == ["dwell_ms: not a bigint: '12s'"]
    assert reasons["clicks.jsonl.gz", 7] == ["occurred_at: in the future: 2026-07-02 08:00"]


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("lines.csv", "done"),
        ("lines-empty.csv", "empty"),
        ("lines-header.csv", "done"),
        ("lines-short.csv", "done"),
        ("lines-utf16.csv", "refused"),
        ("lines-noheader.csv", "refused"),
        ("lines-cut.csv.gz", "refused"),
    ],
)
def test_every_file_has_a_known_end(shop: Shop, name: str, state: str) -> None:
    assert shop.files("shop.lines")[f"{DAY}/{name}"] == state


def test_a_half_written_file_is_left_alone(shop: Shop) -> None:
    assert f"{DAY}/lines-half.csv.part" not in shop.files("shop.lines")


def test_a_file_refused_as_a_whole_stands_in_quarantine(shop: Shop) -> None:
    reasons = shop.reasons("shop.lines")
    assert reasons["lines-cut.csv.gz", 0] == [
        "file: truncated gzip: the file ends before its content does"
    ]
    assert reasons["lines-utf16.csv", 0] == [
        "file: wrong encoding: the file is UTF-16, the catalogue says utf-8"
    ]
    assert reasons["lines-noheader.csv", 0][0].startswith("file: no header")


def test_quarantine_keeps_the_row_whole(shop: Shop) -> None:
    from jobs.lake.tables.ops import QUARANTINE

    rows = shop.lake.rows(QUARANTINE, [("source", "=", "shop.lines"), ("line", "=", 6)]).to_pylist()
    assert dict(rows[0]["raw"])["price"] == "12,9O"


def test_money_and_days_are_exact(shop: Shop) -> None:
    rows = {r["line_id"]: r for r in silver(shop, ORDER_LINES, "shop.lines")}
    assert rows["A1|1"]["amount"] == Decimal("19.9000")
    # The rate of that business day, not the older one.
    assert rows["A1|2"]["amount_base"] == Decimal("4.5000")
    assert rows["A4|1"]["order_date"] == DAY
    assert rows["A3|1"]["amount_base"] == Decimal("-9.9500")


def test_times_with_an_offset_keep_it(shop: Shop) -> None:
    rows = {r["event_id"]: r for r in silver(shop, EVENTS, "shop.clicks")}
    assert rows["e2"]["occurred_at"].isoformat() == "2026-03-02T09:00:00+00:00"
    assert rows["e2"]["identifier"] == "cookie:k1"


def test_late_rows_count_from_when_they_were_known(shop: Shop) -> None:
    rows = {r["line_id"]: r for r in silver(shop, ORDER_LINES, "shop.lines")}
    late = rows["A0|1"]
    assert (late["order_date"].isoformat(), late["known_from"], late["loaded_on"]) == (
        "2026-03-01",
        NEXT,
        NEXT,
    )


def test_a_changed_file_replaces_its_lines_where_rows_have_no_key(shop: Shop) -> None:
    rows = silver(shop, ORDER_LINES, "shop.till")
    assert sorted((r["order_id"], r["description"], r["amount"]) for r in rows) == [
        ("1", "Cafe", Decimal("2.0000")),
        ("2", "Tea", Decimal("1.5000")),
        ("3", "Milk", Decimal("0.8000")),
    ]
    bronze = shop.lake.rows(BRONZE_ORDERS, [("source", "=", "shop.till")])
    assert bronze.num_rows == 6, "bronze keeps both contents"


def test_the_encoding_of_the_catalogue_is_used(shop: Shop) -> None:
    raw = shop.lake.rows(BRONZE_ORDERS, [("source", "=", "shop.till")]).column("raw").to_pylist()
    assert {dict(r)["text"] for r in raw} >= {"Café"}


def test_the_same_night_again_changes_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BESPOKE_CONF", str(shop.conf))
    tables = [t for t in TABLES.values() if t.layer in ("bronze", "silver", "vault")]
    before = {t.id: shop.lake.version(t) for t in tables}
    shop.night(NEXT)
    assert {t.id: shop.lake.version(t) for t in tables} == before
    assert shop.counts(NEXT, "shop.lines") == (0, 0, 0, 0)
