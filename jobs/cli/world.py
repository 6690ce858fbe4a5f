"""The simulated world: its files, made before the first night that reads them."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

from rich.console import Console

from jobs.cli.logs import to_file
from jobs.cli.nights import Chosen, chosen
from jobs.cli.progress import Progress
from jobs.lake.errors import BespokeError
from jobs.lake.folders import lake_root
from jobs.lake.query import stored_tables
from jobs.lake.settings import Settings, claim_home, home, settings

log = logging.getLogger("bespoke")


class NotSimulatedError(BespokeError):
    """The set's files come from elsewhere."""


class AnotherWorldError(BespokeError):
    """The lake holds the people of a world that was made by other settings."""


def simulate() -> None:
    """Make the world of the set that the settings name; one that is there stays.

    Raises
    ------
    NotSimulatedError
        The set is not one whose files the simulator makes.
    """
    wanted = settings()
    sources = chosen(wanted)
    if not sources.simulated:
        raise NotSimulatedError(
            f"the files of {wanted.source} are not simulated: they are read from {sources.landing}"
        )
    claim_home(wanted.source)
    with to_file(_log()) as console:
        make_world(wanted, sources, Progress(console, lambda _: ""))
        console.print(f"Its files are in {sources.landing}, its truth in {sources.truth}")


def make_world(wanted: Settings, sources: Chosen, progress: Progress) -> None:
    """Make the set's files if they are simulated; does nothing where that world is there."""
    if not sources.simulated:
        return
    from jobs.simulate.landing import held_digest, is_done

    held = held_digest(sources.landing)
    other = held not in (None, wanted.simulate.digest())
    if other and "ops.files" in stored_tables(lake_root()):
        raise AnotherWorldError(
            f"{sources.landing} holds the files of another world, and the lake has read them: its "
            "people and those of this one would be taken for each other. Name another folder in "
            "BESPOKE_HOME, or set simulate.* as it was"
        )
    with progress.stage("world") as said:
        if not is_done(sources.landing, sources.truth, wanted.simulate):
            _make(wanted, sources)
        said.append(f"{wanted.simulate.people:,} people over {wanted.simulate.days} days")


def _make(wanted: Settings, sources: Chosen) -> None:
    from jobs.lake.session import open_session
    from jobs.simulate.world import simulate

    here = wanted.airflow.submit == "in_process"
    # The demo's files are made on this machine, whatever the nights run on: a world in which each
    # table is a few rows takes a cluster far longer.
    machine = wanted.spark if here else wanted.spark.model_copy(update={"master": "local[*]"})
    spark = open_session(machine)
    simulate(spark, wanted.simulate, sources.landing, sources.truth)
    if not here:
        spark.stop()


def ensure_world(console: Console) -> None:
    """Make the set's files, if they are simulated and missing, in a process that then ends.

    Raises
    ------
    BespokeError
        They could not be made.
    """
    wanted = settings()
    sources = chosen(wanted)
    if not sources.simulated:
        return
    from jobs.simulate.landing import is_done

    if is_done(sources.landing, sources.truth, wanted.simulate):
        return
    console.print("Making the demo's world first: a minute …")
    # A JVM of ours would hold its memory for as long as this process lives.
    done = subprocess.run([sys.executable, "-m", "jobs.cli.main", "simulate"], check=False)
    if done.returncode:
        raise BespokeError(f"the demo's world could not be made: look at {_log()}")


def _log() -> Path:
    return home() / "logs" / "simulate.log"
