"""Meter: the bytes that Spark reads for a job, by the group that its queries are in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

GROUP = "spark.jobGroup.id"
_PATIENCE_MS = 2_000


@contextmanager
def metered(spark: SparkSession | None) -> Iterator[Callable[[], int]]:
    """Count what the queries of this thread read, from here on.

    Yields
    ------
    callable
        Returns the bytes so far: of the columns and files that were read, not of whole tables, and
        of rows that Spark kept for a second pass, which it does not tell apart; 0 without one.
    """
    if spark is None:
        yield lambda: 0
        return
    from py4j.protocol import Py4JError

    context = spark.sparkContext
    outer = context.getLocalProperty(GROUP)
    group = str(uuid4())
    context.setLocalProperty(GROUP, group)
    try:
        yield lambda: _bytes_read(context, group)
    finally:
        # Of a JVM that has died, what failed first is to be told.
        with suppress(Py4JError, OSError):
            # None, of a thread that was in no group, takes the property away.
            context.setLocalProperty(GROUP, outer)  # type: ignore[arg-type]


def _bytes_read(context: SparkContext, group: str) -> int:
    from py4j.protocol import Py4JJavaError

    core = context._jsc.sc()
    # Tasks report by a queue, and the last ones may stand in it still; where another thread goes on
    # filling it, their bytes are missing, for which no job is to fail.
    with suppress(Py4JJavaError):
        core.listenerBus().waitUntilEmpty(_PATIENCE_MS)
    tracker, store = context.statusTracker(), core.statusStore()
    jobs = [tracker.getJobInfo(job) for job in tracker.getJobIdsForGroup(group)]
    stages = {stage for job in jobs if job is not None for stage in job.stageIds}
    total = 0
    for stage in stages:
        try:
            total += store.lastStageAttempt(stage).inputBytes()
        except Py4JJavaError:
            # A stage that was skipped, its result being there, has no attempt.
            continue
    return total
