"""Which night a run handles: the last of a set, and never one after a set's end."""

from __future__ import annotations

from datetime import date
from io import StringIO
from pathlib import Path

import pytest
import yaml
from rich.console import Console

from jobs.cli import bring_up
from jobs.cli.nights import chosen, night_of
from jobs.lake.errors import DataError
from jobs.lake.settings import Settings, load_settings


def write_set(folder: Path, **more: object) -> None:
    feed = {
        "kind": "orders",
        "owner": "shop",
        "system": "shop",
        "frequency": "daily",
        "format": {"type": "csv"},
        "path": "*.csv",
        "key": ["order_id"],
        "fields": ["order_id"],
        "columns": {"order_id": "order_id"},
    }
    content: dict[str, object] = {"set": "shop", "title": "A shop", "landing": "{home}/in"}
    content |= {"feeds": {"orders": feed}} | more
    (folder / "sources").mkdir(parents=True, exist_ok=True)
    (folder / "sources" / "shop.yaml").write_text(yaml.safe_dump(content))


@pytest.fixture
def landing(own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_set(tmp_path / "conf")
    monkeypatch.setenv("BESPOKE_CONF", str(tmp_path / "conf"))
    folder = own_home / "in"
    folder.mkdir(parents=True)
    for day in ("2026-08-01", "2026-08-03", "2026-08-02"):
        (folder / f"{day}.csv").touch()
    return folder


@pytest.fixture
def shop() -> Settings:
    """Settings of the project's own files, with the set of the test."""
    return load_settings(Path(__file__).resolve().parents[2] / "conf", {"BESPOKE_SOURCE": "shop"})


def test_the_last_night_is_the_last_day_of_the_files(landing: Path, shop: Settings) -> None:
    assert chosen(shop).landing == landing
    assert chosen(shop).last_night() == date(2026, 8, 3)


def test_a_set_that_lives_is_run_for_the_day_that_is_asked_for(
    landing: Path, shop: Settings
) -> None:
    assert chosen(shop).ended_on() is None
    assert night_of(date(2026, 11, 21), shop) == date(2026, 11, 21)


def test_a_set_that_has_ended_is_run_for_its_last_night(
    landing: Path, shop: Settings, tmp_path: Path
) -> None:
    write_set(tmp_path / "conf", last_night=date(2026, 8, 2))
    assert chosen(shop).last_night() == date(2026, 8, 2)
    assert night_of(date(2026, 11, 21), shop) == date(2026, 8, 2)
    assert night_of(date(2026, 8, 1), shop) == date(2026, 8, 1)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (
            date(2026, 8, 3),
            [
                "set shop ends on 2026-08-02: that night is run, not 2026-08-03; "
                "files of later days are not read",
                "nightly of 2026-08-02",
            ],
        ),
        (None, ["nightly of 2026-08-02"]),
    ],
)
def test_the_terminal_says_that_a_night_after_the_end_is_not_run(
    landing: Path, shop: Settings, tmp_path: Path, asked: date | None, told: list[str]
) -> None:
    write_set(tmp_path / "conf", last_night=date(2026, 8, 2))
    said = StringIO()
    night = bring_up._night(shop, chosen(shop), asked, Console(file=said, soft_wrap=True))
    assert night == date(2026, 8, 2)
    assert [line.strip() for line in said.getvalue().splitlines()] == told


def test_the_truth_lies_apart_from_what_jobs_read(own_home: Path) -> None:
    demo = chosen(load_settings(environment={}))
    assert demo.simulated
    assert own_home in demo.truth.parents
    assert demo.landing not in demo.truth.parents
    assert demo.truth not in demo.landing.parents


def test_an_unknown_set_is_an_error(own_home: Path) -> None:
    with pytest.raises(DataError, match="no source set 'nope'"):
        chosen(load_settings(environment={"BESPOKE_SOURCE": "nope"}))
