"""Commits: each carries the name of the unit of work that made it, and is found again by it.

A try that was killed after a commit finds it done. Delta keeps what a writer says of a commit as
its ``userMetadata``, in the table's log.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deltalake import CommitProperties, DeltaTable
    from pyspark.sql import DataFrame, DataFrameWriter, SparkSession

LATEST = 1000
"""Commits of a table that are looked at."""
_NIGHT = re.compile(r"[^:]+:(\d{4}-\d\d-\d\d):")
"""The unit of work of a run's job, after the run's id."""
_COUNT = "bespoke."
"""Before the names of rows' counts in a commit that ``deltalake`` made, which counts otherwise."""


@dataclass(frozen=True)
class Written:
    """What a write did.

    Attributes
    ----------
    version : int
        Delta version after the write.
    inserted, updated : int
        Rows added and rows changed, as Delta counted them.
    skipped : bool
        The same unit of work had been committed before; the counts are those of that commit.
    """

    version: int
    inserted: int
    updated: int
    skipped: bool = False


def found(delta: DeltaTable, unit: str) -> Written | None:
    """Find the commit of a unit of work among a table's latest, if there is one."""
    for commit in delta.history(limit=LATEST):
        if commit.get("userMetadata") == unit:
            return _written(commit)
    return None


def night_of(delta: DeltaTable) -> date | None:
    """Night of the run that wrote to a table last; None if no unit of work names one."""
    for commit in delta.history(limit=LATEST):
        named = _NIGHT.match(commit.get("userMetadata") or "")
        if named:
            return date.fromisoformat(named[1])
    return None


def marked(mark: str, *, once: bool = False, **counts: int) -> CommitProperties:
    """Return properties of a commit through ``deltalake`` that carries a mark, and counts.

    Of two writers that make one at the same moment, and once, the second is refused.
    """
    from deltalake import CommitProperties, Transaction

    told = {f"{_COUNT}{name}": str(count) for name, count in counts.items()}
    transactions = [Transaction(app_id=mark, version=1)] if once else None
    return CommitProperties(
        custom_metadata={"userMetadata": mark, **told}, app_transactions=transactions
    )


def writer_of(frame: DataFrame, unit: str) -> DataFrameWriter:
    """Return a frame's writer that notes the unit of work in its commit."""
    return frame.write.format("delta").option("userMetadata", unit)


@contextmanager
def marking(session: SparkSession, unit: str) -> Iterator[None]:
    """Note the unit of work in a merge's commit, which takes it from the session only."""
    key = "spark.databricks.delta.commitInfo.userMetadata"
    session.conf.set(key, unit)
    try:
        yield
    finally:
        session.conf.unset(key)


def _written(commit: Mapping[str, Any]) -> Written:
    metrics = commit.get("operationMetrics") or {}
    inserted = metrics.get("numTargetRowsInserted", metrics.get("numOutputRows", 0))
    updated = metrics.get("numTargetRowsUpdated", 0)
    return Written(
        int(commit["version"]),
        int(commit.get(f"{_COUNT}inserted", inserted)),
        int(commit.get(f"{_COUNT}updated", updated)),
        skipped=True,
    )
