"""Benchmark of identity by size: from silver to persons in Delta, and Splink alone beside it.

Usage::

    python bench/identity_scale.py [--records 100000 1000000] [--new 10000] [--heap 1500m]

For each size: customer records with known truth (``bench/matching_world.py``, a quarter of them
repeat a person) are ingested through a feed, which is not measured. Then the steps of a night that
say who is who are run, by a process of its own whose memory is sampled. With ``--new`` records more
one process does a night as it is, ingest and checks and then these steps, of which the steps are
timed and the memory is of all. Splink on DuckDB is then given the same records, already clean, in a
process of its own: six comparisons, five blocking rules; train, predict, cluster, nothing written.

Ours reads and writes Delta, decrypts, and keeps ids and history; Splink alone does none of it. So
what of ours does what Splink does is told apart: linking (learning from a sample, blocking,
weighing) and clustering (with the guards). The exponent is the slope of seconds over records in a
log-log plot between the two largest sizes.
"""

from __future__ import annotations

import argparse
import json
import logging
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
from demonstration import peak_bytes
from matching_world import people_records
from watch import header, watched

from jobs.identity.accuracy import accuracy

ROOT = Path(__file__).resolve().parents[1]
FIRST, SECOND = date(2026, 6, 1), date(2026, 6, 2)
SOURCE = "scale"
HEAP = "1500m"
"""Of the JVM: half of the memory that the whole is to fit in."""
STEPS = (
    ("jobs.identity.links:links", "jobs.identity.sightings:sightings", "jobs.identity.match:match"),
    ("jobs.identity.persons:persons",),
)
"""Of the stage ``identity``: what says who is who."""
FEED = """
set: scale
title: Records of a size
about: Made by bench/identity_scale.py.
licence: made by Bespoke
obtain: made by bench/identity_scale.py
landing: "{home}/landing"
time_zone: Europe/London
country: GB
currency: GBP
recipient: email
feeds:
  crm:
    kind: crm
    owner: nobody
    system: CRM
    frequency: daily
    description: Customers.
    format: {type: csv}
    path: "*/crm.csv"
    fields: [record_id, first_name, last_name, birth_date, gender, email, phone, street, city,
             postcode, created_at]
    key: [record_id]
    pii: [first_name, last_name, birth_date, email, phone, street, postcode]
    protected: [gender]
    columns:
      customer_no: record_id
      email: email
      phone: phone
      first_name: first_name
      last_name: last_name
      birth_date: birth_date
      street: street
      postcode: postcode
      city: city
      gender: gender
      registered_at: created_at
      updated_at: created_at
"""


