"""Scratch: a folder of this process's own, for what is not kept; it may hold PII in the clear."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

from jobs.lake.settings import home


def folder() -> Path:
    """Return the folder, which only its owner may read; those of dead processes are removed."""
    above = home() / "scratch"
    own = above / f"{socket.gethostname()}-{os.getpid()}"
    own.mkdir(parents=True, exist_ok=True, mode=0o700)
    for other in above.glob(f"{socket.gethostname()}-*"):
        pid = other.name.rpartition("-")[2]
        if pid.isdigit() and not _alive(int(pid)):
            # A killed process leaves what Spark had put there.
            shutil.rmtree(other, ignore_errors=True)
    return own


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
