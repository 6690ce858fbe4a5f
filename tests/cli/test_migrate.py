"""``bespoke migrate``: what ran, what would, back, and what is gone made anew."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

import jobs.cli.migrations as migrations
from jobs.lake.migrations import MIGRATIONS, Migration
from jobs.lake.opening import open_lake
from jobs.lake.steps import RenameColumn
from jobs.lake.store import Lake
from jobs.lake.tables import TABLES
from tests.cli.small_lake import Call, at

LATER = at("2026-09-01")
SEGMENTS = TABLES["gold.segments"]
RENAME = Migration(
    "segments-by-label", "Labels.", (RenameColumn("gold.segments", "label", "segment"),)
)


@pytest.fixture
def migrated(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> Lake:
    monkeypatch.setattr(migrations, "MIGRATIONS", (RENAME,))
    return lake


def test_what_would_run_ran_and_was_taken_back_is_listed(call: Call, migrated: Lake) -> None:
    def actions() -> list[str]:
        return [row["action"] for row in json.loads(call("migrate", "--json").stdout)]

    assert actions() == ["to run"]
    open_lake(migrated, migrations=(RENAME,), now=LATER)
    assert actions() == ["run"]
    done = call("migrate", "--back-to", "start")
    assert done.stdout.startswith("taken back: gold.segments: column label becomes segment\n")
    assert actions() == ["run", "back", "to run"]
    assert call("migrate", "--back-to", "start").stdout == "There was nothing to take back.\n"
    assert "label" in {field.name for field in migrated.delta(SEGMENTS).schema().fields}


def test_without_a_lake_all_are_to_run(call: Call, own_home: Path) -> None:
    told = json.loads(call("migrate", "--json").stdout)
    assert {row["action"] for row in told} == {"to run"}
    assert [*dict.fromkeys(row["migration_id"] for row in told)] == [m.id for m in MIGRATIONS]
    assert not own_home.exists()


def test_what_comes_without_a_migration_is_listed(call: Call, lake: Lake) -> None:
    open_lake(lake, now=LATER)
    ran = json.loads(call("migrate", "--json").stdout)
    assert all(row["action"] == "run" for row in ran)
    shutil.rmtree(lake.path(SEGMENTS))
    narrow = replace(SEGMENTS, columns=SEGMENTS.columns[:-1])
    lake.ensure(narrow)
    shutil.rmtree(lake.path(TABLES["ops.maintenance"]))
    last = SEGMENTS.columns[-1].name
    found = json.loads(call("migrate", "--json").stdout)
    assert [row["what"] for row in found[len(ran) :]] == [
        f"gold.segments: column {last} is added",
        "ops.maintenance is made",
    ]


def test_an_unknown_one_is_refused_with_those_there_are(call: Call, migrated: Lake) -> None:
    done = call("migrate", "--back-to", "segments")
    assert str(done.exception) == "no migration segments; there are start, segments-by-label"


def test_a_table_is_made_anew_with_a_reason_only(call: Call, lake: Lake) -> None:
    open_lake(lake, now=LATER)
    shutil.rmtree(lake.path(SEGMENTS))
    assert "--why" in str(call("migrate", "--anew", "gold.segments").exception)
    done = call("migrate", "--anew", "gold.segments", "--why", "the disk was lost")
    assert done.stdout == "gold.segments is there again, without rows.\n"
    open_lake(lake, now=LATER)
    assert lake.rows(SEGMENTS).num_rows == 0
