"""Alert: says which task of which night failed, or which night is late, and where to look."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from jobs.lake.notice import notice, post

if TYPE_CHECKING:
    from airflow.sdk.definitions.deadline import DeadlineAlert

    from jobs.lake.settings import AirflowSettings

log = logging.getLogger("bespoke")

_LONGEST = 1000


def alert(context: Mapping[str, Any]) -> None:
    """Log a failed task, and post it to ``airflow.alert_webhook`` where one is set.

    Parameters
    ----------
    context : mapping
        Airflow's context of the task that failed for good.
    """
    from jobs.lake.settings import settings

    said = describe(context)
    log.error("%s", said["text"])
    address = settings().airflow.alert_webhook
    if address:
        post(address, said)


def late(context: Mapping[str, Any]) -> None:
    """Log and post that a run has not ended in time: what the DAG's deadline calls.

    Parameters
    ----------
    context : mapping
        Airflow's: ``dag_run`` and ``deadline``, as its API would return them.
    """
    from jobs.lake.settings import settings

    run, due = context["dag_run"], context["deadline"]["deadline_time"]
    if run["run_type"] == "backfill":
        # Runs of a backfill are queued at one time and run one by one: nobody waits for them.
        log.info("%s is not done at %s", run["dag_run_id"], due)
        return
    said = {
        "text": f"{run['dag_id']}: {run['dag_run_id']} was to end by {due} and has not. Look at "
        "`bespoke runs`, and at its tasks on Airflow's page",
        "dag": run["dag_id"],
        "run": run["dag_run_id"],
        "due": str(due),
    }
    notice(said, settings().airflow.alert_webhook)


def deadline(wanted: AirflowSettings) -> DeadlineAlert | None:
    """Return a DAG's deadline, counted from when a run was queued; None where nobody is told."""
    from airflow.sdk.definitions.callback import SyncCallback
    from airflow.sdk.definitions.deadline import DeadlineAlert

    from jobs.cli.plugin import RunMade, is_loaded

    if wanted.deadline_minutes is None or wanted.alert_webhook is None:
        return None
    if not is_loaded():
        log.warning("no deadline: Airflow has not loaded Bespoke's plugin; install the package")
        return None
    return DeadlineAlert(
        reference=RunMade(),
        interval=timedelta(minutes=wanted.deadline_minutes),
        callback=SyncCallback(late),
    )


def describe(context: Mapping[str, Any]) -> dict[str, str]:
    """Return what an alert says, in words (``text``) and in parts."""
    from jobs.cli.schedule import business_day

    task = context["ti"]
    end = context.get("data_interval_end") or context["dag_run"].run_after
    day = business_day(end).isoformat()
    error = str(context.get("exception") or "no error was passed on")[:_LONGEST]
    where = str(getattr(task, "log_url", "") or "")
    text = (
        f"{task.dag_id}: {task.task_id} failed for {day} (try {task.try_number}): {error}\n"
        f"Look at `bespoke runs --failed` and at the task's log {where}".rstrip()
    )
    return {
        "text": text,
        "dag": task.dag_id,
        "task": task.task_id,
        "run": task.run_id,
        "date": day,
        "error": error,
        "log": where,
    }
