"""A local Airflow with its web page: three processes, on loopback, stopped together."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import NoReturn

from jobs.cli.airflow import (
    LOOPBACK,
    AirflowError,
    environment,
    is_prepared,
    password_file,
    prepare,
)
from jobs.cli.logs import terminal, to_file
from jobs.cli.nights import chosen
from jobs.cli.world import ensure_world
from jobs.lake.settings import home, settings

COMPONENTS = {
    "api-server": ["api-server"],
    # Its log server listens on all addresses and serves tasks of other machines: there are none.
    "scheduler": ["scheduler", "--skip-serve-logs"],
    "dag-processor": ["dag-processor"],
}
# No triggerer: no task defers.

START_SECONDS = 240
STOP_SECONDS = 20


def serve(port: int | None = None) -> None:
    """Start Airflow, say where it is, and wait until it is stopped by Ctrl-C or SIGTERM.

    Raises
    ------
    AirflowError
        The port is taken, or a process of it ended.
    """
    wanted = settings().airflow.port if port is None else port
    with socket.socket() as probe:
        if probe.connect_ex((LOOPBACK, wanted)) == 0:
            raise AirflowError(
                f"port {wanted} is taken: stop what listens there, or name another: --port 8090"
            )
    console = terminal()
    ensure_world(console)
    if ended := chosen(settings()).ended_on():
        console.print(
            f"Set {settings().source} ends on {ended}: every later night repeats that one"
        )
    console.print("Starting Airflow …")
    variables = _ready(wanted)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    with _started(variables) as running:
        try:
            _wait_until_healthy(wanted, running)
            console.print(_where(wanted), markup=False)
            while True:
                _raise_if_ended(running)
                time.sleep(1)
        except KeyboardInterrupt:
            console.print("\nStopping …")


def pass_on(arguments: Sequence[str]) -> NoReturn:
    """Become Airflow's own command, on this home."""
    variables = _ready(settings().airflow.port)
    command = [sys.executable, "-m", "airflow", *arguments]
    if list(arguments[:2]) == ["backfill", "create"] and "--max-active-runs" not in arguments:
        # A backfill has a limit of its own, 10, and nights are to follow one another.
        command += ["--max-active-runs", "1"]
    if list(arguments[:2]) == ["dags", "test"]:
        # As in `run_dag`: a run in its own process that has a deadline does not come to its end.
        variables |= {"BESPOKE__AIRFLOW__DEADLINE_MINUTES": "null"}
    os.execve(sys.executable, command, os.environ | variables)  # noqa: S606 - no shell is wanted


def _ready(port: int) -> dict[str, str]:
    """Return the environment of Airflow's processes, its database and its keys being there."""
    variables = environment(port)
    if not is_prepared(variables):
        with to_file(home() / "logs" / "airflow.log"):
            prepare(variables)
    keys = _secrets(Path(variables["AIRFLOW_HOME"]) / "secrets.json")
    _make_password(password_file())
    return variables | {name: os.environ.get(name) or key for name, key in keys.items()}


def _where(port: int) -> str:
    return (
        f"Airflow is on http://{LOOPBACK}:{port}: log in as admin with the password in "
        f"{password_file()}\n"
        "The DAG `nightly` is paused: switch it on there, or: "
        "bespoke airflow dags unpause nightly\n"
        "Run a night there (its logical date is on the day after), or: "
        "bespoke airflow dags trigger nightly "
        f"--logical-date {datetime.now(UTC):%Y-%m-%d}T03:00:00Z\n"
        "Ctrl-C stops everything."
    )


@contextmanager
def _started(variables: Mapping[str, str]) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """Run the components, each in a session of its own: Ctrl-C is then ours alone to pass on."""
    running: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name, arguments in COMPONENTS.items():
            with _log(name).open("wb") as log:
                running[name] = subprocess.Popen(
                    [sys.executable, "-m", "airflow", *arguments],
                    env=os.environ | dict(variables),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
        yield running
    finally:
        _stop(running)


def _stop(running: Mapping[str, subprocess.Popen[bytes]]) -> None:
    """Ask each component to end; what is left after a while is killed, its tasks' JVMs too."""
    import psutil

    # Named now: a task has a session of its own, and an orphan is nobody's descendant any more.
    family = psutil.Process().children(recursive=True)
    for process in running.values():
        process.terminate()
    psutil.wait_procs(family, timeout=STOP_SECONDS)
    left = {*family, *psutil.Process().children(recursive=True)}
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(list(left), timeout=STOP_SECONDS)


def _wait_until_healthy(port: int, running: Mapping[str, subprocess.Popen[bytes]]) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        _raise_if_ended(running)
        if _healthy(port):
            return
        time.sleep(1)
    raise AirflowError(f"Airflow is not up after {START_SECONDS} s: look at {_log('api-server')}")


def _healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(
            f"http://{LOOPBACK}:{port}/api/v2/monitor/health", timeout=5
        ) as answer:
            states = json.load(answer)
    except (OSError, ValueError):
        return False
    parts = ("metadatabase", "scheduler", "dag_processor")
    return all((states.get(part) or {}).get("status") == "healthy" for part in parts)


def _raise_if_ended(running: Mapping[str, subprocess.Popen[bytes]]) -> None:
    for name, process in running.items():
        if process.poll() is not None:
            raise AirflowError(
                f"Airflow's {name} ended with exit code {process.returncode}: look at {_log(name)}"
            )


def _log(name: str) -> Path:
    path = home() / "logs" / f"airflow-{name}.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _secrets(path: Path) -> dict[str, str]:
    """Return the keys that Airflow's processes share, made once; only the owner may read them."""
    if not path.exists():
        from cryptography.fernet import Fernet

        made = {
            "AIRFLOW__CORE__FERNET_KEY": Fernet.generate_key().decode(),
            "AIRFLOW__API__SECRET_KEY": secrets.token_urlsafe(32),
            "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_urlsafe(32),
        }
        _write_private(path, json.dumps(made))
    found: dict[str, str] = json.loads(path.read_text())
    return found


def _make_password(path: Path) -> None:
    """Make the web page's password ourselves: Airflow would print it into a log."""
    if not path.exists():
        _write_private(path, json.dumps({"admin": secrets.token_urlsafe(12)}))


def _write_private(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
