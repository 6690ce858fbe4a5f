"""The session outlives its JVM: a task that is tried again after one died gets another."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from jobs.lake import jars
from jobs.lake.session import conf
from jobs.lake.settings import SparkSettings

ROOT = Path(__file__).resolve().parents[2]

KILLED = """
import os, signal
from expectations.check import check
from expectations.context import CheckContext
from expectations.registry import suite_of
from jobs.lake.session import open_session
from jobs.lake.settings import SparkSettings
from jobs.lake.tables.gold import RFM
from datetime import date

def checked():
    spark = open_session(SparkSettings(master="local[1]", driver_memory="700m"))
    empty = spark.createDataFrame([], RFM.schema()).persist()
    suite = suite_of(RFM.id)
    wanted = {name: empty for name in suite.references}
    return len(check(empty, suite, CheckContext(date(2026, 3, 1), references=wanted))), spark

before, spark = checked()
os.kill(spark.sparkContext._gateway.proc.pid, signal.SIGKILL)
spark.sparkContext._gateway.proc.wait()
after, _ = checked()
print("rules", before, after)
"""

SPILLED = """
import sys
from pathlib import Path
from pyspark import StorageLevel
from jobs.lake.session import open_session
from jobs.lake.settings import SparkSettings

own = {"spark.shuffle.compress": "false"}
if sys.argv[1] == "false":
    own["spark.io.encryption.enabled"] = "false"
spark = open_session(SparkSettings(master="local[1]", driver_memory="700m", conf=own))
rows = spark.range(2000).selectExpr("id", "'ann@example.com' AS email").repartition(3, "id")
rows.persist(StorageLevel.DISK_ONLY).count()
left = Path(spark.conf.get("spark.local.dir")).rglob("*")
held = [b"ann@example.com" in file.read_bytes() for file in left if file.is_file()]
print("files", len(held), "clear", any(held))
"""
"""Rows on disk, as Spark shuffles and keeps them."""


def test_a_clusters_workers_get_the_jars_and_work_in_utc(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(jars, "installed", lambda: [Path("/jars/a.jar"), Path("/jars/b.jar")])
    own = {"spark.executor.extraJavaOptions": "-Xss4m"}
    found = conf(SparkSettings(master="spark://host:7077", conf=own), tmp_path)
    assert found["spark.jars"] == "/jars/a.jar,/jars/b.jar"
    assert found["spark.executor.defaultJavaOptions"] == "-Duser.timezone=UTC"
    assert found["spark.executorEnv.TZ"] == "UTC"
    # Workers are on other machines: nothing is bound to loopback, unless the settings say so.
    assert "spark.driver.bindAddress" not in found
    assert found["spark.executor.extraJavaOptions"] == "-Xss4m"


@pytest.mark.slow
def test_a_session_is_opened_anew_when_its_jvm_was_killed(home: Path) -> None:
    # A file: PySpark takes a program given by `-c` for its own doctests, and ends it.
    home.mkdir()
    script = home / "killed.py"
    script.write_text(KILLED)
    done = subprocess.run(
        [sys.executable, str(script)],
        env=os.environ | {"BESPOKE_HOME": str(home), "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    _, before, after = done.stdout.split()
    assert before == after != "0"


@pytest.mark.slow
@pytest.mark.parametrize(("encrypted", "clear"), [("true", False), ("false", True)])
def test_nothing_that_spark_lays_on_disk_can_be_read(
    home: Path, encrypted: str, clear: bool
) -> None:
    home.mkdir()
    script = home / "spilled.py"
    script.write_text(SPILLED)
    found = subprocess.run(
        [sys.executable, str(script), encrypted],
        cwd=ROOT,
        env=os.environ | {"BESPOKE_HOME": str(home), "PYTHONPATH": str(ROOT)},
        check=True,
        capture_output=True,
        text=True,
    )
    said = found.stdout.splitlines()[-1]
    assert not said.startswith("files 0 ")
    assert said.endswith(f"clear {clear}")
