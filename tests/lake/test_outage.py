"""Outages, as the system, SQLite, the JVM and MLflow really tell of them."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from py4j.protocol import Py4JError, Py4JJavaError
from pyspark.sql import SparkSession

from jobs.lake.errors import DataError
from jobs.lake.outage import (
    DiskFullError,
    MemoryShortError,
    ModelsAwayError,
    outage,
    outages_named,
    without_password,
)
from jobs.lake.settings import Settings, load_settings


@pytest.fixture(scope="module")
def wanted() -> Settings:
    return load_settings(environment={})


def test_a_full_disk(wanted: Settings, home: Path) -> None:
    with (
        pytest.raises(DiskFullError, match=rf"the disk of {home} is full: [\d,]+ MiB are free"),
        outages_named(wanted),
        open("/dev/full", "w") as file,
    ):
        file.write("x")


def test_a_full_disk_as_sqlite_tells_of_it(wanted: Settings, home: Path) -> None:
    with sqlite3.connect(":memory:") as database, pytest.raises(sqlite3.Error) as raised:
        database.execute("PRAGMA max_page_count = 2")
        database.execute("CREATE TABLE t AS SELECT randomblob(100000) AS x")
    assert isinstance(outage(raised.value, wanted), DiskFullError)


def test_an_error_that_comes_of_one_is_told_as_it(wanted: Settings, home: Path) -> None:
    def fail() -> None:
        try:
            with open("/dev/full", "w") as file:
                file.write("x")
        except OSError:
            raise RuntimeError("the log could not be written") from None

    with pytest.raises(RuntimeError) as raised:
        fail()
    assert isinstance(outage(raised.value, wanted), DiskFullError)


def test_a_heap_that_does_not_suffice(wanted: Settings, spark: SparkSession) -> None:
    with pytest.raises(Py4JJavaError) as raised:
        # One gigabyte is all that the JVM of the tests has.
        spark._jvm.java.nio.ByteBuffer.allocate(2**31 - 1)  # type: ignore[union-attr]
    told = outage(raised.value, wanted)
    assert isinstance(told, MemoryShortError)
    assert "raise spark.driver_memory (3g)" in str(told)


def test_a_jvm_that_has_ended(wanted: Settings) -> None:
    from py4j.clientserver import ClientServer, JavaParameters, PythonParameters

    # Nobody listens there, as where a JVM has died.
    client = ClientServer(
        JavaParameters(port=1, auto_field=True),
        PythonParameters(port=0),
        python_server_entry_point=None,
    )
    try:
        with pytest.raises((ConnectionError, Py4JError)) as raised:
            client.jvm.java.lang.System.currentTimeMillis()
    finally:
        client.shutdown_callback_server()
    told = outage(raised.value, wanted)
    assert isinstance(told, MemoryShortError)
    assert "Spark's JVM has ended" in str(told)


def test_a_machine_without_memory(wanted: Settings) -> None:
    told = outage(MemoryError(), wanted)
    assert isinstance(told, MemoryShortError)
    assert "lower spark.driver_memory (3g)" in str(told)


def test_an_mlflow_that_is_away(
    wanted: Settings, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from models.registry import Registry

    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    uri = "http://someone:secret@127.0.0.1:1"
    models = wanted.models.model_copy(update={"tracking_uri": uri})
    here = wanted.model_copy(update={"models": models})
    with pytest.raises(ModelsAwayError) as raised, outages_named(here):
        Registry(uri, tmp_path, "x").settings_of("recommender")
    assert "MLflow cannot be reached at http://someone:***@127.0.0.1:1" in str(raised.value)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    "error",
    [DataError("12 rows are bad"), ValueError("x"), OSError("lost"), ConnectionError("refused")],
)
def test_nothing_else_is_taken_for_one(wanted: Settings, error: Exception) -> None:
    assert outage(error, wanted) is None
    with pytest.raises(type(error)) as raised, outages_named(wanted):
        raise error
    assert raised.value is error


def test_no_password_is_told() -> None:
    said = "postgresql+psycopg2://bespoke:s3cr3t@db/airflow, sqlite:////srv/shop.db"
    assert without_password(said) == said.replace("s3cr3t", "***")
