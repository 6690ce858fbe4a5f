"""The folder of a process: those of the dead go, those of others stay."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from jobs.lake import scratch


@pytest.fixture
def dead() -> int:
    """Number of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


@pytest.mark.parametrize("host", ["worker", "worker-1", "[w]orker", "w*"])
def test_only_folders_of_this_hosts_dead_processes_are_removed(
    home: Path, monkeypatch: pytest.MonkeyPatch, dead: int, host: str
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: host)
    of_others = [f"{host}-1-{dead}", f"{host}1-{dead}", f"x{host}-{dead}", f"worker-2-{dead}"]
    stay = [*of_others, f"{host}-{os.getppid()}", f"{host}-notes"]
    for name in (*stay, f"{host}-{dead}"):
        (home / "scratch" / name).mkdir(parents=True)
    own = scratch.folder()
    assert {path.name for path in own.parent.iterdir()} == {*stay, own.name}
    assert stat.S_IMODE(own.stat().st_mode) == 0o700
