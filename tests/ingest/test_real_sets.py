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
from jobs.lake.run import Run
from jobs.lake.settings import load_settings
from jobs.lake.store import Lake
from jobs.lake.tables.ops import RUNS
from jobs.lake.tables.silver import CUSTOMERS, FEEDBACK, MESSAGES, ORDER_LINES, PRODUCTS

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


BY_HAND = """\
InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
1,85123A,HANGING HEART,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom
1,85123A,HANGING HEART,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom
2,POST,POSTAGE,1,2010-12-01 08:28:00,18.00,12583.0,France
C3,D,Discount,-1,2010-12-01 09:41:00,27.50,14527.0,United Kingdom
4,21035,RETROSPOT BOWL,2,2010-12-01 08:45:00,0.001,,United Kingdom
"""


def test_a_day_of_online_retail_by_hand(tmp_path: Path, spark: SparkSession) -> None:
    """What the catalogue makes of the set's kinds of rows, also where the set itself is absent."""
    landing = tmp_path / "landing"
    landing.mkdir()
    (landing / "2010-12-01.csv").write_text(BY_HAND)
    wanted = {"BESPOKE_SOURCE": "online_retail", "BESPOKE_LANDING": str(landing)}
    lake = Lake(tmp_path / "home" / "lake", spark)
    ingest(Run(load_settings(environment=wanted), lake, date(2010, 12, 1)))
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
