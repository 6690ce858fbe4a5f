"""Servers of a small cluster on loopback: Spark's master and workers, PostgreSQL, a store.

Each is started from what is installed, works below a folder of its own, and is ended with the
block that started it.
"""

from __future__ import annotations

import os
import secrets
import shlex
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

LOOPBACK = "127.0.0.1"
POSTGRES = Path("/usr/lib/postgresql")
START_SECONDS = 120

HIDDEN = """
set -e
for part in {kept}; do mkdir -p {aside}/$part; mount --bind {home}/$part {aside}/$part; done
mount -t tmpfs none {home}
for part in {kept}; do mkdir {home}/$part; mount --bind {aside}/$part {home}/$part; done
for folder in {hidden}; do mount -t tmpfs none $folder; done
exec {command}
"""
"""A mount namespace in which a worker sees some folders of the home, and others not at all."""


def free_port() -> int:
    """Find a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


@contextmanager
def master(spark_class: Path, folder: Path) -> Iterator[str]:
    """Run a master; yield its URL."""
    port = free_port()
    command = [
        spark_class, "org.apache.spark.deploy.master.Master",
        "--host", LOOPBACK, "--port", port, "--webui-port", free_port(),
    ]  # fmt: skip
    options = {"SPARK_DAEMON_JAVA_OPTS": "-Dspark.master.rest.enabled=false"}
    with _running([str(word) for word in command], folder, _first(spark_class) | options, port):
        yield f"spark://{LOOPBACK}:{port}"


@contextmanager
def worker(
    spark_class: Path, folder: Path, url: str, home: Path, hidden: Sequence[Path]
) -> Iterator[None]:
    """Run a worker of one core, in another time zone, with other folders for what it writes.

    As root it sees of the home what a worker must see only, and nothing of the hidden folders.

    Parameters
    ----------
    spark_class : Path
        Of the environment that the project's wheel is installed in.
    folder : Path
        Its own: below it are its working folder (``here``), temporary files (``tmp``), shuffles
        (``local``) and what Spark keeps of applications (``work``).
    url : str
        The master.
    home : Path
        ``BESPOKE_HOME``.
    hidden : sequence of Path
        Folders of the driver's machine.
    """
    for name in ("here", "tmp", "local", "work"):
        (folder / name).mkdir(parents=True)
    port = free_port()
    command = [
        spark_class, "org.apache.spark.deploy.worker.Worker",
        "--host", LOOPBACK, "--port", port, "--webui-port", free_port(),
        "--cores", 1, "--memory", "2560m", "--work-dir", folder / "work", url,
    ]  # fmt: skip
    words = [str(word) for word in command]
    if os.geteuid() == 0:
        script = HIDDEN.format(
            kept=" ".join(WORKERS_SEE),
            aside=shlex.quote(str(folder / "kept")),
            home=shlex.quote(str(home)),
            hidden=shlex.join(str(path) for path in hidden),
            command=shlex.join(words),
        )
        words = ["unshare", "--mount", "--propagation", "private", "bash", "-c", script]
    own = _first(spark_class) | {
        "TMPDIR": str(folder / "tmp"),
        "TZ": "America/New_York",
        "SPARK_LOCAL_DIRS": str(folder / "local"),
        "SPARK_DAEMON_JAVA_OPTS": f"-Djava.io.tmpdir={folder / 'tmp'}",
    }
    with _running(words, folder / "here", own, port):
        yield


WORKERS_SEE = ("lake", "landing", "secrets")
"""Folders of the home that executors read or write: tables, files that came, the master key."""


@contextmanager
def postgres(folder: Path, databases: Sequence[str]) -> Iterator[tuple[str, Path]]:
    """Run a PostgreSQL of its own; yield its address without a database, and the password file."""
    folder.mkdir(parents=True)
    as_owner: list[str] = []
    if os.geteuid() == 0:
        # It refuses to run as root.
        as_owner = ["runuser", "-u", "postgres", "--"]
        subprocess.run(["chown", "postgres", str(folder)], check=True)
    programs = sorted(POSTGRES.glob("*/bin"))[-1]
    port, password = free_port(), secrets.token_urlsafe(16)
    passwords = folder.with_name("pgpass")
    _write_private(passwords, f"{LOOPBACK}:{port}:*:bespoke:{password}\n")
    data, first = folder / "data", folder / "first"
    _write_private(first, password)
    if as_owner:
        subprocess.run(["chown", "postgres", str(first)], check=True)
    made = [programs / "initdb", "-D", data, "-U", "bespoke", "-A", "scram-sha-256"]
    _call([*as_owner, *made, "-E", "UTF8", f"--pwfile={first}"], folder)
    first.unlink()
    options = f"-c listen_addresses={LOOPBACK} -p {port} -c unix_socket_directories={folder}"
    control: list[str | Path] = [*as_owner, programs / "pg_ctl", "-D", data, "-w"]
    _call([*control, "-l", folder / "log", "-o", options, "start"], folder)
    try:
        for name in databases:
            own = [programs / "createdb", "-h", LOOPBACK, "-p", str(port), "-U", "bespoke", name]
            _call(own, folder, {"PGPASSFILE": str(passwords)})
        yield f"postgresql+psycopg2://bespoke@{LOOPBACK}:{port}", passwords
    finally:
        _call([*control, "-m", "fast", "stop"], folder)


@contextmanager
def store(gateway: Path, folder: Path, bucket: str) -> Iterator[dict[str, str]]:
    """Run an S3-compatible store (versitygw) with a bucket; yield the variables that lead to it.

    Parameters
    ----------
    gateway : Path
        The program: ``go install github.com/versity/versitygw/cmd/versitygw@latest`` makes it.
    folder : Path
        What it keeps is below it.
    bucket : str
        A name.
    """
    (folder / "here").mkdir(parents=True)
    (folder / "kept" / bucket).mkdir(parents=True)
    port, key, secret = free_port(), secrets.token_hex(8), secrets.token_hex(16)
    command = [gateway, "--port", f"{LOOPBACK}:{port}", "posix", folder / "kept"]
    own = {"ROOT_ACCESS_KEY": key, "ROOT_SECRET_KEY": secret}
    with _running([str(word) for word in command], folder / "here", own, port):
        yield {
            "AWS_ENDPOINT_URL": f"http://{LOOPBACK}:{port}",
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": key,
            "AWS_SECRET_ACCESS_KEY": secret,
        }


def _write_private(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
        file.write(text)


def _call(
    command: Sequence[str | Path], folder: Path, variables: Mapping[str, str] | None = None
) -> None:
    # To a file: a server that is left running would hold a pipe open.
    with (folder.with_name("calls.log")).open("a+") as log:
        done = subprocess.run(
            [str(word) for word in command],
            cwd=folder,
            env=os.environ | dict(variables or {}),
            stdout=log,
            stderr=subprocess.STDOUT,
            check=False,
        )
        if done.returncode:
            log.seek(0)
            raise SystemExit(f"{command[0]} failed:\n{log.read()[-2000:]}")


def _first(program: Path) -> dict[str, str]:
    """Put a program's folder first on the path: there Spark's scripts look for a Python to ask."""
    return {"PATH": os.pathsep.join([str(program.parent), os.environ["PATH"]])}


@contextmanager
def _running(
    command: Sequence[str], folder: Path, variables: Mapping[str, str], port: int
) -> Iterator[None]:
    """Run a server; go on when it listens."""
    folder.mkdir(parents=True, exist_ok=True)
    said = folder.with_name(f"{folder.name}.log")
    with said.open("w") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ | {"SPARK_LOCAL_IP": LOOPBACK} | dict(variables),
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        until = time.monotonic() + START_SECONDS
        while not _listens(port):
            if process.poll() is not None or time.monotonic() > until:
                raise SystemExit(f"{command[0]} does not listen:\n{said.read_text()[-2000:]}")
            time.sleep(0.2)
        yield
    finally:
        process.terminate()
        process.wait(timeout=60)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0
