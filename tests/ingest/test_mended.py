"""A catalogue that is mended between two tries of a night: what waits is read by the mended one."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from jobs.ingest.bronze import _keyed
from jobs.lake import faults
from jobs.lake.contract import Table
from jobs.lake.tables.bronze import BRONZE_CRM, VAULT_KEYS
from jobs.lake.tables.silver import CUSTOMERS
from tests.ingest.shop import DAY, SOURCE, Shop

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


@pytest.mark.slow
def test_keys_are_minted_once_however_often_a_night_is_killed(shop: Shop) -> None:
    catalogue(shop, "people")
    shop.drop("people.csv", PEOPLE)
    killed_after(shop, VAULT_KEYS)
    killed_after(shop, VAULT_KEYS)
    shop.night(DAY)
    assert shop.lake.rows(VAULT_KEYS).column("record_id").to_pylist() == ["shop.people:7"]


def test_a_row_without_a_key_is_an_error_and_not_left_out(spark: SparkSession) -> None:
    rows = spark.createDataFrame([("a", 1), ("b", 2)], "record_id string, line long")
    keys = spark.createDataFrame([("a", "k")], "record_id string, wrapped_key string")
    with pytest.raises(Exception, match=r"shop\.people: no data key was minted for b"):
        _keyed(rows, keys, "shop.people").collect()
    found = _keyed(rows.where("line = 1"), keys, "shop.people").collect()
    assert [row.asDict() for row in found] == [{"record_id": "a", "line": 1, "wrapped_key": "k"}]
