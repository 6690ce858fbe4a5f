"""What all tests share: one Spark session, a web hook, and slow tests after the fast ones."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from pyspark.sql import SparkSession

from tests.tiny import TinyShop, run_tiny

# It says goodbye when the process ends, to a stream that pytest has closed by then.
logging.getLogger("py4j").setLevel(logging.WARNING)

# How long an example takes says how busy the machine is, and not whether it is right.
hypothesis.settings.register_profile("bespoke", deadline=None)
hypothesis.settings.load_profile("bespoke")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run what needs a server or minutes last: a mistake shows within the fast ones."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is not None)


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """One session for all tests: starting one takes longer than most of them."""
    from jobs.lake.session import conf, prepare_environment
    from jobs.lake.settings import SparkSettings

    scratch = tmp_path_factory.mktemp("spark")
    # Frames of a test have a handful of rows: more partitions are only more tasks, and compiling a
    # plan, or planning it anew while it runs, takes longer than running it. The slow tests that
    # run whole nights have the settings of the project.
    small = SparkSettings(
        master="local[2]",
        driver_memory="2g",
        shuffle_partitions=1,
        snapshot_partitions=1,
        conf={
            "spark.sql.adaptive.enabled": "false",
            "spark.sql.codegen.wholeStage": "false",
            "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        },
    )
    prepare_environment(small)
    builder = SparkSession.builder
    for key, value in conf(small, scratch).items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    yield session
    session.stop()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home of its own for a test."""
    monkeypatch.setenv("BESPOKE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> TinyShop:
    """A tiny shop with a night behind it, made by the command: a minute, for slow tests only."""
    return run_tiny(tmp_path_factory.mktemp("tiny") / "home")


@pytest.fixture
def received() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A web hook on loopback, and what it was told."""
    told: list[dict[str, Any]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Hook)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook", told
    server.shutdown()
    server.server_close()
    thread.join()
