"""DuckDB in memory: where it puts what does not fit."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from jobs.lake import duck, scratch
from jobs.lake.settings import SettingsError


def spilt(database: object) -> Path:
    """Return the folder of a database."""
    found = database.sql("SELECT current_setting('temp_directory')").fetchall()  # type: ignore[attr-defined]
    return Path(found[0][0])


def test_what_does_not_fit_goes_to_the_scratch_folder_and_is_gone_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BESPOKE_HOME", str(tmp_path))
    with duck.opened() as database:
        database.execute("SET memory_limit = '60MB'; SET preserve_insertion_order = false")
        database.execute(
            "CREATE TABLE many AS SELECT range AS n, hash(range) AS h FROM range(6_000_000)"
        )
        folder = spilt(database)
        assert folder.parent == scratch.folder()
        assert list(folder.iterdir())
        assert not stat.S_IMODE(folder.stat().st_mode) & 0o077
    assert not folder.exists()


def test_without_a_home_the_system_s_folder_takes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> Path:
        raise SettingsError("BESPOKE_HOME is not set")

    monkeypatch.setattr(duck, "home", nowhere)
    with duck.opened() as database:
        folder = spilt(database)
        assert folder.is_dir() and not stat.S_IMODE(folder.stat().st_mode) & 0o077
        assert database.sql("SELECT current_setting('TimeZone')").fetchall() == [("UTC",)]
    assert not folder.exists()


def test_of_who_may_not_write_to_the_home_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BESPOKE_HOME", str(tmp_path / "none"))
    with duck.opened() as database:
        assert tmp_path not in spilt(database).parents
