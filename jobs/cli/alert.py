"""Alert: says which task of which night failed, why, and where to look."""

from __future__ import annotations

import json
import logging
import urllib.request
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

log = logging.getLogger("bespoke")

_LONGEST = 1000
_SECONDS = 10


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
    task = context["ti"]
    end = context.get("data_interval_end") or context["dag_run"].run_after
    day = (end - timedelta(days=1)).date().isoformat()
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


def post(address: str, said: Mapping[str, str]) -> bool:
    """Post an alert as JSON; a webhook that does not answer is logged and fails nothing."""
    if urlsplit(address).scheme not in ("http", "https"):
        log.error("airflow.alert_webhook is neither http nor https: nobody was told")
        return False
    request = urllib.request.Request(  # noqa: S310 - the scheme was checked above
        address,
        data=json.dumps(dict(said)).encode(),
        headers={"Content-Type": "application/json"},
        method="POST",
    )
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS):  # noqa: S310 - as above
            return True
    except OSError as error:
        # Not the address: a webhook's path is often its secret.
        log.error("airflow.alert_webhook could not be told: %s", error)
        return False
