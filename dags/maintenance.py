"""Maintenance: small files joined, old versions, rows, exports and logs removed.

It has a day and an hour of its own, holds the lake for one table at a time, and gives way to a
night that is at work or waits: then its task is tried again later.
"""

from __future__ import annotations

from datetime import UTC, datetime, time

from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG, CronDataIntervalTimetable

from jobs.cli.alert import alert
from jobs.cli.maintenance import run_in_task
from jobs.cli.schedule import schedule_zone
from jobs.cli.tasks import task_arguments
from jobs.lake.settings import settings

airflow, wanted = settings().airflow, settings().maintenance

with DAG(
    dag_id="maintenance",
    description="Compaction, clustering, retention and VACUUM of the tables; old exports and logs.",
    doc_md=__doc__,
    schedule=CronDataIntervalTimetable(wanted.schedule, timezone=schedule_zone()),
    start_date=datetime.combine(airflow.start_date, time(), UTC),
    catchup=False,
    max_active_runs=1,
    # More retries than a night's tasks have: it waits for a whole night.
    default_args={
        **task_arguments(airflow),
        "retries": wanted.retries,
        "on_failure_callback": alert,
    },
    tags=["bespoke"],
) as maintenance:
    PythonOperator(task_id="maintain", python_callable=run_in_task, doc_md=run_in_task.__doc__)
