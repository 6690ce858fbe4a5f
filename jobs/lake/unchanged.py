"""Unchanged: whether a job has done already what it would do, of the same and with the same result.

A night that is run again, as after a failure further on or with no new file, then costs what is
new. What a job was made of stands in ``ops.runs``: the versions of the tables that it read, and a
digest of all else that decides what comes out, the *basis*.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.lake.settings import conf_folder
from jobs.lake.tables import TABLES

if TYPE_CHECKING:
    from jobs.lake.history import Success
    from jobs.lake.run import Record, Run

log = logging.getLogger("bespoke")

BY_HAND = "manual"
"""Who runs a single job wants it to be run."""
CODE = ("jobs", "models", "expectations")
ENGINES = ("pyspark", "delta-spark", "implicit", "numpy", "pandas")


def unchanged(
    run: Run, record: Record, *, also: str = "", still: Callable[[Success], bool] | None = None
) -> bool:
    """Whether a try of this night has done what this one would do; then the record says so.

    It is so if that try succeeded, read the same versions of the same tables, had the same code,
    settings and catalogue, and what it wrote is there still, whole, and the latest. A job by hand,
    and one with ``nights.skip_unchanged`` off, never is.

    Parameters
    ----------
    run : Run
        The night.
    record : Record
        Of the job; gets its basis, and what the earlier try had read and written.
    also : str
        What else decides the result.
    still : callable, optional
        Whether what the earlier try has left outside the lake is there still.
    """
    record.basis = _basis(run, record.job, also)
    if run.dag == BY_HAND or not run.settings.nights.skip_unchanged:
        return False
    tries = [s for s in run.done if s.job == record.job and s.as_of == run.as_of]
    earlier = tries[-1] if tries else None
    if earlier is None or earlier.basis != record.basis or not earlier.inputs:
        return False
    own = earlier.outputs
    # What a job has read of its own it has changed itself.
    others = {name: at for name, at in earlier.inputs.items() if name not in own}
    if not (
        all(_is_latest(run, name, at) for name, at in others.items())
        and all(_is_latest(run, name, at, whole=True) for name, at in own.items())
        and (still is None or still(earlier))
    ):
        return False
    record.repeats = earlier.repeats or earlier.started_at
    record.inputs, record.outputs = dict(earlier.inputs), dict(own)
    record.counts, record.error = dict(earlier.counts), earlier.remark
    log.info("unchanged since %s: left as it is", record.repeats.isoformat(timespec="seconds"))
    return True


def _is_latest(run: Run, name: str, at: int, *, whole: bool = False) -> bool:
    """Whether a version of a table is the latest; what is no table is for the job to look at."""
    table = TABLES.get(name)
    if table is None:
        return True
    return run.lake.version(table) == at and (not whole or run.lake.holds(table, at))


def _basis(run: Run, job: str, also: str) -> str:
    """Return a digest of all that decides what a job makes of its tables."""
    told = (
        _code(),
        run.settings.model_dump_json(),
        _catalogue(conf_folder()),
        str(run.last_night(job)),
        also,
    )
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]


@cache
def _code() -> str:
    """Return a digest of this release's code, as it is, and of what computes for it."""
    root = Path(__file__).resolve().parents[2]
    found = hashlib.sha256(" ".join(map(version, ENGINES)).encode())
    for path in sorted(p for name in CODE for p in (root / name).rglob("*.py")):
        found.update(path.relative_to(root).as_posix().encode())
        found.update(path.read_bytes())
    return found.hexdigest()


def _catalogue(conf: Path) -> str:
    found = hashlib.sha256()
    for path in sorted((conf / "sources").rglob("*.yaml")):
        found.update(path.name.encode())
        found.update(path.read_bytes())
    return found.hexdigest()
