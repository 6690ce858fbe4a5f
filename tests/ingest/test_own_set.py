"""A set of one's own: what its catalogue may leave out, and mistakes in it that are named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from jobs.lake.errors import DataError
from jobs.lake.tables.ops import RUNS
from jobs.lake.tables.silver import CUSTOMERS, PRODUCTS
from tests.ingest.shop import COMMON, DAY, NEXT, SOURCE, Shop, silver

FEEDS: dict[str, dict[str, Any]] = SOURCE["feeds"]  # type: ignore[assignment]
ARTICLES = {
    **COMMON,
    "kind": "products",
    "format": {"type": "csv"},
    "path": "*/articles.csv",
    "fields": ["Art-Nr", "Name", "Preis"],
    "key": ["`Art-Nr`"],
    "columns": {"name": "Name", "price": "Preis"},
}


@pytest.fixture
def shop(tmp_path: Path, spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> Shop:
    shop = Shop(tmp_path, spark)
    monkeypatch.setenv("BESPOKE_CONF", str(shop.conf))
    return shop


def with_feed(shop: Shop, name: str, feed: dict[str, Any]) -> None:
    shop.catalogue({**SOURCE, "feeds": {name: feed}})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"key": ["Art-Nr"]}, r"shop\.articles: key: Art-Nr: .*UNRESOLVED_COLUMN.*backquotes"),
        (
            {"columns": {"name": "upper(Name", "price": "Preis"}},
            r"shop\.articles: columns\.name: upper\(Name: .*PARSE_SYNTAX_ERROR",
        ),
    ],
)
def test_sql_that_cannot_be_read_is_named_with_its_place(
    shop: Shop, change: dict[str, Any], said: str
) -> None:
    with_feed(shop, "articles", ARTICLES | change)
    shop.drop("articles.csv", "Art-Nr,Name,Preis\n7,Pot,1.50\n")
    with pytest.raises(DataError, match=said) as refused:
        shop.night(DAY)
    assert "Project" not in str(refused.value)
    (row,) = shop.lake.rows(RUNS).to_pylist()
    assert "shop.articles: " in row["error"]


def test_a_price_without_a_currency_is_in_the_sets(shop: Shop) -> None:
    with_feed(shop, "articles", ARTICLES)
    shop.drop("articles.csv", "Art-Nr,Name,Preis\n7,Pot,1.50\n8,Lid,\n")
    shop.night(DAY)
    found = {r["product_id"]: r["currency"] for r in silver(shop, PRODUCTS, "shop.articles")}
    assert found == {"7": "GBP", "8": None}


def test_a_row_that_does_not_say_when_it_was_changed_counts_from_its_files_day(
    shop: Shop,
) -> None:
    with_feed(shop, "people", FEEDS["people"])
    head = "no,name,mail,tel,changed\n"
    shop.drop("people.csv", f"{head}7,Ray,a@example.com,,2026-02-01\n")
    shop.night(DAY)
    shop.drop("people.csv", f"{head}7,Ray,b@example.com,,\n", day=NEXT)
    shop.night(NEXT)
    (row,) = silver(shop, CUSTOMERS, "shop.people")
    assert (row["loaded_on"], row["version"][:8]) == (NEXT, "20260303")
    assert shop.counts(NEXT, "shop.people") == (1, 1, 0, 0)


def test_a_feed_that_stops_says_which_columns_it_lacks(shop: Shop) -> None:
    with_feed(shop, "lines", FEEDS["lines"] | {"limits": {"bad_rows": 0, "bad_rows_spared": 0}})
    header = "order,line,at,who,sku,count,price,kind"
    shop.drop("lines.csv", f"{header}\n1,1,2026-03-02 10:00,7,P1,2,1.00,sale\n")
    with pytest.raises(DataError, match=r"new column count .*column pieces is missing"):
        shop.night(DAY)
