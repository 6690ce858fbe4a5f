"""The same nights on one machine and on a cluster, and whether they come out the same.

Usage: ``python bench/cluster.py --out bench/cluster.json [--gateway PATH]``

The project's wheel is built and installed into an environment of its own. From there a Spark
master, two workers and PostgreSQL are started, all on loopback, and two nights of a small world are
run as ``bespoke run``: with the profile `local` into one home, with the profile `cluster` into
another one with the same files and the same master key. Then the export files and the tables
(contract columns, decrypted, ``ops`` aside) are held against each other, and what the workers'
folders hold is listed. With the path of versitygw, an S3-compatible store, the cluster's lake lies
in a bucket of it; else in the home.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from watch import header

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bench.standalone import LOOPBACK, WORKERS_SEE, master, postgres, store, worker  # noqa: E402

ROOT_OF_LAKE = "BESPOKE__LAKE__ROOT"
DAYS = 15
LAST = date(2026, 6, 1) + timedelta(days=DAYS - 1)
NIGHTS = (LAST - timedelta(days=1), LAST)
WORLD = {
    "BESPOKE_SOURCE": "demo",
    "BESPOKE__SIMULATE__PEOPLE": "150",
    "BESPOKE__SIMULATE__DAYS": str(DAYS),
    "BESPOKE__AIRFLOW__RETRIES": "0",
    # So that there is history before the days that a model is judged on, and one is trained.
    "BESPOKE__RECOMMEND__HOLDOUT_DAYS": "5",
}
BUCKET = "shop"
# A night of minutes compiles longer than it runs: the quick compiler, as on one machine.
QUICK = "-XX:TieredStopAtLevel=1"
SMALL = {
    "BESPOKE__SPARK__DRIVER_MEMORY": "1500m",
    "BESPOKE__SPARK__SHUFFLE_PARTITIONS": "4",
    "BESPOKE__SPARK__SNAPSHOT_PARTITIONS": "2",
    "BESPOKE__SPARK__CONF": json.dumps(
        {
            "spark.executor.memory": "1g",
            "spark.executor.extraJavaOptions": QUICK,
            "spark.driver.defaultJavaOptions": QUICK,
        }
    ),
}


def main() -> None:
    """Start everything, run the nights, compare, and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--gateway", type=Path)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        os.chmod(scratch, 0o755)  # PostgreSQL's own user has a folder below it.
        result = {
            **header(
                f"python bench/cluster.py --out {wanted.out}"
                + (" --gateway versitygw" if wanted.gateway else "")
            ),
            **compared(Path(scratch), wanted.gateway),
        }
    wanted.out.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))
    if result["differing"]:
        raise SystemExit("the cluster's nights are not those of one machine")


def compared(scratch: Path, gateway: Path | None) -> dict[str, Any]:
    """Run the nights on both and say where they differ."""
    tools = installed(scratch, with_store=gateway is not None)
    alone, cluster, driver = (scratch / name for name in ("alone", "cluster", "driver"))
    driver.mkdir()
    seconds = {"one machine": nights(tools, driver, {"BESPOKE_HOME": str(alone)})}
    for name in ("landing", "truth", "secrets"):
        shutil.copytree(alone / name, cluster / name)
    (cluster / "lake").mkdir()
    with ExitStack() as servers:
        address, passwords = servers.enter_context(
            postgres(scratch / "postgres", ("airflow", "mlflow"))
        )
        url = servers.enter_context(master(tools / "spark-class", scratch / "master"))
        for number in (1, 2):
            folder = scratch / f"worker{number}"
            hidden = [ROOT, driver]
            servers.enter_context(worker(tools / "spark-class", folder, url, cluster, hidden))
        # After the workers: what they have of the store they are to have from the driver.
        there = lake_in_store(servers, gateway, scratch / "store") if gateway else {}
        seconds["cluster"] = nights(
            tools,
            driver,
            {
                "BESPOKE_HOME": str(cluster),
                "BESPOKE_PROFILE": "cluster",
                "BESPOKE__SPARK__MASTER": url,
                "BESPOKE__AIRFLOW__DATABASE": f"{address}/airflow",
                "BESPOKE__MODELS__TRACKING_URI": f"{address}/mlflow",
                "PGPASSFILE": str(passwords),
                "SPARK_LOCAL_IP": LOOPBACK,
                **SMALL,
                **there,
            },
        )
        models = trained(tools, f"{address}/mlflow", {"PGPASSFILE": str(passwords)})
        one, other = contents(alone, {}), contents(cluster, there)
    return {
        "versions": versions(tools),
        "nights": [night.isoformat() for night in NIGHTS],
        "seconds": seconds,
        "lake": there.get(ROOT_OF_LAKE, "a shared folder"),
        "models_in_postgresql": models,
        "rows": {name: found.partition(" ")[0] for name, found in sorted(one.items())},
        "compared": len(one),
        "differing": sorted(n for n in one.keys() | other.keys() if one.get(n) != other.get(n)),
        "sqlite_files_in_the_clusters_home": sorted(
            str(path.relative_to(cluster)) for path in cluster.rglob("*.db")
        ),
        "workers_see_of_the_home": sorted(WORKERS_SEE) if os.geteuid() == 0 else "all",
        "left_on_workers": [left(scratch / f"worker{number}") for number in (1, 2)],
    }


