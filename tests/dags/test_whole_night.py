"""A whole night of a tiny world, by ``bespoke run`` and by ``airflow dags test``."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
from deltalake import DeltaTable

from jobs.lake.store import Lake
from jobs.lake.tables import TABLES
from tests.tiny import LAST, TinyShop

COMPARED = tuple(name for name, table in TABLES.items() if table.layer != "ops")
FILLED = ("identity.persons", "gold.profiles", "gold.segments", "serving.recommendations")


@pytest.mark.slow
def test_a_night_is_green_and_the_same_night_again_changes_nothing(tiny: TinyShop) -> None:
    assert f"nightly of {LAST}" in tiny.said
    assert "Persons" in tiny.said
    before = state(tiny.home)
    assert before["export"]

    every_table_opens_in_duckdb(tiny.home)

    day_after = LAST + timedelta(days=1)
    again = tiny.call(
        "bespoke", "airflow", "dags", "test", "nightly", f"{day_after}T03:00:00+00:00"
    )
    assert again.returncode == 0, again.stdout[-3000:] + again.stderr[-3000:]
    assert state(tiny.home) == before


def every_table_opens_in_duckdb(home: Path) -> None:
    for name, table in TABLES.items():
        dataset = DeltaTable(str(home / "lake" / table.layer / table.name)).to_pyarrow_dataset()
        connection = duckdb.connect()
        connection.register("it", dataset)
        columns = [column[0] for column in connection.sql("SELECT * FROM it").description]
        assert columns == list(table.names), name


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
