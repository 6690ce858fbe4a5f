"""Reading a DAG's file, as Airflow does every few seconds: it is cheap."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DAGS = sorted(path.stem for path in (ROOT / "dags").glob("*.py") if path.stem != "__init__")
HEAVY = {
    "delta",
    "deltalake",
    "great_expectations",
    "implicit",
    "mlflow",
    "pandas",
    "pyarrow",
    "pyspark",
    "scipy",
}


@pytest.mark.parametrize("dag", DAGS)
def test_reading_the_file_imports_nothing_heavy(dag: str, tmp_path: Path) -> None:
    code = (
        "import json, sys, time\n"
        "import airflow.sdk, airflow.providers.standard.operators.python\n"
        "before = set(sys.modules); start = time.process_time()\n"
        f"import dags.{dag}\n"
        "took = time.process_time() - start\n"
        "new = sorted({name.partition('.')[0] for name in set(sys.modules) - before})\n"
        "print(json.dumps([new, took]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"AIRFLOW_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    new, took = json.loads(done.stdout.splitlines()[-1])
    assert sorted(HEAVY & set(new)) == []
    assert took < 3


def test_every_dag_is_read() -> None:
    assert {"maintenance", "nightly"} <= set(DAGS)
