"""Alert: says which task of which night failed, why, and where to look."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from jobs.lake.notice import post

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
