"""Benchmark of each job beside a hand-written DuckDB query that computes the same numbers.

Usage: ``python bench/beside.py --people 10000 --out bench/beside.json``

The demo's shop is run from nothing to export. Then each query of ``bench/beside/`` reads what its
job read, the landing files or the lake's tables, and writes a Parquet file; its rows are held
against those that the job wrote. Both have the machine to themselves.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from deltalake import DeltaTable
from watch import header

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bench.night import night  # noqa: E402 - the path is set above
from bench.scale import DAYS, day, world  # noqa: E402

QUERIES = ROOT / "bench" / "beside"


@dataclass(frozen=True)
class Beside:
    """A job, the table it wrote, and the one that its rows are counted by."""

    job: str
    query: str
    table: str
    rows: str
    where: str = "true"


NIGHT = "as_of = getvariable('night')"
PAIRS = (
    Beside("ingest demo.events", "ingest_events", "silver.events", "silver.events"),
    Beside("ingest demo.orders", "ingest_orders", "silver.order_lines", "silver.order_lines"),
    Beside("links", "links", "identity.links", "silver.events"),
    Beside("activity", "activity", "gold.visits", "silver.events"),
    Beside("interactions", "interactions", "gold.interactions", "silver.events"),
    Beside("profiles", "profiles", "gold.profiles", "silver.events", NIGHT),
    Beside("rfm", "rfm", "gold.rfm", "silver.order_lines", NIGHT),
    Beside("segments", "segments", "gold.segments", "gold.segments"),
    Beside("recommend", "recommend", "serving.recommendations", "serving.recommendations", NIGHT),
)


def main() -> None:
    """Run the night, then the queries, and write both down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--homes", type=Path, help="where the home is kept, to be looked into")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        home = (wanted.homes or Path(scratch)) / f"{wanted.people}-beside"
        world(wanted.people, home)
        ours = night("demo", home, day(DAYS - 1))
        result = {
            **header(f"python bench/beside.py --people {wanted.people} --out {wanted.out}"),
            "duckdb": duckdb.__version__,
            "people": wanted.people,
            "night_seconds": ours["seconds"],
            "jobs": queried(home, ours["jobs"], Path(scratch)),
        }
    wanted.out.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


def queried(home: Path, jobs: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """Run each query and hold it against its job."""
    found = {}
    for pair in PAIRS:
        out = scratch / f"{pair.query}.parquet"
        text = (QUERIES / f"{pair.query}.sql").read_text()
        with lake(home) as duck:
            started = time.perf_counter()
            duck.execute(f"COPY ({text}) TO '{out}' (FORMAT parquet)")
            seconds = time.perf_counter() - started
            rows = _one(duck, f"SELECT count(*) FROM {pair.rows}")
            columns = ", ".join(c[0] for c in duck.sql(f"FROM '{out}' LIMIT 0").description)
            theirs = f"SELECT {columns} FROM '{out}'"
            mine = f"SELECT {columns} FROM {pair.table} WHERE {pair.where}"
            took = jobs[pair.job]["seconds"]
            found[pair.job] = {
                "rows": rows,
                "seconds": took,
                "rows_per_second": round(rows / took),
                "duckdb_seconds": round(seconds, 2),
                "duckdb_rows_per_second": round(rows / seconds),
                "times_slower": round(took / seconds, 1),
                "rows_written": _one(duck, f"SELECT count(*) FROM ({mine})"),
                "only_ours": _one(duck, f"SELECT count(*) FROM ({mine} EXCEPT ALL {theirs})"),
                "only_duckdbs": _one(duck, f"SELECT count(*) FROM ({theirs} EXCEPT ALL {mine})"),
            }
    return found


def lake(home: Path) -> duckdb.DuckDBPyConnection:
    """Open DuckDB with the lake's tables as views under their names."""
    duck = duckdb.connect()
    duck.execute("SET TimeZone = 'UTC'")
    duck.execute(f"SET threads = {os.cpu_count()}")
    duck.execute("SET VARIABLE night = CAST(? AS DATE)", [day(DAYS - 1)])
    duck.execute("SET VARIABLE landing = ?", [str(home / "landing" / "demo")])
    for layer in ("silver", "identity", "gold", "serving"):
        duck.execute(f"CREATE SCHEMA {layer}")
        for folder in sorted((home / "lake" / layer).iterdir()):
            files = DeltaTable(str(folder)).file_uris()
            if files:
                listed = ", ".join(f"'{file}'" for file in files)
                duck.execute(
                    f"CREATE VIEW {layer}.{folder.name} AS FROM read_parquet([{listed}], "
                    "hive_partitioning = true)"
                )
    return duck


def _one(duck: duckdb.DuckDBPyConnection, query: str) -> int:
    row = duck.execute(query).fetchone()
    return int(row[0]) if row else 0


if __name__ == "__main__":
    main()
