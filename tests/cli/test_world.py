"""The simulated world: made once, and not beside another one."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobs.lake.settings import settings
from jobs.lake.store import Lake
from tests.cli.small_lake import Call


def held(home: Path, digest: str) -> None:
    folder = home / "landing" / "demo"
    folder.mkdir(parents=True)
    (folder / "_SIMULATED.json").write_text(f'{{"state": "done", "digest": "{digest}"}}')


def test_a_lake_that_has_read_one_world_gets_no_other(
    own_home: Path, lake: Lake, call: Call
) -> None:
    from jobs.lake.tables.ops import FILES

    lake.delta(FILES)
    held(own_home, "of other settings")
    assert "holds the files of another world" in str(call("simulate").exception)


def test_a_world_that_is_there_is_not_made_again(own_home: Path, call: Call) -> None:
    from jobs.cli.logs import terminal
    from jobs.cli.world import ensure_world

    held(own_home, settings().simulate.digest())
    (own_home / "truth" / "demo").mkdir(parents=True)
    ensure_world(terminal())


def test_only_the_demo_is_simulated(
    own_home: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BESPOKE_SOURCE", "online_retail")
    monkeypatch.setenv("BESPOKE_DATA", str(own_home))
    settings.cache_clear()
    assert "the files of online_retail are not simulated" in str(call("simulate").exception)
