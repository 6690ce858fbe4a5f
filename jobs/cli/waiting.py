"""Waiting for feeds: what a night waits for before it begins, without lock, session or worker."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from jobs.cli.nights import night_of
from jobs.lake.folders import lake_root
from jobs.lake.settings import AirflowSettings, conf_folder, settings

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator
    from rich.console import Console

    from jobs.ingest.awaited import Awaited

log = logging.getLogger("bespoke")

# The enumeration of Airflow's task SDK writes itself as DagRunType.SCHEDULED.
RUN_TYPE = "{{ dag_run.run_type.value | default(dag_run.run_type, true) }}"
"""Template of the run's type, as ``scheduled``."""

LONGEST = timedelta(days=2)
"""A time of the day comes within one, wherever the feed's zone lies."""

TASK = "await_feeds"
WAITING = ["scheduled", "queued", "running", "up_for_reschedule", "up_for_retry"]
"""States in which that task of a run has not let the run begin yet."""


def waiting_task(settings: AirflowSettings, as_of: str) -> BaseOperator:
    """Return the task that a night begins with, inside the DAG that is being declared.

    Between two looks it holds no worker: it is put back and scheduled again.
    """
    from airflow.providers.standard.sensors.python import PythonSensor

    return PythonSensor(
        task_id=TASK,
        doc_md="Waits for other nights at work, and for feeds as long as the catalogue says.",
        python_callable=may_begin,
        op_kwargs={"wanted": as_of, "run_type": RUN_TYPE},
        mode="reschedule",
        poke_interval=settings.poke_seconds,
        timeout=LONGEST.total_seconds(),
    )


def may_begin(wanted: str, run_type: str, ti: Any = None) -> bool:
    """Whether a night may begin: no other one is at work, and it waits for no feed.

    Only a run that the schedule began waits for feeds. One that a person began is wanted now, and
    to a backfill of past nights nothing comes any more. A backfill's runs and those of the
    schedule, which Airflow counts apart, wait for each other: the lake has one writer, and by
    meeting its lock a night would use up its retries.

    Parameters
    ----------
    wanted : str
        Business day, ISO 8601.
    run_type : str
        Airflow's type of the run, as ``scheduled``.
    ti : RuntimeTaskInstance, optional
        This task, which a scheduler has started.
    """
    if ti is not None and run_type in ("scheduled", "backfill") and (others := at_work(ti)):
        log.info("waiting for %d other run(s) of %s", others, ti.dag_id)
        return False
    if run_type != "scheduled":
        return True
    found = awaited_feeds(date.fromisoformat(wanted))
    for feed in found:
        log.info("waiting for %s", feed)
    return not found


def at_work(ti: Any) -> int:
    """Count the runs of a task's DAG that have begun: they run, and wait no more."""
    running: int = ti.get_dr_count(dag_id=ti.dag_id, states=["running"])
    waiting: int = ti.get_ti_count(dag_id=ti.dag_id, task_ids=[TASK], states=WAITING)
    return max(running - waiting, 0)


def awaited_feeds(wanted: date) -> list[Awaited]:
    """Return the feeds that a night waits for at present."""
    now = datetime.now(UTC)
    return [feed for feed in owed(wanted) if feed.waits(now)]


def owed(wanted: date) -> list[Awaited]:
    """Return the feeds whose files of a night have not come, by their policies."""
    from jobs.ingest.awaited import awaited
    from jobs.ingest.catalogue import source_set
    from jobs.ingest.feeds import nights
    from jobs.lake.run import Run
    from jobs.lake.store import Lake

    own = settings()
    sources = source_set(conf_folder() / "sources", own.source)
    run = Run(own, Lake(lake_root()), night_of(wanted, own))
    return [feed for night in nights(run, sources) if (feed := awaited(night)) is not None]


def wait(
    as_of: date, console: Console, *, patient: bool, sleep: Callable[[float], object] = time.sleep
) -> None:
    """Wait for feeds before a night that a person runs, or say that it does not.

    Parameters
    ----------
    as_of : date
        Business day.
    console : Console
        Where it is said.
    patient : bool
        Whether to wait.
    sleep : callable
        Waits so many seconds.
    """
    found = awaited_feeds(as_of)
    for feed in found:
        does = "waiting" if patient else "not waiting (--wait does)"
        console.print(f"  {does}: {feed}", markup=False)
    while patient and found:
        sleep(settings().airflow.poke_seconds)
        found = awaited_feeds(as_of)
