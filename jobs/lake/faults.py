"""Fault points: after every commit, where a run can be stopped to prove that nothing comes of it.

A point is named by its job and by what has just been committed: ``segments/gold.segments``,
``ingest demo.orders/ops.files#2`` for the second commit of one job to one table,
``publish/latest`` for what is no table. ``BESPOKE_FAULT=<point>`` kills the process there.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

VARIABLE = "BESPOKE_FAULT"

Watcher = Callable[[str, str], None]
"""Is given a job and what it has just committed."""


class StoppedError(BaseException):
    """A watcher's way to stop a run where it is: no job takes it for a failure of its own."""


_job: ContextVar[tuple[str, Counter[str]]] = ContextVar("job")
_watchers: list[Watcher] = []


@contextmanager
def within(job: str) -> Iterator[None]:
    """Name the job that this thread's commits are of."""
    token = _job.set((job, Counter()))
    try:
        yield
    finally:
        _job.reset(token)


@contextmanager
def watched(watcher: Watcher) -> Iterator[None]:
    """Call a function at every point; it may raise :class:`StoppedError`."""
    _watchers.append(watcher)
    try:
        yield
    finally:
        _watchers.remove(watcher)


def committed(what: str) -> None:
    """Say that something has just been committed: a table, a file, a model's version."""
    fatal = os.environ.get(VARIABLE)
    if not _watchers and not fatal:
        return
    job, counts = _job.get(("outside of jobs", Counter()))
    counts[what] += 1
    name = what if counts[what] == 1 else f"{what}#{counts[what]}"
    if fatal == f"{job}/{name}":
        # As a machine that loses its power would: nothing is tidied up.
        os.kill(os.getpid(), signal.SIGKILL)
    for watcher in tuple(_watchers):
        watcher(job, name)
