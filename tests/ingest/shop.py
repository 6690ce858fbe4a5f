"""A shop of a few rows, whose files hold every kind of fault."""

from __future__ import annotations

import gzip
import json
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from pyspark.sql import SparkSession

from jobs.ingest.ingest import ingest
from jobs.lake.contract import Table
from jobs.lake.run import Run
from jobs.lake.settings import Settings, conf_folder, load_settings
from jobs.lake.store import Lake
from jobs.lake.tables.ops import FILES, QUARANTINE, RUNS

DAY = date(2026, 3, 2)
NEXT = date(2026, 3, 3)

COMMON = {"owner": "tests", "system": "shop", "frequency": "daily"}
LIMITS = {"bad_rows": 0.9, "oldest_days": 60}

SOURCE = {
    "set": "shop",
    "title": "A shop",
    "landing": "{home}/landing",
    "time_zone": "Europe/London",
    "currency": "GBP",
    "rates": [
        {"currency": "EUR", "since": "2026-01-01", "rate": "0.85"},
        {"currency": "EUR", "since": "2026-03-02", "rate": "0.9"},
    ],
    "feeds": {
        "people": {
            **COMMON,
            "kind": "crm",
            "format": {"type": "csv"},
            "path": "*/people.csv",
            "fields": ["no", "name", "mail", "tel", "changed"],
            "key": ["no"],
            "pii": ["name", "mail", "tel"],
            "columns": {
                "customer_no": "no",
                "last_name": "name",
                "email": "mail",
                "phone": "tel",
                "updated_at": "changed",
            },
            "limits": LIMITS,
        },
        "lines": {
            **COMMON,
            "kind": "orders",
            "format": {"type": "csv"},
            "path": "*/lines*.csv*",
            "fields": ["order", "line", "at", "who", "sku", "pieces", "price", "kind", "cur?"],
            "key": ["order", "line"],
            "columns": {
                "order_id": "order",
                "line_no": "line",
                "ordered_at": "at",
                "customer_no": "who",
                "product_id": "sku",
                "quantity": "pieces",
                "unit_price": "price",
                "kind": "kind",
                "currency": "cur",
            },
            "limits": LIMITS,
        },
        "wares": {
            **COMMON,
            "kind": "products",
            "derived_from": "lines",
            "where": "kind = 'sale'",
            "key": ["sku"],
            "columns": {"name": "concat('Ware ', sku)", "price": "price"},
        },
        "till": {
            **COMMON,
            "kind": "orders",
            "format": {"type": "csv", "delimiter": ";", "encoding": "windows-1252"},
            "path": "*/till.csv",
            "fields": ["bon", "at", "sku", "text", "pieces", "price"],
            "key": "row",
            "duplicates": "keep",
            "changed_file": "replace",
            "columns": {
                "order_id": "bon",
                "ordered_at": "at",
                "product_id": "sku",
                "description": "text",
                "quantity": "pieces",
                "unit_price": "price",
            },
            "limits": LIMITS,
        },
        "clicks": {
            **COMMON,
            "kind": "events",
            "format": {"type": "jsonl"},
            "path": "*/clicks.jsonl*",
            "fields": ["id", "at", "type", "cookie?", "login?", "sku?", "ms?"],
            "key": ["id"],
            "columns": {
                "type": "type",
                "occurred_at": "at",
                "cookie_id": "cookie",
                "login": "login",
                "product_id": "sku",
                "dwell_ms": "ms",
            },
            "limits": LIMITS,
        },
    },
}


class Shop:
    """A home with a catalogue and a landing of its own."""

    def __init__(self, home: Path, spark: SparkSession) -> None:
        self.home = home
        self.landing = home / "landing"
        self.conf = home / "conf"
        self.conf.mkdir(parents=True)
        self.landing.mkdir()
        for name in ("base.yaml", "local.yaml", "segments"):
            (self.conf / name).symlink_to(conf_folder() / name)
        (self.conf / "sources").mkdir()
        self.catalogue(SOURCE)
        self.lake = Lake(home / "lake", spark)

    def catalogue(self, source: dict[str, object]) -> None:
        (self.conf / "sources" / "shop.yaml").write_text(yaml.safe_dump(source, sort_keys=False))

    def settings(self) -> Settings:
        return load_settings(self.conf, {"BESPOKE_SOURCE": "shop"})

    def run(self, as_of: date) -> Run:
        return Run(self.settings(), self.lake, as_of)

    def night(self, as_of: date) -> None:
        ingest(self.run(as_of))

    def drop(self, name: str, text: str | bytes, day: date = DAY) -> Path:
        path = self.landing / day.isoformat() / name
        path.parent.mkdir(exist_ok=True)
        data = text.encode() if isinstance(text, str) else text
        path.write_bytes(gzip.compress(data, mtime=0) if name.endswith(".gz") else data)
        return path

    def counts(self, as_of: date, source: str) -> tuple[int, int, int, int]:
        """Read, accepted, quarantined, duplicate of the last run of a feed on a night."""
        rows = self.lake.rows(RUNS, [("source", "=", source), ("as_of", "=", as_of)]).to_pylist()
        last = max(rows, key=lambda row: row["ended_at"])
        return tuple(last[f"rows_{c}"] for c in ("read", "accepted", "quarantined", "duplicate"))

    def reasons(self, source: str) -> dict[tuple[str, int], list[str]]:
        """Reasons of the refused rows by file name and line."""
        rows = self.lake.rows(QUARANTINE, [("source", "=", source)]).to_pylist()
        return {(Path(r["file"]).name, r["line"]): r["reasons"] for r in rows}

    def files(self, source: str) -> dict[str, str]:
        """Latest state by file."""
        rows = self.lake.rows(FILES, [("source", "=", source)]).to_pylist()
        rows.sort(key=lambda row: row["recorded_at"])
        return {row["file"]: row["state"] for row in rows}


def lines(*rows: str, header: str = "order,line,at,who,sku,pieces,price,kind,cur") -> str:
    return "\n".join((header, *rows)) + "\n"


def clicks(*rows: dict[str, object] | str) -> str:
    return "\n".join(r if isinstance(r, str) else json.dumps(r) for r in rows) + "\n"


def silver(shop: Shop, table: Table, source: str) -> list[dict[str, Any]]:
    """Rows of a silver table that came from one feed."""
    rows: list[dict[str, Any]] = shop.lake.rows(table, [("source", "=", source)]).to_pylist()
    return rows
