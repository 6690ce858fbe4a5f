"""The server for BI tools, asked over JDBC by the client of Spark's distribution."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.cli.jdbc import bound
from jobs.lake.query import run_query
from jobs.lake.settings import SparkSettings
from tests.cli.small_lake import Call
from tests.tiny import ROOT, TinyShop

QUESTION = "SELECT segment, count(*) AS persons FROM gold.segments GROUP BY ALL ORDER BY ALL"


def test_without_tables_it_says_what_to_do(call: Call) -> None:
    done = call("jdbc", "--port", str(_free()))
    assert "`bespoke run` makes them" in str(done.exception)


def test_it_listens_on_loopback_whatever_else_is_set() -> None:
    own = {"spark.hadoop.hive.server2.thrift.bind.host": "0.0.0.0", "spark.ui.enabled": "true"}
    found = bound(SparkSettings(conf=own), 10000).conf
    assert found["spark.hadoop.hive.server2.thrift.bind.host"] == "127.0.0.1"
    assert found["spark.ui.enabled"] == "true"


@pytest.fixture
def address(tiny: TinyShop) -> Iterator[str]:
    port = _free()
    process = subprocess.Popen(
        [sys.executable, "-m", "jobs.cli.main", "jdbc", "--port", str(port)],
        env=os.environ | {"BESPOKE_HOME": str(tiny.home), "BESPOKE_SOURCE": "demo"},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    told = ""
    try:
        for line in process.stdout:
            told += line
            if found := re.search(r"jdbc:hive2://127\.0\.0\.1:\d+", line):
                assert "any statement" in told and "every account of this machine" in told
                yield found[0]
                break
        else:
            pytest.fail("the server ended")
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0


@pytest.mark.slow
def test_a_tool_gets_the_rows_that_sql_gives_and_cannot_write(tiny: TinyShop, address: str) -> None:
    asked = _beeline(address, QUESTION)
    assert asked.returncode == 0, asked.stderr
    rows = [line.split(",") for line in asked.stdout.splitlines() if "," in line]
    expected = run_query(QUESTION, tiny.home / "lake")[1]
    assert rows == [["segment", "persons"], *[[name, str(n)] for name, n in expected]]

    refused = _beeline(address, "DELETE FROM gold.segments")
    assert refused.returncode != 0
    assert run_query(QUESTION, tiny.home / "lake")[1] == expected

    databases = _beeline(address, "SHOW DATABASES").stdout.split()
    assert {"gold", "serving", "silver"} <= set(databases)
    assert not {"bronze", "vault"} & set(databases)


def _beeline(address: str, statement: str) -> subprocess.CompletedProcess[str]:
    tools = str(Path(sys.executable).parent)
    command = ["beeline", "-u", address, "-n", "analyst", "--silent=true", "--outputformat=csv2"]
    return subprocess.run(
        [*command, "-e", f"{statement};"],
        env=os.environ | {"PATH": os.pathsep.join([tools, os.environ["PATH"]])},
        capture_output=True,
        text=True,
        check=False,
    )


def _free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
