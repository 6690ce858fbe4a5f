"""The night: every source brought up to its day, everyone segmented, ranked and published.

A run handles one business day of the source set's time zone. Its data interval ends on the morning
after that day, so the backfill of a past day is the same run with another interval.
"""

from __future__ import annotations

from datetime import UTC, datetime, time

from airflow.sdk import DAG, CronDataIntervalTimetable, chain

from jobs.cli.alert import alert, deadline
from jobs.cli.schedule import business_day, schedule_zone
from jobs.cli.tasks import AS_OF, stage_task, task_arguments
from jobs.cli.waiting import waiting_task
from jobs.lake.settings import settings
from jobs.stages import STAGES

airflow = settings().airflow

with DAG(
    dag_id="nightly",
    description="Sources in; profiles, segments, recommendations and the export out.",
    doc_md=__doc__,
    # Named, because a bare cron string gives a run no data interval.
    schedule=CronDataIntervalTimetable(airflow.schedule, timezone=schedule_zone()),
    start_date=datetime.combine(airflow.start_date, time(), UTC),
    catchup=False,
    # A lake has one writer, and a night builds on the one before.
    max_active_runs=1,
    default_args={**task_arguments(airflow), "on_failure_callback": alert},
    deadline=deadline(airflow),
    user_defined_macros={"business_day": business_day},
    tags=["bespoke"],
) as nightly:
    chain(waiting_task(airflow, AS_OF), *[stage_task(stage, airflow) for stage in STAGES])
