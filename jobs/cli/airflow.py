"""Airflow on this machine: its environment, its database, and the DAG run in this process.

Airflow reads its configuration when it is first imported, so everything here is set by
environment variables, and Airflow itself is imported inside functions.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jobs.cli.nights import day_after
from jobs.cli.schedule import business_day, schedule_zone, set_zone
from jobs.lake.days import day_end
from jobs.lake.errors import BespokeError
from jobs.lake.outage import outage, without_password
from jobs.lake.settings import conf_folder, home, settings

if TYPE_CHECKING:
    from airflow.sdk import DAG

    from jobs.lake.settings import Settings

LOOPBACK = "127.0.0.1"
DATABASE = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"


class AirflowError(BespokeError):
    """Airflow cannot do what was asked; the message says what to do."""


@dataclass(frozen=True)
class Outcome:
    """How a run of the DAG ended.

    Attributes
    ----------
    state : str
        Airflow's state of the run: success or failed.
    failed : list of str
        Tasks that failed, in order.
    """

    state: str
    failed: list[str] = field(default_factory=list)


def dags_folder() -> Path:
    """Folder of the DAG files."""
    return Path(__file__).resolve().parents[2] / "dags"


def environment(port: int) -> dict[str, str]:
    """Return the variables that make Airflow one of this home: small, quiet, on loopback.

    Parameters
    ----------
    port : int
        Of its web page.

    Returns
    -------
    dict of str to str
        ``AIRFLOW_HOME`` and ``AIRFLOW__SECTION__KEY``. What the user has set stays as it is, but
        for the home: this Airflow's files are to be with the lake's.
    """
    folder, wanted = home() / "airflow", settings()
    own = {
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags_folder()),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        # Left alone it starts 32 processes for a DAG that runs one task at a time.
        "AIRFLOW__CORE__PARALLELISM": "2",
        # Dates at its command, as those of a backfill, are the schedule's.
        "AIRFLOW__CORE__DEFAULT_TIMEZONE": schedule_zone(),
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "True",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://{LOOPBACK}:{port}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(password_file()),
        DATABASE: wanted.airflow.database or f"sqlite:///{folder / 'airflow.db'}",
        "AIRFLOW__API__HOST": LOOPBACK,
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__BASE_URL": f"http://{LOOPBACK}:{port}",
        "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "1",
        # A task that is answered later than this, as on a busy machine, has lost a try.
        "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60",
        # They say at this level what they import and which sockets they close.
        "AIRFLOW__LOGGING__NAMESPACE_LEVELS": "great_expectations=WARNING, py4j=WARNING",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "SCARF_ANALYTICS": "false",
        # For the processes that Airflow starts: they find the same home, settings and code.
        "BESPOKE_HOME": str(home()),
        "BESPOKE_CONF": str(conf_folder().absolute()),
        "PYTHONPATH": _with(str(dags_folder().parent), os.environ.get("PYTHONPATH")),
    }
    if wanted.airflow.submit == "spark_submit":
        own |= _cluster(wanted)
    if wanted.metrics.statsd_host is not None:
        own |= {
            "AIRFLOW__METRICS__STATSD_ON": "True",
            "AIRFLOW__METRICS__STATSD_HOST": wanted.metrics.statsd_host,
            "AIRFLOW__METRICS__STATSD_PORT": str(wanted.metrics.statsd_port),
        }
    kept = {name: os.environ.get(name) or value for name, value in own.items()}
    return kept | {"AIRFLOW_HOME": str(folder), "PYTHONPATH": own["PYTHONPATH"]}


def _cluster(wanted: Settings) -> dict[str, str]:
    """Return the variable that is Airflow's connection to the cluster of the settings."""
    connection = {
        "conn_type": "spark",
        "host": wanted.spark.master,
        # The driver is where the home is, and the tables' lock.
        "extra": {"deploy-mode": "client", "spark-binary": "spark-submit"},
    }
    return {f"AIRFLOW_CONN_{wanted.airflow.spark_conn_id.upper()}": json.dumps(connection)}


def password_file() -> Path:
    """Where Airflow keeps the password of its web page."""
    return home() / "airflow" / "passwords.json"


