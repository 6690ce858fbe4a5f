"""Stages that go through spark-submit; imported only where the settings ask for it.

Airflow's Spark provider brings ``pyspark-client`` into PySpark's own folder, so it is no part of
the default environment.
"""

from __future__ import annotations

import os
import re
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jobs.cli.submit import HOPELESS
from jobs.lake import scratch
from jobs.lake.folders import lake_root
from jobs.lake.session import conf, prepare_environment
from jobs.lake.settings import AirflowSettings, settings
from jobs.lake.store import Lake
from jobs.lake.tables.ops import RUNS
from jobs.stages import Stage

try:
    from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator
except ImportError as error:
    raise ImportError(
        "airflow.submit is spark_submit, which needs Airflow's Spark provider: install the extra "
        "`cluster` (docs/engineer.md), or set airflow.submit to in_process"
    ) from error
from airflow.sdk.exceptions import AirflowException, AirflowFailException

if TYPE_CHECKING:
    from airflow.sdk import Asset, BaseOperator

APPLICATION = Path(__file__).with_name("submit.py")


class SubmittedStage(SparkSubmitOperator):  # type: ignore[misc]
    """A stage on a cluster; what running again does not mend is not tried again.

    The exit code says which that is. Where Spark gives one of its own in its place, the record in
    ``ops.runs`` still tells what the data stopped.
    """

    def execute(self, context: Any) -> None:
        """Submit and wait.

        Raises
        ------
        AirflowFailException
            The data stops the night, or a setting, a contract or the code is wrong.
        AirflowException
            spark-submit ended otherwise; its last lines are shown.
        """
        # The JVM is started by spark-submit, before the session could say what it needs.
        spark = settings().spark
        self.conf = conf(spark, scratch.folder())
        prepare_environment(spark)
        # `spark-submit` is the one beside this Python, whether or not its environment is active.
        own = str(Path(sys.executable).parent)
        os.environ["PATH"] = os.pathsep.join([own, os.environ.get("PATH", "")])
        try:
            super().execute(context)
        except AirflowException as error:
            why = stopped_by(context["ti"].start_date)
            if why is None and exit_code(str(error)) != HOPELESS:
                raise AirflowException(brief(str(error))) from None
            raise AirflowFailException(why or brief(str(error))) from None


def brief(said: str) -> str:
    """Return an error of spark-submit without its command, which is a screen of settings."""
    _, code, rest = said.partition("Error code is: ")
    return f"spark-submit ended with code {rest}" if code else said


def exit_code(said: str) -> int | None:
    """Return the exit code that an error of spark-submit names; None where it names none."""
    found = re.search(r"Error code is: (\d+)", said)
    return int(found[1]) if found else None


def stopped_by(since: datetime) -> str | None:
    """Return the latest data error recorded since a time; None when there is none."""
    rows = Lake(lake_root()).rows(
        RUNS, [("state", "=", "stopped"), ("started_at", ">", since)], ["error"]
    )
    errors = rows.column("error").to_pylist()
    return errors[-1] if errors else None


def submitted_task(
    stage: Stage, airflow: AirflowSettings, as_of: str, outlets: list[Asset]
) -> BaseOperator:
    """Return the task of a stage that spark-submit runs."""
    from jobs.cli.tasks import leave_to_the_last

    task: BaseOperator = SubmittedStage(
        task_id=stage.name,
        doc_md=stage.description,
        conn_id=airflow.spark_conn_id,
        application=str(APPLICATION),
        application_args=[stage.name, as_of],
        name=f"bespoke-{stage.name}",
        outlets=outlets,
        pre_execute=leave_to_the_last if stage.for_all else None,
    )
    return task
