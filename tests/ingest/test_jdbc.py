"""A feed that is a table of a database: each night sees it once, as it stands."""

from pathlib import Path

import pytest
from pyspark.sql import DataFrameReader, SparkSession

from jobs.lake.tables.silver import CUSTOMERS
from tests.ingest.shop import COMMON, DAY, NEXT, SOURCE, Shop

# Whole nights through a lake: seconds each.
pytestmark = pytest.mark.slow

DRIVER = "org.apache.derby.iapi.jdbc.AutoloadedDriver"


def save(spark: SparkSession, url: str, rows: list[tuple[str, str]]) -> None:
    frame = spark.createDataFrame(rows, "NO string, TOWN string")
    writer = frame.coalesce(1).write.format("jdbc").mode("overwrite")
    writer.option("url", url).option("driver", DRIVER).option("dbtable", "PEOPLE").save()


def test_a_database_table_is_a_feed(
    tmp_path: Path, spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"jdbc:derby:{tmp_path / 'crm'};create=true"
    save(spark, url, [("1", "York"), ("2", "Bath")])
    shop = Shop(tmp_path / "shop", spark)
    monkeypatch.setenv("BESPOKE_CONF", str(shop.conf))
    feed = {
        **COMMON,
        "kind": "crm",
        "format": {"type": "jdbc"},
        "jdbc": {"url": url, "table": "PEOPLE", "driver": DRIVER},
        "fields": ["NO", "TOWN"],
        "key": ["NO"],
        "columns": {"customer_no": "NO", "city": "TOWN"},
    }
    shop.catalogue({**SOURCE, "feeds": {"people": feed}})
    options: dict[str, object] = {}
    option = DataFrameReader.option

    def noted(reader: DataFrameReader, key: str, value: object) -> DataFrameReader:
        options[key] = value
        return option(reader, key, value)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(DataFrameReader, "option", noted)
        shop.night(DAY)
    assert options["fetchsize"] == 10_000, "a driver's own is ten rows, or the whole table"
    assert shop.counts(DAY, "shop.people") == (2, 2, 0, 0)
    shop.night(DAY)
    assert shop.counts(DAY, "shop.people") == (0, 0, 0, 0), "a night sees the table once"
    save(spark, url, [("1", "York"), ("2", "Hull"), ("3", "Ely")])
    shop.night(NEXT)
    assert shop.counts(NEXT, "shop.people") == (3, 2, 0, 1)
    rows = shop.lake.rows(CUSTOMERS).to_pylist()
    assert {r["customer_no"]: r["city"] for r in rows} == {"1": "York", "2": "Hull", "3": "Ely"}
