"""The real sets of the catalogue: every row accounted for, money to the last decimal."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from jobs.ingest.ingest import ingest
from jobs.lake.contract import Table
from jobs.lake.run import Run
from jobs.lake.settings import load_settings
from jobs.lake.store import Lake
from jobs.lake.tables.ops import RUNS
from jobs.lake.tables.silver import (
    CUSTOMERS,
    EVENTS,
    FEEDBACK,
    MESSAGES,
    ORDER_LINES,
    PRODUCTS,
)

ROOT = Path(__file__).resolve().parents[2]
DATA = os.environ.get("BESPOKE_DATA")


def ingested(name: str, night: date, home: Path) -> Lake:
    """Ingest the whole of a set in one night, by the command: it wants a larger JVM than a test."""
    if not DATA or not Path(DATA, name).is_dir():
        pytest.skip(f"BESPOKE_DATA does not hold {name}/: it is no part of Bespoke")
    done = subprocess.run(
        [sys.executable, "-m", "jobs.cli.main", "job", "ingest", "--date", night.isoformat()],
        env=os.environ | {"BESPOKE_HOME": str(home), "BESPOKE_SOURCE": name},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    return Lake(home / "lake")


def counts(lake: Lake, job: str = "ingest") -> dict[str, tuple[Any, ...]]:
    """Read, accepted, quarantined, duplicate by feed."""
    names = ("read", "accepted", "quarantined", "duplicate")
    return {
        row["source"]: tuple(row[f"rows_{n}"] for n in names)
        for row in lake.rows(RUNS, [("job", "=", job)]).to_pylist()
    }


def rows_of(lake: Lake, table: Table) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = lake.rows(table).to_pylist()
    return found


def by_hand(
    name: str, files: dict[str, str], night: date, folder: Path, spark: SparkSession
) -> Lake:
    """Ingest a night of a set from a few rows, also where the set itself is absent."""
    landing = folder / "landing"
    landing.mkdir()
    for file, text in files.items():
        (landing / file).write_text(text)
    wanted = {"BESPOKE_SOURCE": name, "BESPOKE_LANDING": str(landing)}
    lake = Lake(folder / "home" / "lake", spark)
    ingest(Run(load_settings(environment=wanted), lake, night))
    return lake


LINES = """\
InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
1,85123A,HANGING HEART,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom
1,85123A,HANGING HEART,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom
2,POST,POSTAGE,1,2010-12-01 08:28:00,18.00,12583.0,France
C3,D,Discount,-1,2010-12-01 09:41:00,27.50,14527.0,United Kingdom
4,21035,RETROSPOT BOWL,2,2010-12-01 08:45:00,0.001,,United Kingdom
"""


def test_a_day_of_online_retail_by_hand(tmp_path: Path, spark: SparkSession) -> None:
    lake = by_hand("online_retail", {"2010-12-01.csv": LINES}, date(2010, 12, 1), tmp_path, spark)
    assert counts(lake) == {"online_retail.orders": (5, 5, 0, 0)}
    lines = lake.rows(ORDER_LINES).to_pylist()
    assert sum(line["amount_base"] for line in lines) == Decimal("21.102")
    assert [line["order_id"] for line in lines if line["kind"] == "return"] == ["C3"]
    assert [line["order_id"] for line in lines if line["identifier"] is None] == ["4"]
    customers = lake.rows(CUSTOMERS).to_pylist()
    assert {c["customer_no"]: c["country"] for c in customers} == {
        "17850": "United Kingdom",
        "12583": "France",
        "14527": "United Kingdom",
    }
    assert {p["product_id"]: p["item_type"] for p in lake.rows(PRODUCTS).to_pylist()} == {
        "85123A": "product",
        "21035": "product",
        "POST": "service",
        "D": "adjustment",
    }


JOURNEY = {
    "transactions.csv": """\
household_id,store_id,basket_id,product_id,quantity,sales_value,retail_disc,coupon_disc,coupon_match_disc,week,transaction_timestamp
2261,309,31625220889,940996,1.0,3.86,0.43,0.5,0.25,5,2017-01-28 19:06:53
2261,309,31625220889,6534178,10.0,14.990000000000002,0.0,0.0,0.0,5,2017-01-28 19:06:53
""",
    "demographics.csv": """\
household_id,age,income,home_ownership,marital_status,household_size,household_comp,kids_count
2261,65+,35-49K,Homeowner,Married,2,2 Adults No Kids,0
1001,45-54,50-74K,,Unmarried,1,1 Adult No Kids,0
""",
    "products.csv": """\
