"""An empty home, a lake in it, and the report of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from jobs.lake.settings import settings
from jobs.lake.store import Lake
from jobs.report.facts import Facts, gather

Gather = Callable[[], Facts]


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """No test sees another home, or settings of another test."""
    home = tmp_path / "home"
    monkeypatch.setenv("BESPOKE_HOME", str(home))
    monkeypatch.delenv("BESPOKE_SOURCE", raising=False)
    settings.cache_clear()
    yield home
    settings.cache_clear()


@pytest.fixture
def lake(own_home: Path) -> Lake:
    return Lake(own_home / "lake")


@pytest.fixture
def facts(own_home: Path) -> Gather:
    """Read the facts of the home as it is when this is called."""
    return lambda: gather(own_home, datetime(2026, 8, 30, 6, tzinfo=UTC), settings())