def prepare(variables: Mapping[str, str]) -> None:
    """Set Airflow up in this process: environment, import, and its database when it is missing.

    The first time takes some ten seconds more, for making the tables.
    """
    Path(variables["AIRFLOW_HOME"]).mkdir(parents=True, exist_ok=True, mode=0o700)
    os.environ.update(variables)
    # Imported whatever the database's state: this is what takes long in a run.
    from airflow.utils import db

    if is_prepared(variables):
        return
    # Makes the tables of an empty database from the models, upgrades one of another version.
    db.initdb()
    _mark(variables).write_text(_database_state(variables))


@contextmanager
def database_at_hand(variables: Mapping[str, str]) -> Iterator[None]:
    """Say in the place of a driver's error that Airflow's database cannot be reached.

    Raises
    ------
    AirflowError
        It cannot.
    """
    try:
        yield
    except Exception as error:
        from sqlalchemy.exc import OperationalError

        driver = isinstance(error, ModuleNotFoundError) and error.name == "psycopg2"
        if not driver and not isinstance(error, OperationalError):
            raise
        if outage(error, settings(), of_models=False) is not None:
            raise
        place = without_password(variables[DATABASE])
        raise AirflowError(
            f"Airflow's database cannot be reached at {place}: {str(error).partition(chr(10))[0]}. "
            f"Start it, or mend airflow.database (or {DATABASE}); PostgreSQL wants the extra "
            "`cluster`. What the night has written so far stays, and nothing is published of it; "
            "then run it again"
        ) from error


def is_prepared(variables: Mapping[str, str]) -> bool:
    """Whether the database has been made, by this version of Airflow."""
    mark = _mark(variables)
    return mark.exists() and mark.read_text() == _database_state(variables)


def run_dag(dag_id: str, as_of: date, listener: Any) -> Outcome:
    """Run the DAG for one business day in this process, task after task.

    Parameters
    ----------
    dag_id : str
        Also the name of its file, and of the DAG in it.
    as_of : date
        Business day.
    listener : module or object
        Told of every task by Airflow's listener hooks.
    """
    import importlib

    from airflow.sdk.listener import get_listener_manager

    dag: DAG = getattr(importlib.import_module(f"dags.{dag_id}"), dag_id)
    get_listener_manager().add_listener(listener)  # type: ignore[no-untyped-call]
    # A scheduler's to watch; a run in this process that has one cannot come to its end (3.3.2).
    dag.deadline = None
    run = dag.test(logical_date=logical_date(dag.timetable, as_of))
    order = list(dag.task_dict)
    states = {ti.task_id: str(ti.state) for ti in run.get_task_instances()}
    failed = [task for task in order if states.get(task) == "failed"]
    return Outcome(str(run.state), failed)


def logical_date(timetable: Any, as_of: date) -> datetime:
    """Return a logical date whose data interval ends between a business day's end and the next's.

    It is a second after the interval's end, so that it is never the logical date of a scheduled
    run, which Airflow names by the interval's start.

    Raises
    ------
    AirflowError
        The schedule has no interval that ends in between.
    """
    from airflow.serialization.encoders import coerce_to_core_timetable
    from pendulum import instance

    # The last run before the next day ends as well is the one that follows this day.
    last = instance(day_end(day_after(as_of), set_zone()) - timedelta(seconds=1))
    core = coerce_to_core_timetable(timetable)
    end: datetime = core.infer_manual_data_interval(run_after=last).end
    if business_day(end) != as_of:
        raise AirflowError(
            f"airflow.schedule has no run on {day_after(as_of)}, so the night of {as_of} is none "
            "of its: choose another date, or a schedule that runs on that day"
        )
    return end + timedelta(seconds=1)


def _mark(variables: Mapping[str, str]) -> Path:
    return Path(variables["AIRFLOW_HOME"]) / "database"


def _database_state(variables: Mapping[str, str]) -> str:
    place = variables[DATABASE]
    # Hashed: the address of a database may hold its password.
    return f"{version('apache-airflow-core')} {hashlib.sha256(place.encode()).hexdigest()[:16]}"


def _with(folder: str, path: str | None) -> str:
    return os.pathsep.join([folder, *([path] if path else [])])