def main() -> None:
    """Read the arguments, measure each size, and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--new", type=int, default=10_000)
    parser.add_argument("--homes", type=Path, help="where the homes are kept, to be looked into")
    parser.add_argument("--heap", default=HEAP, help="of the JVM")
    parser.add_argument("--out", type=Path, default=Path("bench/identity_scale.json"))
    wanted = parser.parse_args()
    os.environ["BESPOKE__SPARK__DRIVER_MEMORY"] = wanted.heap
    sizes = " ".join(map(str, wanted.records))
    result: dict[str, Any] = {
        **header(
            f"python bench/identity_scale.py --records {sizes} --new {wanted.new} "
            f"--heap {wanted.heap}"
        ),
        "jvm_heap": wanted.heap,
        "versions": {name: version(name) for name in ("splink", "duckdb", "pyspark")},
        "records": {},
    }
    for size in wanted.records:
        with tempfile.TemporaryDirectory() as scratch:
            home = (wanted.homes or Path(scratch)) / str(size)
            result["records"][size] = measured(size, wanted.new, home)
        result["exponents"] = exponents(result["records"])
        wanted.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))


def measured(size: int, new: int, home: Path) -> dict[str, Any]:
    """Measure one size: all records, then some more, then Splink on the first of them."""
    people = people_records(size + new)
    parts = {FIRST: people.iloc[:size], SECOND: people.iloc[size:]}
    nights = {}
    for day, rows in parts.items():
        land(home, day, rows)
        nights[day] = night(home, day)
        nights[day] |= right(home, people.iloc[: size + (new if day == SECOND else 0)])
        said = json.dumps({k: v for k, v in nights[day].items() if k != "steps"})
        print(f"{size:,} records, {day}: {said}", file=sys.stderr)
    beside = splink(people.iloc[:size])
    return {"load_before": os.getloadavg()[0], "all": nights[FIRST], "more": nights[SECOND],
            "splink": beside}  # fmt: skip


def environment(home: Path) -> dict[str, str]:
    """Variables of a process that works in a home."""
    return {
        **os.environ,
        "BESPOKE_HOME": str(home),
        "BESPOKE_CONF": str(home / "conf"),
        "BESPOKE_SOURCE": SOURCE,
        "PYTHONPATH": str(ROOT),
    }


def land(home: Path, day: date, rows: pd.DataFrame) -> None:
    """Put records where a file of a day is awaited; the first day's are ingested apart."""
    if (home / "landing" / str(day)).exists():
        return
    if not (home / "conf").exists():
        shutil.copytree(ROOT / "conf", home / "conf")
        (home / "conf" / "sources" / f"{SOURCE}.yaml").write_text(FEED, encoding="utf-8")
    (home / "landing" / str(day)).mkdir(parents=True)
    told = rows.drop(columns="person").assign(created_at=f"{day - timedelta(days=1)} 10:00:00")
    told.to_csv(home / "landing" / str(day) / "crm.csv", index=False)
    if day == FIRST:
        roomy = environment(home)
        del roomy["BESPOKE__SPARK__DRIVER_MEMORY"]
        watched([sys.executable, __file__, "--ingest", str(day)], roomy)


def night(home: Path, day: date) -> dict[str, Any]:
    """Run the steps of a night, and say how long and how much memory they took."""
    command = [sys.executable, __file__, "--steps", str(day)]
    done = watched(command, environment(home))
    (home / f"{day}.log").write_text(done.said, encoding="utf-8")
    told = json.loads(re.findall(r"^STEPS (.*)$", done.said, re.MULTILINE)[-1])
    return {**told, "peak_memory_gib": done.cost["peak_memory_gib"]}


def right(home: Path, people: pd.DataFrame) -> dict[str, float | int]:
    """Hold the persons found against the true ones."""
    from deltalake import DeltaTable

    table = DeltaTable(str(home / "lake" / "identity" / "identifiers")).to_pyarrow_dataset()
    rows = table.to_table(["identifier", "type", "person_id"]).to_pandas()
    rows = rows[rows["type"] == "record"]
    key = rows["identifier"].str.rpartition(":")[2].astype(int)
    true = people.set_index("record_id")["person"].loc[key]
    found = accuracy(rows["person_id"].tolist(), true.tolist())
    return {
        "rows": len(rows),
        "persons": int(rows["person_id"].nunique()),
        "precision": round(found.precision, 5),
        "recall": round(found.recall, 5),
    }


def steps(day: date) -> None:
    """Run the steps here, and print how long they took."""
    from jobs.lake.session import open_session
    from jobs.lake.settings import settings
    from jobs.stages import run_steps

    # A session is there before the clock starts: a night has one since its ingest.
    open_session(settings().spark).range(1).count()
    if day != FIRST:
        ingest(day)
    logging.basicConfig(level=logging.INFO)
    clock = clocked()
    started = time.perf_counter()
    for group in STEPS:
        run_steps(group, day)
    told = {
        "seconds": time.perf_counter() - started,
        "linking_seconds": clock["train"] + clock["weigh"] - clock["__call__"],
        "clustering_seconds": clock["resolve"],
    }
    print("STEPS", json.dumps({name: round(seconds, 1) for name, seconds in told.items()}))


