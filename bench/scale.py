"""Benchmark of growth: the demo's shop with ever more people, and with a longer past.

Usage: ``python bench/scale.py --people 50 10000 100000 --out bench/scale.json``

For each number of people: a world of 91 days; the first 90 from nothing to export, one more day,
and that day again without a new file. For the largest then, in a home of its own, the first 9 days
and one more: the bytes that a night reads of files (as Hadoop counts them) after 9 days are held
against those after 90; and there a day on which nothing came. The exponent of a job is the slope
of its seconds over people in a log-log plot between the two largest worlds, the seconds of the
smallest taken away. Sizes that the file has already are not measured again.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from watch import machine

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bench.night import night  # noqa: E402 - the path is set above

DAYS = 91
FIRST = date(2026, 6, 1)
"""First day of the demo's world."""
LONG, SHORT = 90, 9
"""Days of the past that a night is measured after."""


def main() -> None:
    """Measure each size that the result lacks, and write it down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, nargs="+", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--homes", type=Path, help="where the homes are kept, to be looked into")
    wanted = parser.parse_args()
    sizes = " ".join(map(str, wanted.people))
    result: dict[str, Any] = json.loads(wanted.out.read_text()) if wanted.out.exists() else {}
    result |= {
        "command": f"python bench/scale.py --people {sizes} --out {wanted.out}",
        **machine(),
    }
    worlds = result.setdefault("people", {})
    for people in wanted.people:
        if str(people) not in worlds:
            found = worlds.setdefault(str(people), {})
            with tempfile.TemporaryDirectory() as scratch:
                largest = people == max(wanted.people)
                homes = wanted.homes or Path(scratch)
                # Written after each: nights of half an hour are not lost with the one after them.
                for name, value in measured(people, homes, early_too=largest):
                    found[name] = value
                    result["exponents"] = exponents(worlds)
                    wanted.out.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


def measured(people: int, scratch: Path, *, early_too: bool) -> Iterator[tuple[str, Any]]:
    """Run the nights of one size, and if wanted those of its short past; give each as it ends."""
    whole, early = scratch / f"{people}-whole", scratch / f"{people}-early"
    yield "date", datetime.now(UTC).date().isoformat()
    yield "load_before", round(os.getloadavg()[0], 1)
    yield "world_seconds", world(people, whole)
    yield "after_nothing", night("demo", whole, day(LONG))
    late = night("demo", whole, day(LONG + 1))
    yield "one_more_day", late
    yield "no_new_file", night("demo", whole, day(LONG + 1))
    if not early_too:
        return
    early.mkdir(parents=True)
    for name in ("truth", "source_set"):
        (early / name).symlink_to(whole / name)
    quiet = day(SHORT + 2)
    shutil.copytree(
        whole / "landing",
        early / "landing",
        copy_function=os.link,
        ignore=shutil.ignore_patterns(quiet.isoformat()),
    )
    yield "early_after_nothing", night("demo", early, day(SHORT))
    soon = night("demo", early, day(SHORT + 1))
    yield "early_one_more_day", soon
    before, after = soon["file_bytes"], late["file_bytes"]
    yield "bytes_after_9_days", before
    yield "bytes_after_90_days", after
    yield "times_the_bytes", round(after / before, 2)
    yield "early_day_without_files", night("demo", early, quiet)


def world(people: int, home: Path, days: int = DAYS) -> float | None:
    """Simulate the shop in a home, and set the variables that say which it is.

    Returns
    -------
    float or None
        Seconds; None if it was there.
    """
    os.environ |= {
        "BESPOKE__SIMULATE__PEOPLE": str(people),
        "BESPOKE__SIMULATE__DAYS": str(days),
        "BESPOKE__AIRFLOW__RETRIES": "0",
    }
    there = (home / "landing").exists()
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "jobs.cli.main", "simulate"],
        cwd=ROOT,
        env={**os.environ, "BESPOKE_HOME": str(home), "BESPOKE_SOURCE": "demo"},
        check=True,
    )
    return None if there else round(time.perf_counter() - started, 1)


def day(number: int) -> date:
    """Return a day of the world, the first being 1."""
    return FIRST + timedelta(days=number - 1)


def exponents(worlds: dict[str, Any]) -> dict[str, float]:
    """Growth of each job between the two largest worlds, the smallest one's time taken away."""
    done = [size for size, found in worlds.items() if "after_nothing" in found]
    if len(done) < 3:
        return {}
    least, *_, large, largest = sorted(done, key=int)
    empty, before, after = (
        worlds[size]["after_nothing"]["jobs"] for size in (least, large, largest)
    )
    times = math.log(int(largest) / int(large))
    return {
        job: round(math.log(more / some) / times, 2)
        for job in after
        if (some := before[job]["seconds"] - empty[job]["seconds"]) > 0
        and (more := after[job]["seconds"] - empty[job]["seconds"]) > 0
    }


if __name__ == "__main__":
    main()
