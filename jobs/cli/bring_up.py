"""``bespoke run``: a source set brought up to its last night, by the DAG, in this process."""

from __future__ import annotations

import importlib
import logging
import os
import threading
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.cli.nights import Chosen, chosen, instead, night_of
from jobs.cli.waiting import wait
from jobs.cli.world import make_world
from jobs.lake.errors import BespokeError
from jobs.lake.folders import lake_root
from jobs.lake.outage import outage
from jobs.lake.settings import Settings, claim_home, home, settings

if TYPE_CHECKING:
    from rich.console import Console


log = logging.getLogger("bespoke")

# Each takes seconds to import, which pass while the JVM works.
SLOW_IMPORTS = ("pandas", "great_expectations", "mlflow")


class RunError(BespokeError):
    """A run did not come to its end; the message says where to look."""


def bring_up(as_of: date | None = None, *, patient: bool = False) -> None:
    """Make the world if it is simulated, run the DAG for its last night, and sum up.

    Parameters
    ----------
    as_of : date, optional
        Business day; the last one of the set's files by default.
    patient : bool
        Whether to wait for feeds as a scheduled night does.

    Raises
    ------
    RunError
        A task failed, or something else did.
    """
    from jobs.cli.logs import to_file

    wanted = settings()
    claim_home(wanted.source)
    sources = chosen(wanted)
    path = home() / "logs" / f"run-{wanted.source}.log"
    path.unlink(missing_ok=True)
    with to_file(path) as console:
        try:
            _bring_up(wanted, sources, as_of, console, path, patient=patient)
        except BespokeError:
            raise
        except Exception as error:
            with suppress(OSError):
                log.exception("the run broke off")
            named = outage(error, wanted, of_models=False)
            if named is not None:
                raise named from None
            raise RunError(
                f"{type(error).__name__}: {error}\nThe whole story is in {path}"
            ) from None


def _bring_up(
    wanted: Settings,
    sources: Chosen,
    as_of: date | None,
    console: Console,
    path: Path,
    *,
    patient: bool,
) -> None:
    from jobs.cli import summary
    from jobs.cli.airflow import database_at_hand, environment, prepare, run_dag
    from jobs.cli.progress import Progress, listener

    progress = Progress(console, lambda since: summary.counts(lake_root(), since))
    console.print(f"[bold]bespoke run[/bold] · {wanted.source} · log {path}")
    with progress.stage("start") as said:
        # The JVM starts while this process imports Airflow. Where every task brings its own, one
        # here would only hold the cluster's cores.
        here = wanted.airflow.submit == "in_process"
        session = threading.Thread(target=_start_session, args=(wanted,), daemon=True)
        if here:
            session.start()
        variables = environment(wanted.airflow.port)
        with database_at_hand(variables):
            prepare(variables)
        if here:
            session.join()
        said.append("Airflow and Spark" if here else "Airflow")
    make_world(wanted, sources, progress)
    night = _night(wanted, sources, as_of, console)
    wait(night, console, patient=patient)
    at_work = threading.Event()
    if here:
        threading.Thread(target=_import_slow, args=(at_work,), daemon=True).start()
    with database_at_hand(variables):
        outcome = run_dag("nightly", night, listener(progress, at_work.set))
    if outcome.state != "success":
        raise RunError(_failure(outcome.failed, progress.errors, night, path))
    summary.show(summary.summarise(home(), night, path), console)


def _night(wanted: Settings, sources: Chosen, as_of: date | None, console: Console) -> date:
    asked = as_of or sources.last_night()
    if asked is None:
        raise RunError(f"{sources.landing}: no file names a day; name the night with --date")
    night = night_of(asked, wanted)
    if night != asked:
        console.print(f"  {instead(wanted.source, night, asked)}", markup=False)
    console.print(f"  nightly of {night}")
    return night


def _failure(failed: list[str], errors: dict[str, str], night: date, path: Path) -> str:
    name = failed[0] if failed else "the run"
    return (
        f"{name} failed for {night}: {errors.get(name, 'no error was passed on')}\n"
        f"The log is {path}; `bespoke runs --failed` lists what failed before."
    )


def _start_session(wanted: Settings) -> None:
    from jobs.lake.session import open_session

    try:
        open_session(wanted.spark)
    except Exception:
        # The first task meets the same error, where it can be told.
        log.exception("no session could be started")


def _import_slow(at_work: threading.Event) -> None:
    """Import what later stages need, once the JVM works and this process waits for it."""
    at_work.wait()
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "False")
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    for name in SLOW_IMPORTS:
        importlib.import_module(name)
