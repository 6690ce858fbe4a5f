"""One writer a lake: a lock file with its owner and its age."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from jobs.lake.errors import LockedError

_held: set[Path] = set()


@contextmanager
def writer(root: Path, what: str) -> Iterator[None]:
    """Hold the lake's lock; within one process it may be taken again.

    Parameters
    ----------
    root : Path
        The lake.
    what : str
        Who takes it, as a person would name it.

    Raises
    ------
    LockedError
        A live process holds it. A dead owner's lock on this machine is taken over.
    """
    path = root / "_writer.lock"
    if path in _held:
        yield
        return
    root.mkdir(parents=True, exist_ok=True)
    _take(path, what)
    _held.add(path)
    try:
        yield
    finally:
        _held.discard(path)
        path.unlink(missing_ok=True)


def _take(path: Path, what: str) -> None:
    owner = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "what": what,
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    scratch = path.with_suffix(f".{os.getpid()}")
    scratch.write_text(json.dumps(owner))
    try:
        for _ in range(2):
            try:
                # A link appears whole or not at all, and only one process can make it.
                os.link(scratch, path)
            except FileExistsError:
                _remove_if_dead(path)
            else:
                return
        raise LockedError(f"{path}: just taken by another run; run again when it is done")
    finally:
        scratch.unlink(missing_ok=True)


def _remove_if_dead(path: Path) -> None:
    try:
        owner = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        path.unlink(missing_ok=True)
        return
    pid = int(owner.get("pid", 0))
    # Our own number, and we hold nothing: it was given out again, as in a container started anew.
    dead = pid == os.getpid() or not _alive(pid)
    if owner.get("host") == socket.gethostname() and dead:
        path.unlink(missing_ok=True)
        return
    raise LockedError(
        f"the lake is being written by {owner.get('what')} (process {owner.get('pid')} on "
        f"{owner.get('host')}, since {owner.get('since')}): wait for it; if that machine is gone, "
        f"remove {path}"
    )


def _alive(pid: int) -> bool:
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