product_id,manufacturer_id,department,brand,product_category,product_type,package_size
940996,2,GROCERY,National,FRZN ICE,ICE - CRUSHED/CUBED,22 LB
6534178,2,FUEL,Private,COUPON/MISC ITEMS,GASOLINE-REG UNLEADED,
26081,2,MISCELLANEOUS,National,,,
""",
    "campaigns.csv": "campaign_id,household_id\n1,2261\n1,1001\n",
    "campaign_descriptions.csv": """\
campaign_id,campaign_type,start_date,end_date
1,Type B,2017-03-03,2017-04-09
""",
    "coupon_redemptions.csv": """\
household_id,coupon_upc,campaign_id,redemption_date
2261,51380041013,1,2017-03-10
""",
}


def test_households_of_complete_journey_by_hand(tmp_path: Path, spark: SparkSession) -> None:
    lake = by_hand("complete_journey", JOURNEY, date(2017, 12, 31), tmp_path, spark)
    assert counts(lake) == {
        "complete_journey.transactions": (2, 2, 0, 0),
        "complete_journey.demographics": (2, 2, 0, 0),
        "complete_journey.products": (3, 3, 0, 0),
        "complete_journey.campaigns": (2, 2, 0, 0),
        "complete_journey.redemptions": (1, 1, 0, 0),
    }
    lines = {line["product_id"]: line for line in lake.rows(ORDER_LINES).to_pylist()}
    assert {line["customer_no"] for line in lines.values()} == {"2261"}
    assert lines["940996"]["amount_base"] == Decimal("3.86")
    assert lines["940996"]["discount"] == Decimal("1.18")
    assert lines["6534178"]["amount_base"] == Decimal("14.99"), "the noise behind the cents"
    # A household is known by its baskets, and by what it said of itself.
    customers = lake.rows(CUSTOMERS).to_pylist()
    assert sorted((c["source"].split(".")[1], c["customer_no"]) for c in customers) == [
        ("demographics", "1001"),
        ("demographics", "2261"),
        ("households", "2261"),
    ]
    said = {c["customer_no"]: c["attributes"] for c in customers if c["attributes"]}
    assert dict(said["2261"])["income"] == "35-49K"
    assert dict(said["1001"])["home_ownership"] is None
    assert {p["product_id"]: (p["item_type"], p["name"]) for p in rows_of(lake, PRODUCTS)} == {
        "940996": ("product", "Ice - Crushed/cubed, 22 LB"),
        "6534178": ("service", "Gasoline-reg Unleaded"),
        "26081": ("adjustment", "Miscellaneous"),
    }
    messages = {m["customer_no"]: m for m in rows_of(lake, MESSAGES)}
    assert {no: m["campaign_type"] for no, m in messages.items()} == dict.fromkeys(
        ("2261", "1001"), "Type B"
    )
    # Midnight of the campaign's first day, on the shop's clock.
    assert {m["sent_at"].isoformat() for m in messages.values()} == {"2017-03-03T05:00:00+00:00"}
    redeemed = rows_of(lake, EVENTS)
    assert [(e["type"], e["customer_no"], e["message_id"]) for e in redeemed] == [
        ("redemption", "2261", messages["2261"]["message_id"])
    ]


@pytest.mark.slow
def test_online_retail(tmp_path: Path) -> None:
    lake = ingested("online_retail", date(2011, 12, 9), tmp_path)
    assert counts(lake) == {"online_retail.orders": (541_909, 541_909, 0, 0)}
    lines = lake.rows(
        ORDER_LINES, columns=["kind", "identifier", "amount_base", "product_id"]
    ).to_pydict()
    assert sum(lines["amount_base"]) == Decimal("9747747.934")
    assert sum(kind == "return" for kind in lines["kind"]) == 9_288
    assert sum(who is None for who in lines["identifier"]) == 135_080
    assert lake.rows(CUSTOMERS).num_rows == 4_372
    products = lake.rows(PRODUCTS, columns=["product_id", "item_type"]).to_pylist()
    assert {p["product_id"] for p in products} >= set(filter(None, lines["product_id"]))
    others = {p["product_id"] for p in products if p["item_type"] != "product"}
    assert {"POST", "DOT", "M", "BANK CHARGES", "AMAZONFEE"} <= others


@pytest.mark.slow
def test_complete_journey(tmp_path: Path) -> None:
    lake = ingested("complete_journey", date(2017, 12, 31), tmp_path)
    found = counts(lake)
    assert sum(read for read, *_ in found.values()) == 176_823
    assert all(read == accepted for read, accepted, *_ in found.values())
    assert lake.rows(MESSAGES).num_rows == 6_589
    assert lake.rows(FEEDBACK).num_rows == 0
