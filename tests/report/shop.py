"""Hand-written nights of a small shop: what the runner, the checks and the exports would leave."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from jobs.lake.store import Lake
from jobs.lake.tables import TABLES

NIGHT = date(2026, 8, 29)
JOBS = {"links": 4, "profiles": 6, "rfm": 2, "publish": 3}
"""Jobs and the seconds they take; ingest takes 10 before them."""


def clock(night: date, second: float) -> datetime:
    """A second after two in the morning after the night's day."""
    start = datetime(night.year, night.month, night.day, 2, tzinfo=UTC) + timedelta(days=1)
    return start + timedelta(seconds=second)


def run(night: date, job: str, start: float, end: float, **more: Any) -> dict[str, Any]:
    return {
        "run_id": f"nightly:{night}",
        "dag": "nightly",
        "job": job,
        "as_of": night,
        "started_at": clock(night, start),
        "ended_at": clock(night, end),
        "state": "succeeded",
        **more,
    }


def rows(read: int, bad: int = 0, again: int = 0) -> dict[str, int]:
    return {
        "rows_read": read,
        "rows_accepted": read - bad - again,
        "rows_quarantined": bad,
        "rows_duplicate": again,
    }


def night(lake: Lake, day: date = NIGHT, *, until: str = "publish", slow: float = 1) -> None:
    """Record a night whose jobs succeeded, up to one of them."""
    done = [run(day, "ingest", 0, 10 * slow, source="demo.orders", **rows(100, 2, 3))]
    second = 10 * slow
    for job, takes in JOBS.items():
        more = {"rows_written": 40} if job == "profiles" else {}
        done.append(run(day, job, second, second + takes * slow, **more))
        second += takes * slow
        if job == until:
            break
    lake.append_rows(TABLES["ops.runs"], done)


def rule(day: date, table: str, name: str, passed: bool, **more: Any) -> dict[str, Any]:
    return {
        "run_id": f"nightly:{day}",
        "as_of": day,
        "table": table,
        "rule": name,
        "passed": passed,
        "released": False,
        "observed": "0 rows",
        "severity": "stop",
        "rows": 40,
        "recorded_at": clock(day, 20),
        **more,
    }


def publication(day: date, sequence: int = 1) -> dict[str, Any]:
    return {
        "surface": "recommendations",
        "as_of": day,
        "action": "publish",
        "sequence": sequence,
        "recorded_at": clock(day, 25),
    }


def export(home: Path, day: date, recipients: int) -> None:
    folder = home / "exports" / "email" / str(day)
    folder.mkdir(parents=True)
    files = {"recommendations.csv": {"bytes": 1000}, "recommendations.jsonl": {"bytes": 2000}}
    (folder / "manifest.json").write_text(json.dumps({"rows": recipients, "files": files}))
    (folder / "_SUCCESS").touch()
    latest = folder.parent / "latest"
    latest.unlink(missing_ok=True)
    latest.symlink_to(str(day))
