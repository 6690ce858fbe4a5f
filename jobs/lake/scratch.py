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
    host = socket.gethostname()
    own = above / f"{host}-{os.getpid()}"
    own.mkdir(parents=True, exist_ok=True, mode=0o700)
    for other in above.iterdir():
        # Whole, not as a pattern: another host's name may begin as this one's does.
        of, _, pid = other.name.rpartition("-")
        if of == host and pid.isdigit() and not _alive(int(pid)):
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
