"""The checks of ``bespoke doctor``: what is wrong with this machine, and how to mend it."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from jobs.cli.databases import unreachable
from jobs.cli.java import HOW, OLDEST, java
from jobs.lake import jars
from jobs.lake.errors import BespokeError
from jobs.lake.folders import lake_root
from jobs.lake.lock import owner
from jobs.lake.outage import without_password
from jobs.lake.query import records
from jobs.lake.settings import home, settings

# A demo night peaks at about 4 GiB with Airflow, Spark and MLflow in it.
MEMORY = 4 << 30
DISK = 5 << 30


@dataclass(frozen=True)
class Finding:
    """One thing looked at.

    Attributes
    ----------
    what : str
        What was looked at.
    ok : bool
        Whether it is as it should be.
    found : str
        What was found.
    mend : str
        What to do; empty when it is well.
    """

    what: str
    ok: bool
    found: str
    mend: str = ""


def checkup() -> list[Finding]:
    """Look at everything; a check that itself breaks is a finding too."""
    return [_guarded(check) for check in CHECKS]


def wrong(found: Iterable[Finding]) -> bool:
    """Whether something is to be mended."""
    return not all(finding.ok for finding in found)


def python() -> Finding:
    """Look at the version of Python."""
    version = sys.version_info
    ok = (3, 11) <= version[:2] < (3, 13)
    mend = (
        "make the environment with Python 3.11 or 3.12: make clean && make setup PYTHON=python3.12"
    )
    return Finding("Python", ok, ".".join(map(str, version[:3])), "" if ok else mend)


def java_runtime() -> Finding:
    """Look for a Java that Spark runs on."""
    found = java()
    if found is None:
        return Finding("Java", False, "none", f"bespoke setup, or {HOW}")
    ok = found[1] >= OLDEST
    return Finding("Java", ok, f"{found[1]} ({found[0]})", "" if ok else HOW)


def memory() -> Finding:
    """Look at the memory that is free."""
    import psutil

    free = psutil.virtual_memory().available
    ok = free >= MEMORY
    mend = f"close something, or lower spark.driver_memory; {MEMORY >> 30} GiB are wanted"
    return Finding("memory", ok, f"{free / (1 << 30):.1f} GiB free", "" if ok else mend)


def disk() -> Finding:
    """Look at the room where the data is."""
    place = next(path for path in (home(), *home().parents) if path.exists())
    free = shutil.disk_usage(place).free
    ok = free >= DISK and os.access(place, os.W_OK)
    mend = f"make room, or set BESPOKE_HOME to a writable folder with {DISK >> 30} GiB"
    return Finding("disk", ok, f"{free / (1 << 30):.1f} GiB free in {place}", "" if ok else mend)


def delta_jars() -> Finding:
    """Look for the Delta jars."""
    try:
        return Finding("Delta jars", True, f"{len(jars.installed())} in {jars.folder()}")
    except jars.JarsMissingError as error:
        return Finding("Delta jars", False, str(error), "bespoke setup")


def configuration() -> Finding:
    """Look at the settings and the source that they choose."""
    from jobs.cli.nights import chosen

    sources = chosen(settings())
    if sources.simulated or sources.landing.is_dir():
        return Finding("settings", True, f"source {settings().source} in {sources.landing}")
    mend = "set BESPOKE_DATA or BESPOKE_LANDING to where the files are"
    return Finding("settings", False, f"{sources.landing} is no folder", mend)


def port() -> Finding:
    """Look whether the web page's port is free, on loopback."""
    wanted = settings().airflow.port
    with socket.socket() as probe:
        taken = probe.connect_ex(("127.0.0.1", wanted)) == 0
    mend = "set BESPOKE__AIRFLOW__PORT to another one, or stop what listens there"
    said = f"{wanted} is {'taken' if taken else 'free'}"
    return Finding("Airflow's port", not taken, said, mend if taken else "")


def keys() -> Finding:
    """Look whether the master key is there and its owner's alone."""
    from jobs.privacy.keyring import key_file, read_keyring

    path = key_file(home())
    if not path.exists():
        return Finding("keys", False, f"no {path}", "bespoke setup")
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        return Finding(
            "keys", False, f"{path} may be read by others ({mode:o})", f"chmod 600 {path}"
        )
    return Finding("keys", True, f"master key {read_keyring(path).id} in {path}")


def exports() -> Finding:
    """Look whether exports, which hold addresses in the clear, are closed to other accounts."""
    from jobs.publish.export import open_to_all
    from jobs.publish.pointer import export_folder

    folder = export_folder(home())
    found = open_to_all(folder)
    if not found:
        return Finding("exports", True, "no account but the owner's and its group's may read them")
    names = ", ".join(path.name for path in found[:3]) + (", …" if len(found) > 3 else "")
    said = f"every account of this machine may read {len(found)} of {folder}: {names}"
    return Finding("exports", False, said, f"chmod -R o-rwx {folder}")


