"""Work side by side: all of it comes to its end, and no failure is lost behind another."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

log = logging.getLogger("bespoke")

T = TypeVar("T")


def side_by_side(calls: Sequence[Callable[[], T]], at_once: int | None = None) -> list[T]:
    """Run calls in threads; return what they return, in order.

    Parameters
    ----------
    calls : sequence of callable
        They need nothing of each other.
    at_once : int, optional
        How many run at a time; all of them by default.

    Raises
    ------
    BaseException
        The first failure, after all calls have ended; the others are logged. One that is no
        `Exception`, as a stop from outside, gives way to one that is.
    """
    if len(calls) < 2:
        return [call() for call in calls]
    with ThreadPoolExecutor(at_once or len(calls)) as pool:
        futures = [pool.submit(call) for call in calls]
    failed = [error for future in futures if (error := future.exception())]
    failed.sort(key=lambda error: not isinstance(error, Exception))
    for error in failed[1:]:
        log.error("failed beside another: %s", error)
    if failed:
        raise failed[0]
    return [future.result() for future in futures]
