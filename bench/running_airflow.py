"""A running Airflow of a small shop: triggered over its API, broken twice, alerted and recovered.

Usage: ``python bench/running_airflow.py --out bench/running_airflow.json``

Scheduler, API server, DAG processor and triggerer are started on loopback, with a webhook beside
them. The night's JVM is killed once, and its task tried again. For the same night again a table's
log is damaged, so that a task fails for good and the webhook is told; after the file was put back
the failed task is cleared and the night ends. Then maintenance. What was seen is written down.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import psutil
from watch import header, memory

ROOT = Path(__file__).resolve().parents[1]
BESPOKE = str(Path(sys.executable).with_name("bespoke"))
DAYS = 15
DEADLINE_MINUTES = 1


class Airflow:
    """A running Airflow, as its API shows it."""

    def __init__(self, home: Path, port: int, process: int) -> None:
        self._home, self._address, self._process = home, f"http://127.0.0.1:{port}", process
        self._token = ""
        self.beside: subprocess.Popen[bytes] | None = None

    def family(self) -> list[psutil.Process]:
        """Return all its processes."""
        roots = [self._process, *([self.beside.pid] if self.beside else [])]
        own = [psutil.Process(root) for root in roots]
        return [*own, *(child for process in own for child in process.children(recursive=True))]

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Ask the API."""
        request = urllib.request.Request(
            self._address + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {self._token}"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def log_in(self) -> None:
        """Get a token for the password that was made at the start."""
        passwords = json.loads((self._home / "airflow" / "passwords.json").read_text())
        said = {"username": "admin", "password": passwords["admin"]}
        self._token = self.call("POST", "/auth/token", said)["access_token"]

    def trigger(self, dag: str, minute: int) -> str:
        """Start a run of today and return its id; the shop has ended, so it is its last night's."""
        at = datetime.now(UTC).replace(hour=3, minute=minute, second=0, microsecond=0)
        body = {"logical_date": at.isoformat()}
        return str(self.call("POST", f"/api/v2/dags/{dag}/dagRuns", body)["dag_run_id"])

    def state(self, dag: str, run: str) -> str:
        """Return the state of a run."""
        return str(self.call("GET", f"/api/v2/dags/{dag}/dagRuns/{run}")["state"])

    def tasks(self, dag: str, run: str) -> list[dict[str, Any]]:
        """Return state, try and seconds of each task of a run that has one."""
        found = self.call("GET", f"/api/v2/dags/{dag}/dagRuns/{run}/taskInstances")
        return [
            {
                "task": task["task_id"],
                "state": task["state"],
                "tries": task["try_number"],
                "seconds": round(task["duration"] or 0, 1),
            }
            for task in sorted(found["task_instances"], key=lambda task: task["start_date"] or "z")
        ]


def main() -> None:
    """Start, break, recover, and write what was seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, webhook() as (address, told):
        home = Path(scratch) / "home"
        port = free_port()
        os.environ |= {
            "BESPOKE_HOME": str(home),
            "BESPOKE_SOURCE": "demo",
            "BESPOKE__SIMULATE__PEOPLE": "150",
            "BESPOKE__SIMULATE__DAYS": str(DAYS),
            "BESPOKE__AIRFLOW__RETRY_DELAY_SECONDS": "5",
            "BESPOKE__AIRFLOW__DEADLINE_MINUTES": str(DEADLINE_MINUTES),
            "BESPOKE__AIRFLOW__ALERT_WEBHOOK": address,
            # Nights are triggered here: no interval of the schedule has come to its end yet.
            "BESPOKE__AIRFLOW__START_DATE": datetime.now(UTC).date().isoformat(),
        }
        with started(home, port) as airflow:
            seen = {
                **header(f"python bench/running_airflow.py --out {wanted.out}"),
                "night": killed_and_tried_again(airflow),
                "same_night_again": damaged_and_recovered(airflow, home),
                "maintenance": maintained(airflow),
                "triggerer": airflow.call("GET", "/api/v2/monitor/health")["triggerer"]["status"],
                "processes": processes(airflow),
                "listening": listening(airflow),
                "webhook": told,
            }
    told_of = json.dumps(seen, indent=2).replace(str(home), "<home>")
    wanted.out.write_text(told_of + "\n")
    print(told_of)


def killed_and_tried_again(airflow: Airflow) -> dict[str, Any]:
    """Kill the JVM of a task of the night, which is then tried again."""
    airflow.call("PATCH", "/api/v2/dags/nightly", {"is_paused": False})
    run = airflow.trigger("nightly", 0)

    def at_work() -> bool:
        return any(t["task"] == "identity" and t["state"] == "running" for t in
                   airflow.tasks("nightly", run))  # fmt: skip

    until(at_work, "identity runs")
    time.sleep(10)
    for process in airflow.family():
        with suppress(psutil.NoSuchProcess):
            if "java" in process.name():
                process.send_signal(signal.SIGKILL)
    return {"run": run, **ended(airflow, "nightly", run)}


def damaged_and_recovered(airflow: Airflow, home: Path) -> dict[str, Any]:
    """Damage a table's log; once the task has failed put it back, and clear the task."""
    entry = sorted((home / "lake" / "gold" / "profiles" / "_delta_log").glob("*.json"))[-1]
    sound = entry.read_bytes()
    entry.write_text("{")
    run = airflow.trigger("nightly", 1)
    broken = ended(airflow, "nightly", run)
    entry.write_bytes(sound)
    wanted = {"dry_run": False, "dag_run_id": run, "only_failed": True, "include_downstream": True}
    airflow.call("POST", "/api/v2/dags/nightly/clearTaskInstances", wanted)
    return {"run": run, "broken": broken, "recovered": ended(airflow, "nightly", run)}


def maintained(airflow: Airflow) -> dict[str, Any]:
    """Run the maintenance."""
    airflow.call("PATCH", "/api/v2/dags/maintenance", {"is_paused": False})
    run = airflow.trigger("maintenance", 2)
    return {"run": run, **ended(airflow, "maintenance", run)}


def ended(airflow: Airflow, dag: str, run: str) -> dict[str, Any]:
    """Wait for the end of a run and say how it ended."""
    until(lambda: airflow.state(dag, run) in ("success", "failed"), f"{dag} ends")
    return {"state": airflow.state(dag, run), "tasks": airflow.tasks(dag, run)}


def processes(airflow: Airflow) -> dict[str, Any]:
    """Count the processes, and their memory together."""
    family = list(airflow.family())
    return {"count": len(family), "memory_gib": round(memory(family) / 2**30, 2)}


def listening(airflow: Airflow) -> list[str]:
    """Name the addresses that its processes listen on."""
    found = set()
    for process in airflow.family():
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            for connection in process.net_connections("inet"):
                if connection.status == psutil.CONN_LISTEN:
                    found.add(connection.laddr.ip)
    return sorted(found)


@contextmanager
def started(home: Path, port: int) -> Iterator[Airflow]:
    """Start all of it; it is stopped in the end."""
    log = (home.parent / "airflow.log").open("wb")
    own = subprocess.Popen([BESPOKE, "airflow", "--port", str(port)], stdout=log, stderr=log)
    airflow = Airflow(home, port, own.pid)

    def up() -> bool:
        if own.poll() is not None:
            raise SystemExit("Airflow has ended")
        health = airflow.call("GET", "/api/v2/monitor/health")
        return bool(health["scheduler"]["status"] == "healthy")

    try:
        until(up, "Airflow is up")
        # The server starts none, since no task of ours defers; a user's own may.
        triggerer = [BESPOKE, "airflow", "triggerer", "--skip-serve-logs"]
        airflow.beside = subprocess.Popen(triggerer, stdout=log, stderr=log)
        airflow.log_in()
        until(lambda: airflow.call("GET", "/api/v2/dags")["total_entries"] == 2, "DAGs are read")
        yield airflow
    except BaseException:
        print((home.parent / "airflow.log").read_text()[-3000:], file=sys.stderr)
        raise
    finally:
        for process in filter(None, (airflow.beside, own)):
            process.terminate()
            process.wait(60)
        log.close()


@contextmanager
def webhook() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Listen on loopback and keep what is posted."""
    told: list[dict[str, Any]] = []

    class Keeps(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Keeps)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/alerts", told
    finally:
        server.shutdown()


def until(holds: Callable[[], bool], what: str, minutes: float = 15) -> None:
    """Wait for something.

    Raises
    ------
    SystemExit
        It did not come.
    """
    last = time.monotonic() + minutes * 60
    while time.monotonic() < last:
        with suppress(OSError, KeyError, TypeError):
            if holds():
                return
        time.sleep(2)
    raise SystemExit(f"waited {minutes:.0f} minutes in vain: {what}")


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
