"""Secret files: made once, whole, and read by their owner alone."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path


def make_once(path: Path, content: bytes) -> None:
    """Write a secret file where there is none yet; of two makers one wins, and both see its file.

    Parameters
    ----------
    path : Path
        The file; its folder is made, for the owner alone.
    content : bytes
        What it is to hold.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Written beside and linked: a kill leaves no half key.
    scratch = _beside(path, content)
    try:
        with suppress(FileExistsError):
            os.link(scratch, path)
    finally:
        scratch.unlink()


def write_anew(path: Path, content: bytes) -> None:
    """Replace a secret file, or make it: a kill leaves the former content or the new one, whole."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.replace(_beside(path, content), path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _beside(path: Path, content: bytes) -> Path:
    scratch = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}")
    # What a killed process of these numbers left.
    scratch.unlink(missing_ok=True)
    with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return scratch
