"""Ten SIGKILLs at random moments of a night, and the night run to its end after them.

Usage: ``python bench/kills.py --out bench/kills.json``

A small world has a night before and the night that is killed. Each try of that night is a
``bespoke run`` with all its children, killed at a moment drawn between its start and the time that
a clean one takes, and tried again until a try ends before its moment: what earlier tries have done
is left out, so later ones are shorter. Then the lake (contract columns, decrypted, ``ops`` aside)
and the export are held against those of a home that ran both nights without a kill, and the night
begins anew on a copy of the home before it, until all kills have been made.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from watch import header

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.lake.contents import digests  # noqa: E402 - the path is set above

DAYS = 20
LAST = date(2026, 6, 1) + timedelta(days=DAYS - 1)
WORLD = {
    "BESPOKE_SOURCE": "demo",
    "BESPOKE__SIMULATE__PEOPLE": "300",
    "BESPOKE__SIMULATE__DAYS": str(DAYS),
}


def main() -> None:
    """Run the nights, kill, compare, and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        result = {
            **header(f"python bench/kills.py --out {wanted.out}"),
            **killed_nights(Path(scratch), wanted.kills, random.Random(wanted.seed)),
        }
    wanted.out.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))
    if result["differing"]:
        raise SystemExit("the lake is not that of a clean night")


def killed_nights(scratch: Path, kills: int, chance: random.Random) -> dict[str, Any]:
    """Run the same night with and without kills and say where the two lakes differ."""
    before, clean, killed = scratch / "before", scratch / "clean", scratch / "killed"
    to_its_end(before, LAST - timedelta(days=1))
    shutil.copytree(before, clean, symlinks=True)
    took = to_its_end(clean, LAST)
    expected = digests(clean)
    nights: list[list[dict[str, Any]]] = []
    differing: set[str] = set()
    while sum(map(len, nights)) < kills:
        shutil.rmtree(killed, ignore_errors=True)
        shutil.copytree(before, killed, symlinks=True)
        moments: list[dict[str, Any]] = []
        while sum(map(len, nights)) + len(moments) < kills:
            moment = chance.uniform(1, took)
            if (where := shot(killed, moment)) is None:
                break
            moments.append({"after_seconds": round(moment, 1), "last_line": where})
        else:
            to_its_end(killed, LAST)
        found = digests(killed)
        names = expected.keys() | found.keys()
        differing |= {n for n in names if expected.get(n) != found.get(n)}
        nights.append(moments)
    return {
        "clean_seconds": round(took, 1),
        "nights": nights,
        "compared": len(expected),
        "differing": sorted(differing),
    }


def started(home: Path, night: date, log: Path) -> subprocess.Popen[bytes]:
    """Start a night with a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "jobs.cli.main", "run", "--date", night.isoformat()],
        cwd=ROOT,
        env={**os.environ, **WORLD, "BESPOKE_HOME": str(home)},
        stdout=log.open("w"),
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def to_its_end(home: Path, night: date) -> float:
    """Run a night and return its seconds."""
    log = home.with_name(f"{home.name}.log")
    began = time.perf_counter()
    if started(home, night, log).wait():
        raise SystemExit(log.read_text())
    return time.perf_counter() - began


def shot(home: Path, moment: float) -> str | None:
    """Kill a night after some seconds; return the last line it had said, None if it had ended."""
    log = home.with_name("shot.log")
    process = started(home, LAST, log)
    try:
        process.wait(timeout=moment)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        said = log.read_text().replace(str(home), "<home>").splitlines()
        return (said or [""])[-1]
    return None


if __name__ == "__main__":
    main()
