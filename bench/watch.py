"""What benchmarks have in common: where and when they ran, and a process that is watched."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import psutil

ROOT: Final = Path(__file__).resolve().parents[1]
_EVERY_SECONDS = 0.5


@dataclass(frozen=True)
class Watched:
    """What a process said, how long it took, and the most memory that it and its children held."""

    said: str
    seconds: float
    peak_bytes: int

    @property
    def cost(self) -> dict[str, float]:
        """Seconds and GiB, rounded."""
        return {
            "seconds": round(self.seconds, 1),
            "peak_memory_gib": round(self.peak_bytes / 2**30, 2),
        }


def header(command: str) -> dict[str, Any]:
    """Say what a result is of: the command, the day, the machine and how busy it was before."""
    return {
        "command": command,
        "date": datetime.now(UTC).date().isoformat(),
        **machine(),
        "load_before": round(os.getloadavg()[0], 1),
    }


def machine() -> dict[str, float | int | None]:
    """Cores, and memory in GiB."""
    return {
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
    }


def watched(command: Sequence[str], environment: Mapping[str, str]) -> Watched:
    """Run a process to its end.

    Raises
    ------
    SystemExit
        It failed; what it said is told.
    """
    started = time.perf_counter()
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen(
            command, cwd=ROOT, env=dict(environment), stdout=out, stderr=subprocess.STDOUT
        )
        peak = 0
        while process.poll() is None:
            peak = max(peak, memory(_family(process.pid)))
            time.sleep(_EVERY_SECONDS)
        out.seek(0)
        said = out.read()
    if process.returncode:
        raise SystemExit(said or f"{' '.join(command)} failed")
    return Watched(said, time.perf_counter() - started, peak)


def memory(processes: Iterable[psutil.Process]) -> int:
    """Proportional memory of processes, bytes; those that have ended hold none."""
    total = 0
    for process in processes:
        try:
            total += process.memory_full_info().pss
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return total


def _family(pid: int) -> list[psutil.Process]:
    try:
        return [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        return []
