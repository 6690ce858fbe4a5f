"""A whole night of a tiny world, by ``bespoke run`` and by ``airflow dags test``."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
from deltalake import DeltaTable

from jobs.lake.tables import TABLES
from tests.lake.contents import digests
from tests.tiny import LAST, TinyShop

FILLED = ("identity.persons", "gold.profiles", "gold.segments", "serving.recommendations")


@pytest.mark.slow
def test_a_night_is_green_and_the_same_night_again_changes_nothing(tiny: TinyShop) -> None:
    assert f"nightly of {LAST}" in tiny.said
    assert "Persons" in tiny.said
    before = state(tiny.home)
    assert before[f"exports/email/{LAST}/recommendations.csv"]

    every_table_opens_in_duckdb(tiny.home)
    every_job_is_in_the_log(tiny.home)

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


def every_job_is_in_the_log(home: Path) -> None:
    lines = [
        json.loads(line)
        for path in home.glob("logs/jobs-*.jsonl")
        for line in path.read_text("utf-8").splitlines()
    ]
    jobs = {(line["run_id"], line["job"]) for line in lines if "job" in line}
    assert {(f"nightly:{LAST}", job) for job in ("ingest", "profiles", "train")} <= jobs


def state(home: Path) -> dict[str, str]:
    """Return a digest of every table's rows as they are stored, and of the export's."""
    found = digests(home, decrypted=False)
    empty = [name for name in FILLED if found[name].startswith("0 rows")]
    assert not empty, f"{empty} are empty"
    return found
