"""What becomes of files and rows, of the good ones and of every kind of bad one."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from jobs.ingest.keyring import key_file, read_keyring, unseal
from jobs.lake.contract import Privacy
from jobs.lake.errors import DataError
from jobs.lake.tables import TABLES
from jobs.lake.tables.bronze import (
    BRONZE_CRM,
    BRONZE_EVENTS,
    BRONZE_ORDERS,
    VAULT_CONTACTS,
    VAULT_KEYS,
)
from jobs.lake.tables.silver import CUSTOMERS, EVENTS, ORDER_LINES, PRODUCTS
from tests.ingest.shop import DAY, NEXT, SOURCE, Shop, clicks, lines

STRICT = {"bad_rows": 0.1, "bad_rows_spared": 0, "oldest_days": 60}
GOOD = "A1,1,2026-03-02 09:30:00,7,P1,2,9.95,sale,"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, spark: SparkSession) -> Shop:
    """Two nights: the first with every fault, the second with what comes late or changed."""
    patch = pytest.MonkeyPatch()
    shop = Shop(tmp_path_factory.mktemp("shop"), spark)
    patch.setenv("BESPOKE_CONF", str(shop.conf))
    first_night(shop)
    shop.night(DAY)
    second_night(shop)
    shop.night(NEXT)
    patch.undo()
    return shop


def first_night(shop: Shop) -> None:
    shop.drop(
        "people.csv",
        "no,name,mail,tel,changed,shoe_size\n"
        "7,Annabel Lee,Ann.Lee@Example.com,020 7946 0018,2026-03-02 08:00:00,38\n"
        '8,"Bob\nNewline",bob@@nowhere,call me,2026-03-02 08:00:00,44\n'
        "9,Too,few\n"
        ",No Key,nokey@example.com,,2026-03-02 08:00:00,40\n"
        "10,12,12 Hidden Street,hidden@example.com,,2026-03-02 08:00:00,41\n"
        "11,Mal\ufffdformed,broken@example.com,,2026-03-02 08:00:00,42\n",
    )
    shop.drop(
        "lines.csv",
        lines(
            GOOD,
            "A1,2,2026-03-02 09:30:00,7,P2,1,5.00,sale,EUR",
            GOOD,
            "A2,1,2026-13-45 99:00,7,P1,1,9.95,sale,",
            'A2,2,2026-03-02 10:00:00,7,P1,1,"12,9O",sale,',
            "A2,3,2026-03-02 10:00:00,7,P1,1,9.955,sale,",
            ",4,2026-03-02 10:00:00,7,P1,1,9.95,sale,",
            "A2,5,2026-03-02 10:00:00,7,P1,1,9.95,barter,",
            "A2,6,2028-03-02 10:00:00,7,P1,1,9.95,sale,",
            "A2,7,1999-03-02 10:00:00,7,P1,1,9.95,sale,",
            "A2,8,2026-03-02 10:00:00,7,P1,-3,9.95,sale,",
            "A2,9,2026-03-02 10:00:00,7,P1,1,9.95,sale,XYZ",
            "A2,10,2026-03-02 10:00:00,7,P1,1",
            "A3,1,2026-03-02 11:00:00,7,P1,-1,9.95,return,",
            "A4,1,2026-03-02 23:59:59,,P1,1,9.95,sale,",
        ),
    )
    shop.drop("lines-empty.csv", "")
    shop.drop("lines-header.csv", lines())
    shop.drop(
        "lines-short.csv",
        "order,line,at,who,sku,pieces,price,kind\nB1,1,2026-03-02 12:00,7,P1,1,1.00,sale\n",
    )
    shop.drop("lines-utf16.csv", lines(GOOD).encode("utf-16"))
    shop.drop(
        "lines-bytes.csv",
        lines("B2,1,2026-03-02 12:00,7,P\ufffd,1,1.00,sale,")
        .encode("utf-8")
        .replace(b"\xef\xbf\xbd", b"\xe9"),
    )
    shop.drop("lines-noheader.csv", "A9,1,2026-03-02 09:30:00,7,P1,2,9.95,sale,\n")
    whole = shop.drop(
        "lines-cut.csv.gz",
        lines(GOOD, *[f"C{i},1,2026-03-02 12:00,7,P{i},1,1.00,sale," for i in range(500)]),
    )
    whole.write_bytes(whole.read_bytes()[:-40])
    shop.drop("lines-half.csv.part", lines("H1,1,2026-03-02 12:00,7,P1,1,1.00,sale,"))
    shop.drop(
        "till.csv",
        "bon;at;sku;text;pieces;price\n"
        "1;2026-03-02 09:00;P1;Café;1;2.00\n"
        "1;2026-03-02 09:00;P1;Café;1;2.00\n"
        "2;2026-03-02 10:00;P2;Tea;1;1.00\n".replace("é", "é"),
    )
    path = shop.landing / DAY.isoformat() / "till.csv"
    path.write_bytes(path.read_bytes().decode().encode("windows-1252"))
    shop.drop(
        "clicks.jsonl.gz",
        clicks(
            {"id": "e1", "at": "2026-03-02T09:00:00Z", "type": "page_view", "cookie": "k1"},
            {
                "id": "e2",
                "at": "2026-03-02T10:00:00+01:00",
                "type": "product_view",
                "cookie": "k1",
                "sku": "P1",
                "ms": 1200,
                "note": "a word that nobody declared",
            },
            {"id": "e1", "at": "2026-03-02T09:00:00Z", "type": "page_view", "cookie": "k1"},
            '{"id": "e3", "at": ',
            {"id": "e4", "at": "2026-03-02T09:00:00Z", "type": "teleport", "cookie": "k1"},
            {
                "id": "e5",
                "at": "2026-03-02T09:00:00Z",
                "type": "product_view",
                "cookie": "k1",
                "ms": "12s",
            },
            {"id": "e6", "at": "2026-07-02T09:00:00", "type": "page_view", "cookie": "k1"},
        ),
    )


def second_night(shop: Shop) -> None:
    shop.drop("lines.csv", lines("A0,1,2026-03-01 09:30:00,7,P9,1,3.00,sale,", GOOD), NEXT)
    # Corrected under the same name: one price mended, one line added.
    shop.drop(
        "till.csv",
        "bon;at;sku;text;pieces;price\n1;2026-03-02 09:00;P1;Cafe;1;2.00\n"
        "2;2026-03-02 10:00;P2;Tea;1;1.50\n3;2026-03-02 11:00;P3;Milk;1;0.80\n",
    )
    shop.drop(
        "people.csv",
        "no,name,mail,tel,changed\n7,Annabel Ray,ann.ray@example.com,,2026-03-03 08:00:00\n",
        NEXT,
    )


def silver(shop: Shop, table, source: str) -> list[dict[str, object]]:  # type: ignore[no-untyped-def]
    return shop.lake.rows(table, [("source", "=", source)]).to_pylist()


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


def test_of_people_a_row_that_cannot_be_taken_apart_is_kept_encrypted(shop: Shop) -> None:
    from jobs.lake.tables.ops import QUARANTINE

    (reason,) = shop.reasons("shop.people")["people.csv", 7]
    assert reason.startswith("record: the number of columns is not that of the header, or bytes")
    rows = shop.lake.rows(QUARANTINE, [("source", "=", "shop.people")]).to_pylist()
    by_line = {row["line"]: row for row in rows}
    # The value of one column may stand in another: none of them is left readable.
    assert not by_line[6]["raw"]
    assert by_line[6]["corrupt"].startswith("enc:1:")
    assert by_line[7]["corrupt"].startswith("enc:1:")


def test_products_are_derived_from_the_lines_that_name_them(shop: Shop) -> None:
    rows = {r["product_id"]: r for r in silver(shop, PRODUCTS, "shop.wares")}
    assert set(rows) == {"P1", "P2", "P9"}
    assert (rows["P2"]["name"], rows["P2"]["price"]) == ("Ware P2", Decimal("5.0000"))


def test_events_are_refused_with_their_reasons(shop: Shop) -> None:
    reasons = shop.reasons("shop.clicks")
    assert reasons["clicks.jsonl.gz", 4] == ["record: not a JSON object in UTF-8"]
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


def test_a_newer_record_wins(shop: Shop) -> None:
    rows = {r["customer_no"]: r for r in silver(shop, CUSTOMERS, "shop.people")}
    ring = read_keyring(key_file(shop.home))
    assert rows["7"]["email_token"] == ring.token("email", "ann.ray@example.com")
    assert rows["7"]["phone_token"] is None


def test_a_malformed_address_identifies_nobody_but_keeps_its_row(shop: Shop) -> None:
    rows = {r["customer_no"]: r for r in silver(shop, CUSTOMERS, "shop.people")}
    assert rows["8"]["email_token"] is None
    assert rows["8"]["phone_token"] is None


def test_the_vault_gives_back_what_came(shop: Shop) -> None:
    ring = read_keyring(key_file(shop.home))
    keys = {r["record_id"]: r["wrapped_key"] for r in shop.lake.rows(VAULT_KEYS).to_pylist()}
    (contact,) = shop.lake.rows(VAULT_CONTACTS, [("record_id", "=", "shop.people:7")]).to_pylist()
    key = ring.unwrap("shop.people:7", keys["shop.people:7"])
    sealed = dict(contact["sealed"])
    assert unseal(key, "shop.people:7", "email", sealed["email"]) == "ann.ray@example.com"
    assert unseal(key, "shop.people:7", "last_name", sealed["last_name"]) == "Annabel Ray"


def test_a_column_that_nobody_declared_is_kept_encrypted(shop: Shop) -> None:
    rows = shop.lake.rows(BRONZE_CRM, [("record_id", "=", "shop.people:7")]).to_pylist()
    first = dict(min(rows, key=lambda r: r["loaded_on"])["raw"])
    assert first["shoe_size"].startswith("enc:1:")


def test_an_undeclared_key_of_json_is_encrypted_with_its_files_key(shop: Shop) -> None:
    rows = shop.lake.rows(BRONZE_EVENTS, [("source", "=", "shop.clicks")]).to_pylist()
    raws = {dict(r["raw"] or []).get("id"): dict(r["raw"] or []) for r in rows}
    assert raws["e2"]["note"].startswith("enc:1:")
    assert raws["e2"]["sku"] == "P1"
    assert {r["record_id"] for r in rows} == {f"shop.clicks:file:{rows[0]['file_id']}"}


def test_no_personal_value_stands_anywhere_in_the_lake(shop: Shop) -> None:
    # Long enough never to turn up by chance in the base64 of what is encrypted.
    secrets = (
        "a word that nobody declared",
        "Annabel",
        "ann.lee",
        "ann.ray",
        "020 7946",
        "Newline",
        "bob@@",
        "nokey@",
        "12 Hidden Street",
        "formed,broken",
        "broken@",
        "call me",
    )
    for path in (shop.home / "lake").rglob("*"):
        if path.is_file():
            text = _decoded(path)
            found = [s for s in secrets if s in text]
            assert not found, f"{found} in {path}"


def _decoded(path: Path) -> str:
    if path.suffix == ".parquet":
        return json.dumps(pq.read_table(path).to_pylist(), default=str, ensure_ascii=False)
    return path.read_bytes().decode("utf-8", errors="replace")


def test_contracts_hold_no_statistics_on_people(shop: Shop) -> None:
    for table in (CUSTOMERS, ORDER_LINES, EVENTS):
        private = set(table.of_privacy(*set(Privacy) - {Privacy.PUBLIC}))
        for log in Path(shop.lake.path(table), "_delta_log").glob("*.json"):
            for line in log.read_text().splitlines():
                added = json.loads(line).get("add", {})
                stats = json.loads(added.get("stats") or "{}")
                assert not private & set(stats.get("minValues", {})), table.id


def test_the_same_night_again_changes_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BESPOKE_CONF", str(shop.conf))
    tables = [t for t in TABLES.values() if t.layer in ("bronze", "silver", "vault")]
    before = {t.id: shop.lake.version(t) for t in tables}
    shop.night(NEXT)
    assert {t.id: shop.lake.version(t) for t in tables} == before
    assert shop.counts(NEXT, "shop.lines") == (0, 0, 0, 0)


def test_too_many_bad_rows_stop_the_feed_until_released(
    tmp_path: Path, spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jobs.lake.decisions import release

    shop = Shop(tmp_path / "strict", spark)
    monkeypatch.setenv("BESPOKE_CONF", str(shop.conf))
    feed = {**SOURCE["feeds"]["lines"], "limits": STRICT}  # type: ignore[index]
    wares = SOURCE["feeds"]["wares"]  # type: ignore[index]
    shop.catalogue({**SOURCE, "feeds": {"lines": feed, "wares": wares}})
    shop.drop("lines.csv", lines(GOOD, "A2,1,never,7,P6,1,9.95,sale,"))
    with pytest.raises(
        DataError,
        match=r"1 of 2 rows are bad \(50\.0%, limit 10\.0%\): .* first in .*lines\.csv, line 3",
    ):
        shop.night(DAY)
    assert shop.lake.rows(ORDER_LINES).num_rows == 0
    assert shop.lake.rows(BRONZE_ORDERS).num_rows == 2
    # What waits does not hold up the next file of the same feed.
    shop.drop("lines-more.csv", lines("A5,1,2026-03-02 09:30:00,7,P5,1,1.00,sale,"))
    with pytest.raises(DataError, match="1 of 2 rows are bad"):
        shop.night(DAY)
    assert shop.counts(DAY, "shop.lines") == (1, 1, 0, 0)
    release(shop.lake, "shop.lines", DAY, "looked at it")
    shop.night(DAY)
    assert shop.counts(DAY, "shop.lines") == (2, 1, 1, 0)
    _replays_after_the_catalogue_is_mended(shop)


def _replays_after_the_catalogue_is_mended(shop: Shop) -> None:
    from jobs.ingest.replay import replay

    columns = {**SOURCE["feeds"]["lines"]["columns"]}  # type: ignore[index]
    columns["ordered_at"] = "if(at = 'never', '2026-03-02 10:00:00', at)"
    feed = {**SOURCE["feeds"]["lines"], "columns": columns}  # type: ignore[index]
    wares = SOURCE["feeds"]["wares"]  # type: ignore[index]
    shop.catalogue({**SOURCE, "feeds": {"lines": feed, "wares": wares}})
    assert replay(shop.run(DAY), None, "shop.lines") == (1, 0)
    assert shop.lake.rows(ORDER_LINES).num_rows == 3
    assert sorted(shop.lake.rows(PRODUCTS).column("product_id").to_pylist()) == ["P1", "P5", "P6"]
    with pytest.raises(DataError, match="no such row waits"):
        replay(shop.run(DAY), None, "shop.lines")