def clocked() -> dict[str, float]:
    """Time what links and clusters: learning, weighing, waiting for forms, resolving."""
    from jobs.identity import formed, matched, resolution
    from jobs.identity.matching import matcher

    spent: dict[str, float] = defaultdict(float)

    def timed(function: Callable[..., Any], name: str) -> Callable[..., Any]:
        def run(*given: Any, **named: Any) -> Any:
            started = time.perf_counter()
            try:
                return function(*given, **named)
            finally:
                spent[name] += time.perf_counter() - started

        return run

    for owner, name in (
        (matcher, "train"),
        (matched, "weigh"),
        (formed.Apart, "__call__"),
        (resolution, "resolve"),
    ):
        setattr(owner, name, timed(getattr(owner, name), name))
    return spent


def ingest(day: date) -> None:
    """Bring a day's records to silver, and check them."""
    from jobs.stages import run_stage

    run_stage("ingest", day)


def splink(people: pd.DataFrame) -> dict[str, Any]:
    """Splink on clean records, in a process of its own."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "records.parquet"
        people.astype(str).where(people.notna(), None).to_parquet(path, index=False)
        command = [sys.executable, __file__, "--splink", str(path)]
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, check=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def splink_here(path: Path) -> dict[str, Any]:
    """Train, predict and cluster."""
    import pyarrow.parquet as pq
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    logging.getLogger("splink").setLevel(logging.ERROR)
    people = pq.read_table(path)
    wanted = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="record_id",
        comparisons=[
            cl.JaroWinklerAtThresholds("first_name", [0.9, 0.7]).configure(
                term_frequency_adjustments=True
            ),
            cl.JaroWinklerAtThresholds("last_name", [0.9, 0.7]).configure(
                term_frequency_adjustments=True
            ),
            cl.LevenshteinAtThresholds("birth_date", [1, 2]),
            cl.ExactMatch("email"),
            cl.ExactMatch("phone"),
            cl.ExactMatch("postcode"),
        ],
        blocking_rules_to_generate_predictions=[
            block_on("email"),
            block_on("phone"),
            block_on("last_name", "birth_date"),
            block_on("first_name", "last_name", "postcode"),
            block_on("first_name", "birth_date"),
        ],
    )
    started = time.perf_counter()
    api = DuckDBAPI()
    linker = Linker([api.register(people, dataset_display_name="people")], wanted, log_level=None)
    sure = [block_on("email", "birth_date"), block_on("phone", "birth_date")]
    training = linker.training
    training.estimate_probability_two_random_records_match(sure, recall=0.6)
    training.estimate_u_using_random_sampling(1e6, seed=1)
    training.estimate_parameters_using_expectation_maximisation(block_on("email"))
    training.estimate_parameters_using_expectation_maximisation(block_on("last_name", "birth_date"))
    pairs = linker.inference.predict(threshold_match_probability=0.9)
    clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(pairs, 0.95)
    found = clusters.as_pandas_dataframe()
    seconds = time.perf_counter() - started
    told = accuracy(found["cluster_id"].tolist(), found["person"].tolist())
    return {
        "seconds": round(seconds, 1),
        "peak_memory_gib": round(peak_bytes() / 2**30, 2),
        "precision": round(told.precision, 5),
        "recall": round(told.recall, 5),
    }


def exponents(sizes: dict[int, Any]) -> dict[str, float]:
    """Growth between the two largest sizes."""
    if len(sizes) < 2:
        return {}
    some, most = sorted(sizes)[-2:]
    times = math.log(most / some)
    return {
        name: round(
            math.log(sizes[most][name]["seconds"] / sizes[some][name]["seconds"]) / times, 2
        )
        for name in ("all", "splink")
    }


def inside(arguments: Sequence[str]) -> None:
    """Do what a process of its own was started for."""
    what, given = arguments[0], arguments[-1]
    if what == "--splink":
        print(json.dumps(splink_here(Path(given))))
    elif what == "--steps":
        steps(date.fromisoformat(given))
    else:
        ingest(date.fromisoformat(given))


if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in ("--splink", "--steps", "--ingest"):
        inside(sys.argv[1:])
    else:
        main()