def lock() -> Finding:
    """Look whether somebody writes the lake, or died while doing so."""
    found, held = owner(lake_root())
    if found is None:
        return Finding("lock", True, "nobody writes the lake")
    if not held:
        return Finding("lock", False, f"left by {found}", "run again: a dead owner's is taken over")
    return Finding("lock", True, f"held by {found}")


def stopped_runs() -> Finding:
    """Look for jobs whose latest run did not come to its end."""
    from jobs.lake.decisions import given_up
    from jobs.lake.store import Lake

    lake = lake_root()
    rows = records(
        "SELECT run_id, job, source, state, error FROM ops.runs WHERE NOT list_contains(?, as_of) "
        "QUALIFY row_number() OVER (PARTITION BY job, source ORDER BY started_at DESC) = 1",
        lake,
        [list(given_up(Lake(lake)))],
    )
    bad = [row for row in rows if row["state"] != "succeeded"]
    if not bad:
        return Finding("runs", True, "the latest of each job succeeded" if rows else "none yet")
    said = "; ".join(f"{r['source'] or r['job']} {r['state']}: {r['error']}" for r in bad)
    mend = "bespoke runs --failed; mend it and run the night again, or bespoke abandon it"
    return Finding("runs", False, said, mend)


def tables() -> Finding:
    """Look at every table: whether it is there, and can be read."""
    from jobs.lake.migrations import MIGRATIONS
    from jobs.lake.soundness import faults_of
    from jobs.lake.store import Lake
    from jobs.lake.tables import TABLES

    said = faults_of(Lake(lake_root()), TABLES, MIGRATIONS)
    if said:
        return Finding("tables", False, "; ".join(said), "restore what it names, then run again")
    return Finding("tables", True, "all can be read")


def clock() -> Finding:
    """Look whether the machine's clock is behind what has been written."""
    from jobs.lake.opening import clock_behind
    from jobs.lake.store import Lake

    now = datetime.now(UTC)
    said = clock_behind(Lake(lake_root()), now)
    mend = "set the clock (timedatectl), or wait until it has caught up"
    return Finding(
        "clock", said is None, said or f"{now:%Y-%m-%d %H:%M:%S} UTC", mend if said else ""
    )


def nights() -> Finding:
    """Look for nights that stand on an earlier one which was done again since."""
    from jobs.lake.history import outdated, successes
    from jobs.lake.store import Lake
    from jobs.lake.tables.ops import RUNS

    lake = Lake(lake_root())
    found = outdated(successes(lake)) if lake.exists(RUNS) else []
    if not found:
        return Finding("nights", True, "none stands on one that was done again since")
    said = f"{len(found)} stand on an earlier one that was done again since, from {found[0]} on"
    mend = f"bespoke run --date {found[0]}, which does the later ones again too"
    return Finding("nights", False, said, mend)


def feeds() -> Finding:
    """Look for feeds whose files of the last night have not come yet."""
    from jobs.cli.waiting import owed

    query = "SELECT max(as_of) AS night FROM ops.runs WHERE job = 'ingest'"
    last = next((row["night"] for row in records(query, lake_root())), None)
    late = owed(last) if last else []
    if not late:
        return Finding("feeds", True, "none that is to come is late")
    mend = (
        "ask the feed's owner (bespoke sources); when it has come, run the night again if it was "
        "stopped, else the next one reads it"
    )
    return Finding("feeds", False, "; ".join(map(str, late)), mend)


def models_database() -> Finding:
    """Look whether MLflow can be reached."""
    uri = settings().models.tracking_uri or f"sqlite:///{home() / 'mlflow.db'}"
    return _reached("MLflow", uri, "start it, or mend models.tracking_uri")


def airflow_database() -> Finding:
    """Look whether Airflow's database can be reached."""
    from jobs.cli.airflow import DATABASE, environment

    uri = environment(settings().airflow.port)[DATABASE]
    return _reached("Airflow's database", uri, "start it, or mend airflow.database")


def _reached(what: str, uri: str, mend: str) -> Finding:
    why = unreachable(uri)
    place = without_password(uri)
    if why is None:
        return Finding(what, True, place)
    return Finding(what, False, f"{place} cannot be reached: {why}", mend)


CHECKS: tuple[Callable[[], Finding], ...] = (
    python,
    java_runtime,
    memory,
    disk,
    delta_jars,
    configuration,
    port,
    keys,
    exports,
    models_database,
    airflow_database,
    lock,
    tables,
    clock,
    nights,
    feeds,
    stopped_runs,
)


def _guarded(check: Callable[[], Finding]) -> Finding:
    name = check.__name__.replace("_", " ")
    try:
        return check()
    except BespokeError as error:
        return Finding(name, False, str(error), "mend what it names")
    except Exception as error:
        return Finding(name, False, f"{type(error).__name__}: {error}", "mend what it names")
