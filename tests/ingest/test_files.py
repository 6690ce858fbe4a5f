"""Files: odd names, odd content, content that changes under one name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from jobs.ingest.replay import replay
from jobs.lake import faults
from jobs.lake.contract import Table
from jobs.lake.errors import DataError
from jobs.lake.tables.bronze import BRONZE_EVENTS
from jobs.lake.tables.ops import FILES, QUARANTINE
from jobs.lake.tables.silver import EVENTS, MESSAGES, ORDER_LINES, PRODUCTS
from tests.ingest.faults import GOOD
from tests.ingest.shop import COMMON, DAY, LIMITS, NEXT, SOURCE, Shop, clicks, lines

# Whole nights through a lake: seconds each.
pytestmark = pytest.mark.slow

FEEDS: dict[str, dict[str, Any]] = SOURCE["feeds"]  # type: ignore[assignment]
STRICT = {"bad_rows": 0.1, "bad_rows_spared": 0, "oldest_days": 60}
Open = Any


@pytest.fixture
def opened(spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> Open:
    def shop_of(home: Path, feeds: dict[str, dict[str, Any]]) -> Shop:
        shop = Shop(home, spark)
        monkeypatch.setenv("BESPOKE_CONF", str(shop.conf))
        shop.catalogue({**SOURCE, "feeds": feeds})
        return shop

    return shop_of


def orders(shop: Shop) -> dict[str, str]:
    """Order to price."""
    rows = shop.lake.rows(ORDER_LINES).to_pylist()
    return {row["order_id"]: str(row["unit_price"]) for row in rows}


@contextmanager
def stopped_at(table: Table, nth: int) -> Iterator[None]:
    """Stop a night at one of its commits to a table."""
    found = 0

    def stop(_: str, what: str) -> None:
        nonlocal found
        found += what.partition("#")[0] == table.id
        if found == nth:
            raise faults.StoppedError(what)

    with faults.watched(stop):
        yield


def test_a_path_may_hold_any_letter(tmp_path: Path, opened: Open) -> None:
    shop = opened(tmp_path / "a+b (é) day=1", {"lines": FEEDS["lines"]})
    for number, name in enumerate(("lines (1).csv", "lines [x]*?.csv", "lines {y} 100%.csv")):
        shop.drop(name, lines(f"A{number},1,2026-03-02 09:30:00,7,P1,2,9.95,sale,"))
    shop.night(DAY)
    assert shop.counts(DAY, "shop.lines") == (3, 3, 0, 0)
    assert set(orders(shop)) == {"A0", "A1", "A2"}


def test_odd_files_are_refused_and_the_others_read(tmp_path: Path, opened: Open) -> None:
    shop = opened(
        tmp_path,
        {
            "people": FEEDS["people"],
            "lines": FEEDS["lines"],
            "packs": {**FEEDS["lines"], "format": {"type": "parquet"}, "path": "*/packs*"},
        },
    )
    shop.drop("people.csv", "7,Annabel Lee,,,\n")
    shop.drop("lines-open.csv", 'order,line,at,"who' + "," * 200_000)
    shop.drop("packs.parquet", b"PAR1" + b"\x15" * 80 + (60).to_bytes(4, "little") + b"PAR1")
    (shop.landing / "2026-02-30").mkdir()
    (shop.landing / "2026-02-30" / "lines.csv").write_text(lines(GOOD))
    shop.drop("lines-twice.csv", lines(header="order,line,at,who,sku,pieces,price,kind,Kind"))
    shop.drop("lines.csv", lines(GOOD))
    shop.night(DAY)
    assert set(orders(shop)) == {"A1"}
    said = {**shop.reasons("shop.lines"), **shop.reasons("shop.packs")}
    assert {file: reason.partition(":")[2][:42] for (file, _), (reason,) in said.items()} == {
        "lines-open.csv": " no header: the first line is not CSV: fie",
        "lines.csv": " its path names a day that there is not: 2",
        "lines-twice.csv": " a column stands twice in the header: the ",
        "packs.parquet": " not readable as Parquet: Couldn't deseria",
    }
    # Without a header the first line is somebody's: nothing of it is told.
    (reason,) = shop.reasons("shop.people")["people.csv", 0]
    assert reason == (
        "file: no header: none of the columns no, name, mail, tel, changed stands in the first "
        "line; has it another delimiter than ','?"
    )


def test_a_refused_file_is_listed_once_though_its_night_was_killed(
    tmp_path: Path, opened: Open
) -> None:
    shop = opened(tmp_path, {"lines": FEEDS["lines"]})
    shop.drop("lines.csv", "no,header,of,it\n")
    with pytest.raises(faults.StoppedError), stopped_at(QUARANTINE, 1):
        shop.night(DAY)
    shop.night(DAY)
    assert shop.lake.rows(QUARANTINE).num_rows == 1


def test_content_that_comes_back_counts_again(tmp_path: Path, opened: Open) -> None:
    shop = opened(tmp_path, {"till": FEEDS["till"]})
    first, other = (
        f"bon;at;sku;text;pieces;price\n1;2026-03-02 09:00;P1;Tea;1;{price}\n"
        for price in ("2.00", "3.00")
    )
    for content in (first, other, first):
        shop.drop("till.csv", content)
        shop.night(DAY)
        assert shop.counts(DAY, "shop.till") == (1, 1, 0, 0)
    assert orders(shop) == {"1": "2.0000"}


def test_a_refused_content_leaves_the_rows_that_wait_from_the_one_before(
    tmp_path: Path, opened: Open
) -> None:
    shop = opened(tmp_path, {"till": FEEDS["till"]})
    header = "bon;at;sku;text;pieces;price\n"
    shop.drop("till.csv", f"{header}1;never;P1;Tea;1;2.00\n2;2026-03-02 09:00;P2;Tea;1;2.00\n")
    shop.night(DAY)
    shop.drop("till.csv", "no;header;of;it\n")
    shop.night(NEXT)
    assert shop.files("shop.till") == {f"{DAY}/till.csv": "refused"}
    columns = FEEDS["till"]["columns"] | {"ordered_at": "if(at = 'never', '2026-03-02 10:00', at)"}
    shop.catalogue({**SOURCE, "feeds": {"till": {**FEEDS["till"], "columns": columns}}})
    assert replay(shop.run(NEXT), None, None) == (1, 0)
    assert set(orders(shop)) == {"1", "2"}


def test_a_file_that_was_corrected_before_it_was_read_counts_as_it_is_now(
    tmp_path: Path, opened: Open
) -> None:
    shop = opened(tmp_path, {"lines": {**FEEDS["lines"], "limits": STRICT}})
    shop.drop("lines.csv", lines(GOOD, "A2,1,never,7,P6,1,9.95,sale,"))
    with pytest.raises(DataError, match="1 of 2 rows are bad"):
        shop.night(DAY)
    shop.drop("lines.csv", lines(GOOD, "A2,1,2026-03-02 09:30:00,7,P6,1,9.95,sale,"))
    shop.night(NEXT)
    assert shop.counts(NEXT, "shop.lines") == (2, 2, 0, 0)
    assert set(orders(shop)) == {"A1", "A2"}


def test_a_bad_file_that_was_emptied_stops_no_night_any_more(tmp_path: Path, opened: Open) -> None:
    shop = opened(tmp_path, {"lines": {**FEEDS["lines"], "limits": STRICT}})
    shop.drop("lines.csv", lines(GOOD, "A2,1,never,7,P6,1,9.95,sale,"))
    with pytest.raises(DataError, match="1 of 2 rows are bad"):
        shop.night(DAY)
    shop.drop("lines.csv", "")
    with pytest.raises(faults.StoppedError), stopped_at(FILES, 1):
        shop.night(DAY)
    shop.night(DAY)
    assert shop.counts(DAY, "shop.lines") == (0, 0, 0, 0)
    states = [row["state"] for row in shop.lake.rows(FILES).to_pylist()]
    assert sorted(states) == ["empty", "planned", "replaced"]


def test_rows_of_a_content_that_was_replaced_go_though_its_night_was_killed(
    tmp_path: Path, opened: Open
) -> None:
    shop = opened(tmp_path, {"till": FEEDS["till"]})
    header = "bon;at;sku;text;pieces;price\n"
    shop.drop("till.csv", f"{header}1;2026-03-02 09:00;P1;Tea;1;2.00\n")
    with pytest.raises(faults.StoppedError), stopped_at(ORDER_LINES, 1):
        shop.night(DAY)
    assert set(orders(shop)) == {"1"}
    shop.drop("till.csv", f"{header}2;2026-03-02 09:00;P1;Tea;1;2.00\n")
    shop.night(DAY)
    assert set(orders(shop)) == {"2"}


def test_a_key_of_json_that_nobody_declared_is_encrypted_wherever_it_stands(
    tmp_path: Path, opened: Open
) -> None:
    shop = opened(tmp_path, {"clicks": FEEDS["clicks"]})
    plain = {"at": "2026-03-02T09:00:00Z", "type": "page_view", "cookie": "k" * 60}
    many = [{"id": f"e{n}", **plain} for n in range(12_000)]
    twice = json.dumps({"id": "e-twice", **plain})[:-1] + ', "id": "e-other"}'
    shop.drop(
        "clicks.jsonl", clicks(*many, twice, {"id": "e-last", "note": "Mum's birthday", **plain})
    )
    shop.night(DAY)
    assert shop.counts(DAY, "shop.clicks") == (12_002, 12_001, 1, 0)
    assert shop.reasons("shop.clicks")["clicks.jsonl", 12_001] == [
        "record: not a JSON object in UTF-8 that names every key once"
    ]
    raws = [dict(row["raw"] or []) for row in shop.lake.rows(BRONZE_EVENTS).to_pylist()]
    notes = [raw["note"] for raw in raws if "note" in raw]
    assert [note[:6] for note in notes] == ["enc:1:"]


def test_a_derived_feed_takes_the_latest_that_good_rows_say(tmp_path: Path, opened: Open) -> None:
    price = {"name": "concat('Ware ', sku)", "price": "if(kind = 'sale', price, null)"}
    wares = {k: v for k, v in FEEDS["wares"].items() if k != "where"} | {"columns": price}
    shop = opened(tmp_path, {"lines": FEEDS["lines"], "wares": wares})

    def sold(day: Any, price: str) -> str:
        return lines(
            f"A{price},1,{day} 09:30:00,7,P1,1,{price},sale,",
            f"A{price},2,{day} 10:30:00,7,P1,-1,{price},return,",
            f"A{price},3,2031-01-01 10:30:00,7,P9,1,99.00,sale,",
        )

    for day, price in ((DAY, "9.95"), (NEXT, "12.00")):
        shop.drop("lines.csv", sold(day, price), day)
        shop.night(day)
        rows = {r["product_id"]: str(r["price"]) for r in shop.lake.rows(PRODUCTS).to_pylist()}
        assert rows == {"P1": f"{price}00"}


def test_two_feeds_may_use_the_same_keys(tmp_path: Path, opened: Open) -> None:
    other = {**FEEDS["lines"], "path": "*/other.csv"}
    shop = opened(tmp_path, {"lines": FEEDS["lines"], "other": other})
    shop.drop("lines.csv", lines(GOOD))
    shop.drop("other.csv", lines(GOOD.replace("9.95", "5.00")))
    shop.night(DAY)
    rows = shop.lake.rows(ORDER_LINES).to_pylist()
    assert sorted((row["source"], row["line_id"], str(row["unit_price"])) for row in rows) == [
        ("shop.lines", "A1|1", "9.9500"),
        ("shop.other", "A1|1", "5.0000"),
    ]


def test_a_lookup_names_every_key_once(tmp_path: Path, opened: Open) -> None:
    sent = {
        **COMMON,
        "kind": "messages",
        "format": {"type": "csv"},
        "path": "*/sent.csv",
        "fields": ["campaign", "who"],
        "key": ["campaign", "who"],
        "lookups": {"told": {"path": "campaigns.csv", "key": "campaign"}},
        "columns": {"customer_no": "who", "campaign_type": "told.type", "sent_at": "told.day"},
        "limits": LIMITS,
    }
    shop = opened(tmp_path, {"sent": sent})
    shop.drop("sent.csv", "campaign,who\nc1,7\nc2,7\n")
    told = shop.landing / "campaigns.csv"
    told.write_text("campaign,type,day\nc1,A,2026-03-02\nc1,B,2026-03-02\n")
    with pytest.raises(DataError, match=r"campaigns\.csv: row 3 names campaign c1 again"):
        shop.night(DAY)
    told.write_text("campaign,type,day\nc1,A,2026-03-02\n")
    shop.night(DAY)
    assert shop.counts(DAY, "shop.sent") == (2, 1, 1, 0)
    (row,) = shop.lake.rows(MESSAGES).to_pylist()
    assert (row["message_id"], row["campaign_type"]) == ("c1|7", "A")
    assert shop.lake.rows(EVENTS).num_rows == 0
