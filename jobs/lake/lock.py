"""One writer a lake: a lock that the system holds for a process, and a note of whose it is.

Who gives way, as maintenance does, holds the lock for one table at a time. Whoever comes meanwhile
waits for that table, with the turn in hand (a second lock), and who gives way takes the lock again
only while nobody has the turn.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from jobs.lake.errors import LockedError
from jobs.lake.folders import Folder, on_disk

_held: set[Path] = set()

WAIT_SECONDS = 1800.0
"""How long to wait for one who gives way: longer than a table's maintenance takes, and bounded, so
that one that hangs is told of."""
_POLL_SECONDS = 0.1
_NOTE_SECONDS = 2.0
"""How long an owner may take between having the lock and having noted it."""


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
    gives_way : bool
        Whether it holds the lock for a short while only, so that others wait for it.
    """

    what: str
    pid: int
    host: str
    since: str
    gives_way: bool = False

    def __str__(self) -> str:
        """Name it in a sentence."""
        return f"{self.what} (process {self.pid} on {self.host}, since {self.since})"


@contextmanager
def writer(root: Folder, what: str, *, gives_way: bool = False) -> Iterator[None]:
    """Hold the lake's lock; within one process it may be taken again.

    The lock is the system's own, which lets go of it when its process ends, however it ends: a dead
    owner is nobody. The file stays, with the owner's name in it while there is one.

    Parameters
    ----------
    root : Path or StoreFolder
        The lake.
    what : str
        Who takes it, as a person would name it.
    gives_way : bool
        Whether it is held for a short while only: others wait for it instead of being refused, and
        it is not taken while somebody waits.

    Raises
    ------
    LockedError
        Another process holds it, or one of another machine, of which only a person can say
        whether it is gone; or somebody waits for it to whom this one gives way.
    """
    place = on_disk(root)
    path = place / "_writer.lock"
    if path in _held:
        yield
        return
    place.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        if gives_way and _awaited(place):
            raise LockedError(f"somebody waits for the lake: {what} comes later")
        if not _locked(file.fileno()) and (gives_way or not _waited(place, file.fileno())):
            raise LockedError(f"the lake is being written by {_owner(path)}: wait for it")
        left = _owner(path)
        if left is not None and left.host != socket.gethostname():
            raise LockedError(
                f"the lake was being written by {left}: wait for it; if that machine is gone, "
                f"remove {path}"
            )
        _note(path, Owner(what, os.getpid(), socket.gethostname(), _now(), gives_way))
        _held.add(path)
        try:
            yield
        finally:
            _held.discard(path)
            path.write_text("")


def owner(root: Folder) -> tuple[Owner | None, bool]:
    """Return who is noted as the lake's writer, and whether the lock is held."""
    path = on_disk(root) / "_writer.lock"
    if not path.exists():
        return None, False
    if path in _held:
        return _owner(path), True
    with path.open(encoding="utf-8") as file:
        return _owner(path), not _locked(file.fileno())


def _waited(root: Path, descriptor: int) -> bool:
    """Wait for an owner who gives way, and take the lock; False when it was not to be had."""
    path = root / "_writer.lock"
    if not _gives_way(path):
        return False
    with (root / "_writer.turn").open("a") as turn:
        # For a while, since who gives way looks whether somebody has the turn by taking it.
        if not _locked_within(turn.fileno(), _NOTE_SECONDS):
            return False
        return _locked_within(descriptor, WAIT_SECONDS, lambda: _gives_way(path))


def _locked_within(
    descriptor: int, seconds: float, worthwhile: Callable[[], bool] = lambda: True
) -> bool:
    until = time.monotonic() + seconds
    while not _locked(descriptor):
        if time.monotonic() > until or not worthwhile():
            return False
        time.sleep(_POLL_SECONDS)
    return True


def _gives_way(path: Path) -> bool:
    """Whether the lock's owner does; one that has not noted itself yet is given a moment."""
    until = time.monotonic() + _NOTE_SECONDS
    while (found := _owner(path)) is None and time.monotonic() < until:
        time.sleep(_POLL_SECONDS)
    # None for long: it was let go of.
    return found is None or found.gives_way


def _awaited(root: Path) -> bool:
    """Whether somebody waits for an owner to give way."""
    with (root / "_writer.turn").open("a") as turn:
        return not _locked(turn.fileno())


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
