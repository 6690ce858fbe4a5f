"""How a process ends."""

from __future__ import annotations

import subprocess
import sys

import pytest

# What C++ would do that finds a thread still running when it takes its own things down.
ABORTS = """
import atexit, ctypes, sys
from jobs.lake import leaving
libc = ctypes.CDLL(None)
libc.on_exit(libc.abort, None)
def main():
    atexit.register(print, "tidied")
    print("done")
    {ending}
"""


def ended(ending: str, run: str = "leaving.run(main)") -> subprocess.CompletedProcess[str]:
    """Return what a process said that ends so."""
    script = ABORTS.format(ending=ending) + run
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("ending", "status", "said"),
    [
        ("pass", 0, ""),
        ("sys.exit()", 0, ""),
        ("sys.exit(65)", 65, ""),
        ("sys.exit('no such night')", 1, "no such night"),
        ("1 / 0", 1, "ZeroDivisionError"),
    ],
)
def test_a_process_ends_with_its_status_whatever_native_threads_do(
    ending: str, status: int, said: str
) -> None:
    process = ended(ending)
    assert process.returncode == status
    assert process.stdout == "done\ntidied\n"
    assert said in process.stderr


def test_without_it_the_process_would_abort() -> None:
    assert ended("pass", "main()").returncode < 0
