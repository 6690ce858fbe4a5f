"""One writer a lake: a lock that the system holds for a process, and a note of whose it is."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from jobs.lake.errors import LockedError

_held: set[Path] = set()


@dataclass(frozen=True)
class Owner:
    """Who holds the lock, or left it.

    Attributes
    ----------
    what : str
        What it does, as a person would name it.
    pid : int
        Its process.
    host : str
        Its machine.
    since : str
        When it took the lock (UTC, ISO 8601).
    """

    what: str
    pid: int
    host: str
    since: str

    def __str__(self) -> str:
        """Name it in a sentence."""
        return f"{self.what} (process {self.pid} on {self.host}, since {self.since})"


@contextmanager
def writer(root: Path, what: str) -> Iterator[None]:
    """Hold the lake's lock; within one process it may be taken again.

    The lock is the system's own, which lets go of it when its process ends, however it ends: a dead
    owner is nobody. The file stays, with the owner's name in it while there is one.

    Parameters
    ----------
    root : Path
        The lake.
    what : str
        Who takes it, as a person would name it.

    Raises
    ------
    LockedError
        Another process holds it, or one of another machine, of which only a person can say
        whether it is gone.
    """
    path = root / "_writer.lock"
    if path in _held:
        yield
        return
    root.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        if not _locked(file.fileno()):
            raise LockedError(f"the lake is being written by {_owner(path)}: wait for it")
        left = _owner(path)
        if left is not None and left.host != socket.gethostname():
            raise LockedError(
                f"the lake was being written by {left}: wait for it; if that machine is gone, "
                f"remove {path}"
            )
        _note(path, Owner(what, os.getpid(), socket.gethostname(), _now()))
        _held.add(path)
        try:
            yield
        finally:
            _held.discard(path)
            path.write_text("")


def owner(root: Path) -> tuple[Owner | None, bool]:
    """Return who is noted as the lake's writer, and whether the lock is held."""
    path = root / "_writer.lock"
    if not path.exists():
        return None, False
    if path in _held:
        return _owner(path), True
    with path.open(encoding="utf-8") as file:
        return _owner(path), not _locked(file.fileno())


def _locked(descriptor: int) -> bool:
    """Take the lock, for as long as the file is open; False when another process has it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _note(path: Path, found: Owner) -> None:
    path.write_text(json.dumps(asdict(found)))


def _owner(path: Path) -> Owner | None:
    try:
        return Owner(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
