"""A catalogue that is mended between two tries of a night: what waits is read by the mended one."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from jobs.ingest.bronze import _keyed
from jobs.ingest.catalogue import source_set
from jobs.ingest.feeds import nights
from jobs.ingest.ledger import Batch, Ledger
from jobs.ingest.replay import replay
from jobs.lake import faults
from jobs.lake.contract import Table
from jobs.lake.errors import DataError
from jobs.lake.tables.bronze import BRONZE_CRM, BRONZE_ORDERS, VAULT_KEYS
from jobs.lake.tables.ops import FILES, QUARANTINE
from jobs.lake.tables.silver import CUSTOMERS, ORDER_LINES
from tests.ingest.shop import DAY, SOURCE, Shop
from tests.lake.contents import stored

FEEDS: dict[str, dict[str, Any]] = SOURCE["feeds"]  # type: ignore[assignment]
PEOPLE = "no,name,mail,tel,changed\n7,Annabel Lee,ann@example.com,,2026-03-02 08:00:00\n"


@pytest.fixture
def shop(tmp_path: Path, spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> Shop:
    made = Shop(tmp_path / "home", spark)
    monkeypatch.setenv("BESPOKE_CONF", str(made.conf))
    return made


def catalogue(shop: Shop, name: str, **changes: Any) -> None:
    shop.catalogue({**SOURCE, "feeds": {name: {**FEEDS[name], **changes}}})


def killed_after(shop: Shop, table: Table, day: date = DAY) -> None:
    """Run a night up to its first commit to a table."""

    def stop(_: str, what: str) -> None:
        if what == table.id:
            raise faults.StoppedError(what)

    with faults.watched(stop), pytest.raises(faults.StoppedError):
        shop.night(day)


@pytest.mark.slow
def test_a_key_that_is_mended_after_keys_were_minted_loses_no_row(shop: Shop) -> None:
    catalogue(shop, "people")
    shop.drop("people.csv", PEOPLE)
    killed_after(shop, VAULT_KEYS)
    catalogue(shop, "people", key=["no", "changed"])
    shop.night(DAY)
    assert shop.counts(DAY, "shop.people") == (1, 1, 0, 0)
    (row,) = shop.lake.rows(BRONZE_CRM).to_pylist()
    assert row["record_id"] == "shop.people:7|2026-03-02 08:00:00"
    assert shop.lake.rows(CUSTOMERS).num_rows == 1


STRICT = {"bad_rows": 0.1, "bad_rows_spared": 0, "oldest_days": 60}
WITH_COLOUR = "order,line,at,who,sku,pieces,price,kind,colour\n"
RED = f"{WITH_COLOUR}A1,1,2026-03-02 09:30:00,7,P1,2,9.95,sale,red\n"
TILL = "bon;at;sku;text;pieces;price\n1;2026-03-02 09:00;P1;Café;1;2.00\n"
MAPPED: dict[str, Any] = {
    "fields": [*FEEDS["lines"]["fields"], "colour?"],
    "columns": {**FEEDS["lines"]["columns"], "description": "colour"},
}


def descriptions(shop: Shop) -> dict[str, str]:
    rows = shop.lake.rows(ORDER_LINES).to_pylist()
    return {row["order_id"]: row["description"] for row in rows}


@pytest.mark.slow
def test_a_column_declared_while_rows_wait_is_read_anew(shop: Shop) -> None:
    catalogue(shop, "lines")
    shop.drop("lines.csv", RED)
    killed_after(shop, BRONZE_ORDERS)
    catalogue(shop, "lines", **MAPPED)
    shop.night(DAY)
    assert shop.counts(DAY, "shop.lines") == (1, 1, 0, 0)
    assert descriptions(shop) == {"A1": "red"}
    # Nothing is taken twice.
    shop.night(DAY)
    assert shop.counts(DAY, "shop.lines") == (0, 0, 0, 0)


@pytest.mark.slow
@pytest.mark.parametrize("table", [FILES, BRONZE_ORDERS, QUARANTINE, ORDER_LINES])
def test_reading_anew_survives_being_killed(shop: Shop, table: Table) -> None:
    catalogue(shop, "lines", limits={**STRICT, "bad_rows": 0.5})
    shop.drop("lines.csv", f"{RED}A2,1,never,7,P6,1,9.95,sale,blue\n")
    # What it refused of the first reading is not to be told beside what the second one does.
    killed_after(shop, QUARANTINE)
    catalogue(shop, "lines", **MAPPED)
    killed_after(shop, table)
    shop.night(DAY)
    assert descriptions(shop) == {"A1": "red"}
    waiting = [r for r in shop.lake.rows(QUARANTINE).to_pylist() if r["replayed_on"] is None]
    assert [dict(row["raw"])["colour"] for row in waiting] == ["blue"]
    assert shop.files("shop.lines") == {f"{DAY}/lines.csv": "done"}


@pytest.mark.slow
def test_a_feed_that_is_stopped_by_its_bad_rows_is_mended_by_its_catalogue(shop: Shop) -> None:
    utf8 = {"type": "csv", "delimiter": ";"}
    catalogue(shop, "till", limits=STRICT, format=utf8)
    shop.drop("till.csv", TILL.encode("windows-1252"))
    with pytest.raises(DataError, match="1 of 1 rows are bad"):
        shop.night(DAY)
    catalogue(shop, "till", limits=STRICT)
    shop.night(DAY)
    assert shop.counts(DAY, "shop.till") == (1, 1, 0, 0)
    assert descriptions(shop) == {"1": "Café"}


@pytest.mark.slow
def test_what_is_gone_counts_as_it_was_read_but_nothing_encrypted_passes(shop: Shop) -> None:
    catalogue(shop, "lines")
    path = shop.drop("lines.csv", f"{RED}A2,1,2026-03-02 09:30:00,7,P1,1,9.95,sale,\n")
    killed_after(shop, BRONZE_ORDERS)
    path.unlink()
    catalogue(shop, "lines", **MAPPED)
    shop.night(DAY)
    assert descriptions(shop) == {"A2": None}
    assert shop.reasons("shop.lines") == {
        ("lines.csv", 2): ["encrypted: colour: it was no plain column when its file was read"]
    }


@pytest.mark.slow
def test_of_a_batch_the_files_that_are_there_are_read_anew(shop: Shop) -> None:
    catalogue(shop, "lines")
    shop.drop("lines-a.csv", f"{RED}A2,1,never,7,P6,1,9.95,sale,blue\n")
    gone = shop.drop("lines-b.csv", RED.replace("A1", "B1").replace("red", ""))
    gone.write_text(f"{gone.read_text()}B2,1,never,7,P6,1,9.95,sale,\n")
    killed_after(shop, BRONZE_ORDERS)
    gone.unlink()
    catalogue(shop, "lines", **MAPPED)
    shop.night(DAY)
    assert shop.counts(DAY, "shop.lines") == (4, 2, 2, 0)
    assert descriptions(shop) == {"A1": "red", "B1": None}
    # Bronze has the first file of both readings, and only the later one counts.
    columns = {**MAPPED["columns"], "ordered_at": "if(at = 'never', '2026-03-02 10:00', at)"}
    catalogue(shop, "lines", **{**MAPPED, "columns": columns})
    assert replay(shop.run(DAY), None, "shop.lines") == (2, 0)
    assert descriptions(shop) == {"A1": "red", "A2": "blue", "B1": None, "B2": None}


@pytest.mark.slow
def test_a_batch_of_an_earlier_release_is_taken_as_it_was_read(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue(shop, "lines")
    shop.drop("lines.csv", RED)
    plan = Ledger.plan

    def without_reading(ledger: Ledger, files: Any, loaded_on: date, _: str) -> Batch:
        return plan(ledger, files, loaded_on, "")

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "plan", without_reading)
        killed_after(shop, BRONZE_ORDERS)
    shop.night(DAY)
    assert shop.counts(DAY, "shop.lines") == (1, 1, 0, 0)
    assert shop.lake.rows(BRONZE_ORDERS).num_rows == 1


def test_what_says_nothing_of_reading_reads_nothing_anew(shop: Shop) -> None:
    def reading(**changes: Any) -> str:
        catalogue(shop, "people", **changes)
        (night,) = nights(shop.run(DAY), source_set(shop.conf / "sources", "shop"))
        return night.mapping.reading

    limits, columns = {"bad_rows": 0.5}, {**FEEDS["people"]["columns"], "city": "'York'"}
    assert reading() == reading(limits=limits, owner="sales", columns=columns)
    for changed in (
        {"fields": [*FEEDS["people"]["fields"], "town"]},
        {"key": ["no", "changed"]},
        {"pii": ["name", "mail", "tel", "changed"], "columns": {"customer_no": "no"}},
        {"format": {"type": "csv", "encoding": "windows-1252"}},
        {"columns": {**FEEDS["people"]["columns"], "email": "lower(mail)"}},
    ):
        assert reading(**changed) != reading()


@pytest.mark.slow
def test_keys_are_minted_once_however_often_a_night_is_killed(shop: Shop) -> None:
    catalogue(shop, "people")
    shop.drop("people.csv", PEOPLE)
    killed_after(shop, VAULT_KEYS)
    killed_after(shop, BRONZE_CRM)
    shop.night(DAY)
    assert [row["record_id"] for row in stored(shop.lake, VAULT_KEYS)] == ["shop.people:7"]


def test_a_row_without_a_key_is_an_error_and_not_left_out(spark: SparkSession) -> None:
    rows = spark.createDataFrame([("a", 1), ("b", 2)], "record_id string, line long")
    keys = spark.createDataFrame([("a", "k")], "record_id string, wrapped_key string")
    with pytest.raises(Exception, match=r"shop\.people: no data key was minted for b"):
        _keyed(rows, keys, "shop.people").collect()
    found = _keyed(rows.where("line = 1"), keys, "shop.people").collect()
    assert [row.asDict() for row in found] == [{"record_id": "a", "line": 1, "wrapped_key": "k"}]
