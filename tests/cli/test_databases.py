"""Databases beside the lake: whether they can be reached, and what is said when they cannot."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from jobs.cli.airflow import DATABASE, AirflowError, database_at_hand
from jobs.cli.databases import unreachable
from jobs.cli.logs import to_file
from jobs.cli.main import main
from tests.cli.test_checkup import found


def test_a_file_that_is_there_or_can_be_made_is_no_fault(tmp_path: Path) -> None:
    assert unreachable(f"sqlite:///{tmp_path / 'new' / 'x.db'}") is None
    assert not (tmp_path / "new").exists()
    with sqlite3.connect(tmp_path / "x.db") as database:
        database.execute("CREATE TABLE t (x)")
    assert unreachable(f"sqlite:///{tmp_path / 'x.db'}") is None


def test_a_file_that_is_no_database_is_one(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("no database, however long a text it may be " * 100)
    said = unreachable(f"sqlite:///{tmp_path / 'x.db'}")
    assert said is not None
    assert "file is not a database" in said


def test_a_server_that_does_not_answer_is_one() -> None:
    said = unreachable("http://127.0.0.1:1")
    assert said is not None
    assert "refused" in said


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    """A server on loopback that is healthy, and wants a password for all else."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response({"/health": 200, "/closed/health": 401}.get(self.path, 404))
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    found = HTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=found.serve_forever, daemon=True)
    thread.start()
    yield found
    found.shutdown()
    found.server_close()
    thread.join()


def test_a_server_that_answers_is_no_fault(server: HTTPServer) -> None:
    place = f"127.0.0.1:{server.server_port}"
    assert unreachable(f"http://{place}/") is None
    assert unreachable(f"http://me:secret@{place}") is None
    assert unreachable(f"http://{place}/closed") is None
    assert unreachable(f"http://{place}/elsewhere") == "it answers 404 Not Found"


def test_doctor_names_both(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert found("models_database").ok
    assert found("airflow_database").ok
    broken = own_home / "airflow" / "airflow.db"
    broken.parent.mkdir(parents=True)
    broken.write_text("x" * 4096)
    assert not found("airflow_database").ok
    assert found("airflow_database").mend == "start it, or mend airflow.database"
    monkeypatch.setenv("BESPOKE__MODELS__TRACKING_URI", "http://me:secret@127.0.0.1:1")
    from jobs.lake.settings import settings

    settings.cache_clear()
    assert not found("models_database").ok
    assert found("models_database").found.startswith("http://me:***@127.0.0.1:1 cannot be reached")


def test_an_airflow_database_that_is_away_is_named(tmp_path: Path) -> None:
    from sqlalchemy import create_engine

    place = f"sqlite:///{tmp_path / 'gone' / 'airflow.db'}"
    with (
        pytest.raises(AirflowError, match=f"cannot be reached at {place}: .*unable to open"),
        database_at_hand({DATABASE: place}),
    ):
        create_engine(place).connect()


@pytest.mark.parametrize("error", [ValueError("x"), ModuleNotFoundError("x", name="x")])
def test_no_other_error_is_taken_for_that(error: Exception) -> None:
    with pytest.raises(type(error)), database_at_hand({DATABASE: "sqlite://"}):
        raise error


def test_a_log_on_a_full_disk_hides_no_error() -> None:
    with pytest.raises(ValueError, match="the error"), to_file(Path("/dev/full")):
        logging.getLogger("bespoke").error("x")
        raise ValueError("the error")


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Callable[[Exception], None]:
    def arrange(error: Exception) -> None:
        def fail(_: object) -> None:
            raise error

        monkeypatch.setattr("jobs.cli.main.app", fail)

    return arrange


def test_a_full_disk_is_one_message_at_the_command(
    broken: Callable[[Exception], None], capsys: pytest.CaptureFixture[str]
) -> None:
    broken(OSError(28, "No space left on device"))
    with pytest.raises(SystemExit):
        main(["runs"])
    assert "is full" in capsys.readouterr().err
    broken(OSError("something else"))
    with pytest.raises(OSError, match="something else"):
        main(["runs"])
