"""A whole night of a tiny world, by ``bespoke run`` and by ``airflow dags test``."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
from deltalake import DeltaTable

from jobs.lake.store import Lake
from jobs.lake.tables import TABLES

ROOT = Path(__file__).resolve().parents[2]
DAYS = 15
LAST = date(2026, 6, 1) + timedelta(days=DAYS - 1)
COMPARED = tuple(name for name, table in TABLES.items() if table.layer != "ops")
FILLED = ("identity.persons", "gold.profiles", "gold.segments", "serving.recommendations")


@pytest.mark.slow
def test_a_night_is_green_and_the_same_night_again_changes_nothing(tmp_path: Path) -> None:
    first = bespoke(tmp_path, "run")
    assert first.returncode == 0, first.stdout + first.stderr
    assert f"nightly of {LAST}" in first.stdout
    assert "Persons" in first.stdout
    before = state(tmp_path)
    assert before["export"]

    every_table_opens_in_duckdb(tmp_path)

    day_after = LAST + timedelta(days=1)
    again = bespoke(tmp_path, "airflow", "dags", "test", "nightly", f"{day_after}T03:00:00+00:00")
    assert again.returncode == 0, again.stdout[-3000:] + again.stderr[-3000:]
    assert state(tmp_path) == before


def every_table_opens_in_duckdb(home: Path) -> None:
    for name, table in TABLES.items():
        dataset = DeltaTable(str(home / "lake" / table.layer / table.name)).to_pyarrow_dataset()
        connection = duckdb.connect()
        connection.register("it", dataset)
        columns = [column[0] for column in connection.sql("SELECT * FROM it").description]
        assert columns == list(table.names), name


def bespoke(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Call the command in a process of its own, on a home of its own."""
    return subprocess.run(
        [sys.executable, "-m", "jobs.cli.main", *arguments],
        env=os.environ
        | {
            "BESPOKE_HOME": str(home),
            "BESPOKE_SOURCE": "demo",
            "BESPOKE__SIMULATE__PEOPLE": "150",
            "BESPOKE__SIMULATE__DAYS": str(DAYS),
            "BESPOKE__AIRFLOW__RETRIES": "0",
        },
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def state(home: Path) -> dict[str, str]:
    """Return a digest of every compared table's rows, and of the export's rows."""
    lake = Lake(home / "lake")
    found = {}
    for name in COMPARED:
        rows = sorted(map(str, lake.rows(TABLES[name]).select(TABLES[name].names).to_pylist()))
        assert rows or name not in FILLED, f"{name} is empty"
        found[name] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    export = home / "exports" / "email" / str(LAST) / "recommendations.csv"
    found["export"] = hashlib.sha256(export.read_bytes()).hexdigest()
    return found
