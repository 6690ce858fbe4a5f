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