def lake_in_store(servers: ExitStack, gateway: Path, folder: Path) -> dict[str, str]:
    """Start the store; return the variables by which the lake is in it."""
    variables = servers.enter_context(store(gateway, folder, BUCKET))
    return variables | {ROOT_OF_LAKE: f"s3a://{BUCKET}/lake"}


def contents(home: Path, variables: Mapping[str, str]) -> dict[str, str]:
    """Digest a home's tables and exports, in a process with the settings of its own."""
    script = (
        "import json, sys; from pathlib import Path; from tests.lake.contents import digests;"
        "print(json.dumps(digests(Path(sys.argv[1]))))"
    )
    said = call(
        [sys.executable, "-c", script, home], ROOT, {"BESPOKE_HOME": str(home), **variables}
    )
    found: dict[str, str] = json.loads(said.splitlines()[-1])
    return found


def trained(tools: Path, uri: str, variables: Mapping[str, str]) -> int:
    """Count the registered versions of the recommender."""
    script = (
        "import sys; from mlflow import MlflowClient; c = MlflowClient(sys.argv[1], sys.argv[1]);"
        "print(len(c.search_model_versions(\"name = 'recommender'\")))"
    )
    return int(call([tools / "python", "-c", script, uri], None, variables).splitlines()[-1])


def installed(scratch: Path, *, with_store: bool) -> Path:
    """Install the wheel, with what a cluster needs; return the folder of its commands."""
    uv, python = ROOT / ".venv/bin/uv", scratch / "environment/bin/python"
    call([uv, "build", "--quiet", "--wheel", "--out-dir", scratch / "dist", ROOT])
    call([uv, "venv", "--quiet", "--python", sys.executable, scratch / "environment"])
    into = [uv, "pip", "install", "--quiet", "--python", python]
    call([*into, "--requirements", ROOT / "requirements-cluster.lock"])
    call([*into, "--no-deps", next((scratch / "dist").glob("*.whl"))])
    variables = {"BESPOKE_HOME": str(scratch / "setup")}
    if with_store:
        variables[ROOT_OF_LAKE] = f"s3a://{BUCKET}/lake"
    call([python.parent / "bespoke", "setup"], scratch, variables)
    return python.parent


def nights(tools: Path, folder: Path, variables: Mapping[str, str]) -> list[float]:
    """Run the nights one after the other; return the seconds that each took."""
    path = os.pathsep.join([str(tools), os.environ["PATH"]])
    found = []
    for night in NIGHTS:
        began = time.perf_counter()
        call(
            [tools / "bespoke", "run", "--date", night],
            folder,
            WORLD | dict(variables) | {"PATH": path},
        )
        found.append(round(time.perf_counter() - began, 1))
    return found


def call(
    command: list[Any], folder: Path | None = None, variables: Mapping[str, str] | None = None
) -> str:
    """Run a command; return what it said."""
    done = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env=os.environ | dict(variables or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{command[0]} failed:\n{done.stdout}")
    return done.stdout


def left(folder: Path) -> dict[str, int]:
    """Count by folder and kind what lies on a worker's disk after the nights."""
    found: Counter[str] = Counter()
    for path in folder.rglob("*"):
        below = path.relative_to(folder).parts
        if path.is_file() and below[0] != "kept":
            found[f"{below[0]}: {path.suffix or path.name}"] += 1
    return dict(sorted(found.items()))


def versions(tools: Path) -> dict[str, str]:
    """Name what was run together."""
    script = (
        "from importlib.metadata import version as v;"
        "print(*(f'{n} {v(n)}' for n in ('pyspark', 'delta-spark', 'deltalake', 'mlflow',"
        " 'apache-airflow', 'apache-airflow-providers-apache-spark')), sep='\\n')"
    )
    named = dict(line.split() for line in call([tools / "python", "-c", script]).splitlines())
    java = call(["java", "-version"]).splitlines()[0]
    return {
        "python": platform.python_version(),
        **named,
        "java": java,
        "postgresql": call(["psql", "--version"]).strip(),
    }


if __name__ == "__main__":
    main()
