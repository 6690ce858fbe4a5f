"""Stages as Airflow tasks: what a task runs, which table it makes, which failure it tries again."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from jobs.lake.errors import BespokeError, TransientError
from jobs.stages import Stage

if TYPE_CHECKING:
    from airflow.sdk import Asset, BaseOperator, Context

    from jobs.lake.settings import AirflowSettings

# A run triggered without a logical date has no interval: it is the night before it was asked for.
AS_OF = "{{ business_day(data_interval_end | default(dag_run.run_after, true)) }}"
"""Template of the business day: the last of the source set that ended before the interval did."""

LONGEST_DELAY = timedelta(minutes=30)


def task_arguments(settings: AirflowSettings) -> dict[str, Any]:
    """Return what every task is given: how a failure is tried again, and what goes first."""
    return {
        "retries": settings.retries,
        "retry_delay": timedelta(seconds=settings.retry_delay_seconds),
        "retry_exponential_backoff": 2.0,
        "max_retry_delay": LONGEST_DELAY,
        # Later stages first: a night that has begun is finished before a backfill's next begins.
        "weight_rule": "upstream",
    }


def stage_task(stage: Stage, settings: AirflowSettings) -> BaseOperator:
    """Return the task of a stage, inside the DAG that is being declared.

    Raises
    ------
    ImportError
        The stage is to go through spark-submit and Airflow's provider for it is not installed.
    """
    if settings.submit == "spark_submit":
        from jobs.cli.submitted import submitted_task

        return submitted_task(stage, settings, AS_OF, assets(stage))
    from airflow.providers.standard.operators.python import PythonOperator

    return PythonOperator(
        task_id=stage.name,
        doc_md=stage.description,
        python_callable=run_in_process,
        op_kwargs={"stage": stage.name, "wanted": AS_OF},
        outlets=assets(stage),
        pre_execute=leave_to_the_last if stage.for_all else None,
    )


def leave_to_the_last(context: Context) -> None:
    """Skip a task while other runs of its DAG wait, as those of a backfill do.

    Raises
    ------
    AirflowSkipException
        There are others; the last of them does what is to be done.
    """
    from airflow.sdk.exceptions import AirflowSkipException

    task = context["ti"]
    others = task.get_dr_count(dag_id=task.dag_id, states=["queued", "running"]) - 1
    if others > 0:
        raise AirflowSkipException(f"left to the last of {others} other runs that wait")


def assets(stage: Stage) -> list[Asset]:
    """Return the tables that a stage writes, as Airflow's assets."""
    from airflow.sdk import Asset

    return [
        Asset(name=table, uri=f"bespoke://lake/{table.replace('.', '/')}") for table in stage.writes
    ]


def run_in_process(stage: str, wanted: str) -> None:
    """Run a stage in the task's own process.

    Parameters
    ----------
    stage : str
        Its name.
    wanted : str
        Business day, ISO 8601.

    Raises
    ------
    AirflowFailException
        Running again would change nothing: the task fails at once, whatever its retries.
    """
    from airflow.sdk.exceptions import AirflowFailException

    from jobs.cli.nights import night_of
    from jobs.lake.settings import settings
    from jobs.stages import run_stage

    try:
        run_stage(stage, night_of(date.fromisoformat(wanted), settings()))
    except Exception as error:
        if retry_helps(error):
            raise
        raise AirflowFailException(str(error)) from error


def retry_helps(error: BaseException) -> bool:
    """Whether the same stage may come through when it is run again.

    It may after a lock, a full disk, a wrong clock, a lost connection or a JVM that died. It does
    not where data, a setting, a contract or the code is wrong.
    """
    wrong = (TypeError, AttributeError, NameError, ImportError, LookupError, ValueError)
    if isinstance(error, TransientError):
        return True
    if isinstance(error, (BespokeError, *wrong)):
        return False
    # By name: PySpark is not imported to look at an error that came from elsewhere.
    return not any(c.__name__ in ("AnalysisException", "ParseException") for c in type(error).mro())
