"""Benchmark of whole nights: a source set from nothing to its export, then one more day on top.

Usage: ``python bench/night.py --source online_retail --out bench/night-online_retail.json``

Each night is one ``bespoke run`` in a process of its own, as `make run` starts it. Stages are timed
by what ``ops.runs`` says of their jobs; memory is that of the run and all its children together,
sampled twice a second. Beside it stands what plain Spark does on the same machine in the same
minutes: JSON events parsed into a Delta table, and the same events grouped.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from deltalake import DeltaTable
from watch import header, watched

ROOT = Path(__file__).resolve().parents[1]
EVENTS = 1_000_000


def main() -> None:
    """Run the benchmark and write its result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", default="online_retail")
    parser.add_argument("--out", type=Path, required=True)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch) / "home"
        last = last_night(wanted.source, home)
        nights = trading_nights(last)
        result: dict[str, Any] = {
            **header(f"python bench/night.py --source {wanted.source} --out {wanted.out}"),
            "from_nothing": night(wanted.source, home, nights[-2]),
            "one_more_day": night(wanted.source, home, nights[-1]),
            "same_night_again": night(wanted.source, home, nights[-1]),
            "plain_spark": plain_spark(Path(scratch)),
        }
    wanted.out.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


def last_night(source: str, home: Path) -> date:
    """Name the last business day of a set."""
    os.environ |= {"BESPOKE_HOME": str(home), "BESPOKE_SOURCE": source}
    from jobs.cli.nights import chosen
    from jobs.lake.settings import load_settings

    found = chosen(load_settings()).last_night()
    if found is None:
        raise SystemExit(f"{source}: no file names a day")
    return found


def trading_nights(last: date) -> list[date]:
    """Days that the set of this environment has files for."""
    from jobs.cli.nights import chosen
    from jobs.lake.settings import load_settings

    names = (p.as_posix() for p in chosen(load_settings()).landing.rglob("*") if p.is_file())
    found = {m[0] for m in (re.search(r"\d{4}-\d{2}-\d{2}", n) for n in names) if m}
    days = sorted(d for d in map(date.fromisoformat, found) if d <= last)
    return days if len(days) > 1 else [last, last]


def night(source: str, home: Path, as_of: date) -> dict[str, Any]:
    """Run one night and say how long and how much memory it took."""
    began = datetime.now(UTC)
    environment = {**os.environ, "BESPOKE_HOME": str(home), "BESPOKE_SOURCE": source}
    command = [sys.executable, "bench/one_night.py", as_of.isoformat()]
    done = watched(command, environment)
    return {
        "as_of": as_of.isoformat(),
        **done.cost,
        "file_bytes": int(re.findall(r"^file_bytes (\d+)$", done.said, re.MULTILINE)[-1]),
        "jobs": jobs(home, began),
    }


def jobs(home: Path, since: datetime) -> dict[str, dict[str, float | int | None]]:
    """Seconds, rows and bytes read of every job that a night recorded."""
    rows = DeltaTable(str(home / "lake" / "ops" / "runs")).to_pyarrow_table().to_pylist()
    found = [r for r in rows if r["started_at"] >= since]
    return {
        " ".join(filter(None, (r["job"], r["source"]))): {
            "seconds": round((r["ended_at"] - r["started_at"]).total_seconds(), 1),
            "rows": r["rows_read"] if r["rows_read"] is not None else r["rows_written"],
            "bytes_read": r["bytes_read"],
        }
        for r in sorted(found, key=lambda r: r["started_at"])
    }


def plain_spark(scratch: Path) -> dict[str, float]:
    """Rows a second of plain Spark here: JSON into Delta, then grouped."""
    from jobs.lake.session import open_session
    from jobs.lake.settings import SparkSettings

    os.environ["BESPOKE_HOME"] = str(scratch / "plain")
    spark = open_session(SparkSettings(snapshot_partitions=2))
    events = spark.range(EVENTS).selectExpr(
        "concat('e', id) AS event_id", "concat('c', id % 5000) AS cookie",
        "timestamp_seconds(1700000000 + id) AS at", "'product_view' AS type",
        "concat('p', id % 700) AS product",
    )  # fmt: skip
    source, target = str(scratch / "events"), str(scratch / "delta")
    events.write.json(source)
    schema = "event_id string, cookie string, at timestamp, type string, product string"
    spark.read.schema(schema).json(source).limit(1000).write.format("delta").save(f"{target}-warm")
    started = time.perf_counter()
    spark.read.schema(schema).json(source).write.format("delta").save(target)
    written = time.perf_counter()
    spark.read.format("delta").load(target).groupBy("cookie", "product").count().count()
    grouped = time.perf_counter()
    return {
        "json_into_delta_rows_per_second": round(EVENTS / (written - started)),
        "grouped_rows_per_second": round(EVENTS / (grouped - written)),
    }


if __name__ == "__main__":
    main()
