"""A small lake, without Spark, and a way to call the command."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from jobs.lake.settings import settings
from jobs.lake.store import Lake
from jobs.lake.tables import TABLES
from tests.cli.small_lake import ROWS, Call


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """No command of a test sees another home, or settings of another test."""
    home = tmp_path / "home"
    monkeypatch.setenv("BESPOKE_HOME", str(home))
    monkeypatch.delenv("BESPOKE_SOURCE", raising=False)
    monkeypatch.delenv("BESPOKE_LANDING", raising=False)
    settings.cache_clear()
    yield home
    settings.cache_clear()


@pytest.fixture
def call() -> Call:
    """Call the command as a user would, and return what it printed."""
    from jobs.cli.main import app, for_people

    def run(*arguments: str) -> Result:
        result = CliRunner().invoke(app, list(arguments))
        error = result.exception
        if isinstance(error, Exception) and not for_people(error):
            raise error
        return result

    return run


@pytest.fixture
def lake(own_home: Path) -> Lake:
    """A lake with two persons, their orders, and two published nights."""
    made = Lake(own_home / "lake")
    for table, rows in ROWS.items():
        made.append_rows(TABLES[table], rows)
    return made
