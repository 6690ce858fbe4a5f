"""The runner: reads what a job declares, calls it, checks and writes what it returns."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from jobs.lake import faults, small
from jobs.lake.commits import Written
from jobs.lake.contract import Refresh, Table
from jobs.lake.errors import DataError, first_line
from jobs.lake.files import Span
from jobs.lake.job import Job, Read, Scope
from jobs.lake.logs import logged_as
from jobs.lake.meter import metered
from jobs.lake.outage import outage
from jobs.lake.quality import judge
from jobs.lake.run import Record, Run
from jobs.lake.tables.columns import AS_OF
from jobs.lake.unchanged import unchanged
from jobs.privacy.reads import reading

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

log = logging.getLogger("bespoke")


@contextmanager
def recorded(run: Run, job: str, source: str | None = None) -> Iterator[Record]:
    """Record a job in ``ops.runs`` when it ends, however it ends."""
    record = Record(job, source)
    with (
        faults.within(f"{job} {source}" if source else job),
        logged_as(run.id, job, source),
        metered(run.lake.session) as read,
        reading(run.lake, f"job {job}", run_id=run.id),
    ):
        try:
            yield record
        except faults.StoppedError:
            raise
        except BaseException as error:
            record.state = "stopped" if isinstance(error, DataError) else "failed"
            told = outage(error, run.settings) or error
            record.error = f"{type(told).__name__}: {first_line(told)}"[:500]
            run.write(record)
            log.error("%s: %s", record.state, record.error)
            raise
        record.counts["bytes_read"] = read()
        run.write(record)
        took = datetime.now(UTC) - record.started_at
        log.info("%s in %.1f s", record.state, took.total_seconds())


def run_job(job: Job, run: Run) -> None:
    """Run one job of one night.

    Raises
    ------
    DataError
        A table rule of a result does not hold and nobody has released it; nothing of the job's
        later results is written.
    """
    with recorded(run, job.name) as record:
        if unchanged(run, record):
            return
        grows = any(wanted.scope is Scope.INCREMENT for wanted in job.reads)
        last = run.last_night(job.name) if grows else None
        frames = [_read(run, wanted, record, last) for wanted in job.reads]
        keywords: dict[str, Any] = {"as_of": run.as_of}
        if job.section is not None:
            keywords["settings"] = getattr(run.settings, job.section)
        result = job.function(*frames, **keywords)
        results = result if isinstance(result, tuple) else (result,)
        written = write_frames(run, record, dict(zip(job.writes, results, strict=True)))
    log.info("%s: %s rows", job.name, f"{written:,}")


def write_frames(
    run: Run,
    record: Record,
    frames: Mapping[Table, DataFrame],
    dates: Collection[date] | None = None,
) -> int:
    """Check frames against their tables' suites and, when all hold, write them.

    Parameters
    ----------
    run : Run
        The night.
    record : Record
        Gets the versions and the number of rows.
    frames : mapping of Table to DataFrame
        What one job has made, written in this order; rules that look into another of these tables
        see its frame.
    dates : collection of date, optional
        Of tables that are replaced by date, those that are; by default the night's.

    Returns
    -------
    int
        Rows written.

    Raises
    ------
    QualityError
        A rule that stops the run does not hold; none of the frames is written.
    """
    from pyspark import StorageLevel

    kept = {t: t.conform(f).persist(StorageLevel.MEMORY_AND_DISK) for t, f in frames.items()}
    try:
        fresh = {table.id: frame for table, frame in kept.items()}
        rows = {table: judge(run, table, frame, fresh) for table, frame in kept.items()}
        for table, frame in kept.items():
            write = _writer(run, record, table, dates)
            record.outputs[table.id] = write(frame, few=small.are_few(rows[table])).version
    finally:
        for frame in kept.values():
            frame.unpersist()
    record.counts["rows_written"] = sum(rows.values())
    return record.counts["rows_written"]


def _writer(
    run: Run, record: Record, table: Table, dates: Collection[date] | None
) -> Callable[..., Written]:
    unit = f"{run.id}:{record.job}:{table.id}"
    if table.refresh is Refresh.MERGE:
        # The same inputs give the same rows, so a repeated night finds its merge done.
        inputs = {k: v for k, v in record.inputs.items() if k != table.id}
        digest = hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()[:12]
        return partial(run.lake.merge, table, unit=f"{unit}:{digest}")
    return partial(run.lake.replace, table, dates=dates or [run.as_of], unit=unit)


def _read(run: Run, wanted: Read, record: Record, last: date | None) -> DataFrame:
    table = wanted.table
    span = None
    if wanted.scope is Scope.ALL:
        of_this_night(run, table)
    elif wanted.scope is Scope.INCREMENT:
        span = Span("loaded_on", after=last, until=run.as_of)
    elif table.refresh is Refresh.REPLACE_DATE:
        before = run.as_of - timedelta(days=1)
        # Nights long gone do not matter to the next one.
        span = Span(str(table.date), after=before - timedelta(days=60), until=before)
    return run.lake.read(table, run.version_of(table, record), span=span)


def of_this_night(run: Run, table: Table) -> None:
    """Refuse a table that holds one night alone, and not this one.

    Two nights that are run at one time, as by a backfill beside the schedule, would else read each
    other's; so would a task that is tried again after an earlier night was done anew.

    Raises
    ------
    DataError
        The table is another night's.
    """
    if table.refresh is not Refresh.REPLACE_ALL:
        return
    if AS_OF.name in table.names:
        others = run.lake.values(table, AS_OF.name) - {run.as_of}
    else:
        others = {run.lake.written_on(table)} - {run.as_of, None}
    if others:
        raise DataError(
            f"{table.id} is of {min(others)} and not of {run.as_of}: another night was run since. "
            f"Run this one from its beginning: bespoke run --date {run.as_of}"
        )
