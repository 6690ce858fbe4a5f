"""One customer with a million order lines, beside the same lines spread over all customers.

Usage: ``python bench/skew.py --out bench/skew.json``

A small world gets a million lines more on its last day, once all of one customer's and once dealt
out to everybody in turn. Each is a night from nothing to export, in a home and a process of its
own. Both must hold every line to the penny, and the one customer's profile all of them.
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
import sys
import tempfile
from datetime import timedelta
from decimal import Decimal
from itertools import cycle
from pathlib import Path
from typing import Any

from watch import header

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bench.night import night  # noqa: E402 - the path is set above
from bench.scale import FIRST, world  # noqa: E402

PEOPLE, DAYS = 1_000, 10
LINES, LINES_OF_ORDER = 1_000_000, 10
PRICE = Decimal("1.25")
PLANTED = "SKEW"
LAST = FIRST + timedelta(days=DAYS - 1)


def main() -> None:
    """Run both nights and write what they took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        result: dict[str, Any] = {
            **header(f"python bench/skew.py --out {wanted.out}"),
            "people": PEOPLE,
            "lines": LINES,
            **compared(Path(scratch)),
        }
    wanted.out.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


def compared(scratch: Path) -> dict[str, Any]:
    """Run the night with the lines spread and with those of one; say the difference."""
    spread, one = scratch / "spread", scratch / "one"
    world(PEOPLE, spread, DAYS)
    for name in ("landing", "truth"):
        shutil.copytree(spread / name, one / name)
    shutil.copy(spread / "source_set", one)
    customers = numbers(spread)
    plant(spread, customers)
    plant(one, customers[:1])
    found = {"spread": night("demo", spread, LAST), "one": night("demo", one, LAST)}
    for home in (spread, one):
        held(home)
    found["customer"] = profile(one, customers[0])
    found["times_the_seconds"] = round(found["one"]["seconds"] / found["spread"]["seconds"], 2)
    return found


def numbers(home: Path) -> list[str]:
    """Return the customer numbers of the world's orders, in order."""
    found = set()
    for path in (home / "landing" / "demo").glob("*/orders.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            found |= {row["customer_no"] for row in csv.DictReader(file) if row["customer_no"]}
    return sorted(found)


def plant(home: Path, customers: list[str]) -> None:
    """Add the lines to the orders of the last day, those of an order all of one customer."""
    path = home / "landing" / "demo" / LAST.isoformat() / "orders.csv"
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        columns = list(reader.fieldnames or ())
        product = next(row["product_id"] for row in reader)
    whose = cycle(customers)
    with path.open("a", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        for order in range(LINES // LINES_OF_ORDER):
            line = {
                "order_id": f"{PLANTED}{order}",
                "ordered_at": f"{LAST} {order % 24:02}:00:00",
                "customer_no": next(whose),
                "channel": "web",
                "kind": "sale",
                "product_id": product,
                "quantity": 1,
                "unit_price": PRICE,
                "discount": "0.00",
                "currency": "GBP",
            }
            writer.writerows(line | {"line_no": n + 1} for n in range(LINES_OF_ORDER))


def held(home: Path) -> None:
    """Refuse a lake that lacks a line or a penny."""
    from jobs.lake.query import records

    (row,) = records(
        "SELECT count(*) AS lines, sum(amount) AS amount FROM silver.order_lines "
        f"WHERE starts_with(order_id, '{PLANTED}')",
        home / "lake",
    )
    if (row["lines"], row["amount"]) != (LINES, LINES * PRICE):
        raise SystemExit(f"{home}: {row} of {LINES} lines of {PRICE}")


def profile(home: Path, customer: str) -> dict[str, Any]:
    """Return what the profile of the one customer says; refuse one that lacks an order."""
    from jobs.lake.query import records

    (row,) = records(
        "SELECT orders, items, net_revenue FROM gold.profiles p JOIN identity.identifiers i "
        "USING (person_id) WHERE i.identifier = ? AND p.as_of = ?",
        home / "lake",
        [f"customer_no:{customer}", LAST],
    )
    if row["orders"] < LINES // LINES_OF_ORDER or row["net_revenue"] < LINES * PRICE:
        raise SystemExit(f"the customer's profile holds {row} only")
    return {name: str(value) for name, value in row.items()}


if __name__ == "__main__":
    main()
