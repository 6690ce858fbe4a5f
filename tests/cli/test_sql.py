"""``bespoke sql``: DuckDB over the Delta tables."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from deltalake import Field

from jobs.lake.damage import DamagedError
from jobs.lake.query import QueryError, run_query, tables_in
from jobs.lake.store import Lake
from jobs.lake.tables import TABLES
from tests.cli.small_lake import ROWS, Call


def test_a_query_reads_tables_by_layer_and_name(lake: Lake, call: Call) -> None:
    query = (
        "SELECT s.segment, p.kind FROM gold.segments s JOIN identity.persons p USING (person_id) "
        "WHERE valid_to IS NULL"
    )
    done = call("sql", query, "--json")
    assert json.loads(done.stdout) == [{"segment": "champions", "kind": "known"}]


def test_every_type_comes_out_as_it_is(lake: Lake, call: Call) -> None:
    query = (
        "SELECT as_of, started_at, inputs, rows_read, 1.50::DECIMAL(9,2) AS money "
        "FROM ops.runs WHERE job = 'ingest'"
    )
    assert json.loads(call("sql", query, "--json").stdout) == [
        {
            "as_of": "2026-08-29",
            "started_at": "2026-08-30T02:00:00+00:00",
            "inputs": {"silver.events": 3},
            "rows_read": 10,
            "money": "1.50",
        }
    ]


def test_csv_has_a_header_and_quotes(lake: Lake, call: Call) -> None:
    done = call("sql", "SELECT 'a,\"b\"' AS x, NULL AS y, 2 AS z", "--csv")
    assert done.stdout.replace("\r\n", "\n") == 'x,y,z\n"a,""b""",,2\n'


def test_only_tables_that_are_named_are_looked_for() -> None:
    query = (
        "SELECT 'gold.rfm', \"a\".b -- silver.events\n /* ops.runs */ "
        'FROM gold . profiles p JOIN "serving"."recommendations" USING (person_id)'
    )
    assert tables_in(query) == [("gold", "profiles"), ("serving", "recommendations")]


def test_an_unknown_table_is_named_with_those_like_it(lake: Lake, call: Call) -> None:
    done = call("sql", "SELECT 1 FROM gold.segment")
    assert done.exit_code == 1
    assert str(done.exception).startswith("no table gold.segment; did you mean gold.segments")


def test_a_lake_without_tables_says_how_to_get_some(call: Call) -> None:
    assert "`bespoke run` makes them" in str(call("sql", "SELECT 1 FROM gold.rfm").exception)


def test_a_wrong_query_is_one_message(lake: Lake, call: Call) -> None:
    assert isinstance(call("sql", "SELEC 1").exception, QueryError)


@pytest.mark.parametrize("path", ["/etc/passwd", "/proc/self/environ"])
def test_no_other_file_is_read(lake: Lake, path: str) -> None:
    with pytest.raises(QueryError, match="Permission"):
        run_query(f"SELECT * FROM read_csv('{path}'), ops.runs", lake.root)


def test_a_table_whose_log_is_damaged_is_named_with_the_file(lake: Lake) -> None:
    log = Path(lake.path(TABLES["gold.segments"])) / "_delta_log"
    last = max(log.glob("*.json"))
    last.write_text(last.read_text()[:40])
    with pytest.raises(DamagedError, match=rf"gold\.segments cannot be read: .*{last.name}"):
        run_query("SELECT count(*) FROM gold.segments", lake.root)


def test_an_empty_table_has_its_columns(lake: Lake) -> None:
    lake.delta(TABLES["gold.rfm"])
    names, rows = run_query("SELECT * FROM gold.rfm", lake.root)
    assert names == list(TABLES["gold.rfm"].names)
    assert rows == []


def test_a_column_that_no_file_has_yet_is_empty(lake: Lake) -> None:
    before = ROWS["ops.runs"]
    runs = TABLES["ops.runs"]
    younger = Field("younger", "string", nullable=True)
    lake.delta(runs).alter.add_columns([younger])
    _, rows = run_query("SELECT younger, job FROM ops.runs", lake.root)
    assert [row[0] for row in rows] == [None] * len(before)


def test_partition_columns_come_from_the_folders(lake: Lake) -> None:
    query = "SELECT as_of, product_id FROM serving.recommendations ORDER BY as_of"
    _, rows = run_query(query, lake.root)
    assert [(str(day), product) for day, product in rows] == [
        ("2026-08-28", "cup"),
        ("2026-08-29", "pot"),
    ]


def test_a_query_starts_no_jvm_and_imports_little(lake: Lake, tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from jobs.lake.query import run_query\n"
        "from pathlib import Path\n"
        f"run_query('SELECT count(*) FROM ops.runs', Path({str(lake.root)!r}))\n"
        "heavy = ('pyspark', 'pandas', 'pyarrow', 'airflow', 'mlflow')\n"
        "sys.exit(str([m for m in heavy if m in sys.modules] or ''))\n"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr.strip() == ""
