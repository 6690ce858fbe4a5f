"""Metrics, as a server on loopback receives them."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from jobs.cli.airflow import environment
from jobs.lake.run import Record, Run
from jobs.lake.settings import load_settings, settings
from jobs.lake.store import Lake


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(10)
        yield listening


def test_a_job_that_ended_is_told_of(server: socket.socket, tmp_path: Path) -> None:
    wanted = {
        "BESPOKE_SOURCE": "demo",
        "BESPOKE__METRICS__STATSD_HOST": "127.0.0.1",
        "BESPOKE__METRICS__STATSD_PORT": str(server.getsockname()[1]),
    }
    run = Run(load_settings(environment=wanted), Lake(tmp_path / "lake"), date(2026, 3, 1))
    run.write(Record("ingest", "demo.orders", counts={"rows_read": 7, "rows_quarantined": 0}))
    told = dict(line.split(":") for line in server.recv(4096).decode().splitlines())
    assert float(told.pop("bespoke.nightly.ingest.demo_orders.duration").removesuffix("|ms")) >= 0
    assert told == {
        "bespoke.nightly.ingest.demo_orders.succeeded": "1|c",
        "bespoke.nightly.ingest.demo_orders.rows_read": "7|g",
        "bespoke.nightly.ingest.demo_orders.rows_quarantined": "0|g",
    }


def test_nobody_who_listens_does_not_matter(tmp_path: Path) -> None:
    wanted = {"BESPOKE_SOURCE": "demo", "BESPOKE__METRICS__STATSD_HOST": "127.0.0.1"}
    run = Run(load_settings(environment=wanted), Lake(tmp_path / "lake"), date(2026, 3, 1))
    run.write(Record("rfm", state="failed"))


def test_airflow_sends_its_own_to_the_same_server(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert home
    monkeypatch.setenv("BESPOKE__METRICS__STATSD_HOST", "127.0.0.1")
    settings.cache_clear()
    told = environment(8080)
    assert told["AIRFLOW__METRICS__STATSD_ON"] == "True"
    assert told["AIRFLOW__METRICS__STATSD_PORT"] == "8125"
