"""A round: what it records, whom it gives way to, and that a second one finds nothing to do."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from jobs.lake import lock
from jobs.lake.errors import LockedError
from jobs.lake.lock import writer
from jobs.lake.store import Lake
from jobs.lake.tables import TABLES
from jobs.lake.tables.maintenance import MAINTENANCE
from jobs.lake.tables.serving import RECOMMENDATIONS
from jobs.maintenance import compaction
from jobs.maintenance.upkeep import Upkeep, foreseen, maintain
from tests.cli.small_lake import ROWS
from tests.maintenance.lists import Show, listed

NIGHT = date(2026, 3, 2)


@pytest.fixture
def filled(lake: Lake, show: Show) -> Lake:
    """Rows in a dozen tables, each written one by one."""
    for table, rows in ROWS.items():
        for row in rows:
            lake.append_rows(TABLES[table], [row])
    show(date(2026, 8, 29))
    return lake


def contents(lake: Lake) -> dict[str, list[str]]:
    found = (table for table in TABLES.values() if lake.exists(table) and table != MAINTENANCE)
    return {table.id: sorted(map(str, lake.rows(table).to_pylist())) for table in found}


def test_every_row_is_there_and_a_second_round_changes_nothing(
    filled: Lake, upkeep: Upkeep
) -> None:
    before = contents(filled)
    first = maintain(upkeep, TABLES.values())
    assert contents(filled) == before
    assert sum(row.get("small_files_after") or 0 for row in first) == 0
    versions = {table: filled.version(TABLES[table]) for table in before}
    second = maintain(upkeep, [TABLES[table] for table in before])
    assert {table: filled.version(TABLES[table]) for table in before} == versions
    for row in second:
        changed = {n for n in row if n.endswith("_before") and row[n] != row[f"{n[:-6]}after"]}
        assert changed == set()
        assert not row.get("rows_expired") and not row.get("files_vacuumed")


def test_a_row_a_table_says_what_was_done(filled: Lake, upkeep: Upkeep) -> None:
    maintain(upkeep, TABLES.values())
    found = {row["table"]: row for row in filled.rows(MAINTENANCE).to_pylist()}
    assert set(found) == {*ROWS, "ops.publications", "exports/email", "logs"}
    lists = found["serving.recommendations"]
    assert (lists["run_id"], lists["state"], lists["rows_expired"]) == ("test:now", "succeeded", 0)
    assert lists["started_at"] <= lists["ended_at"]
    assert lists["version_before"] < lists["version_after"]


def test_what_is_foreseen_changes_nothing(filled: Lake, upkeep: Upkeep) -> None:
    before = sorted(upkeep.home.rglob("*"))
    rows = {row["table"]: row for row in foreseen(upkeep, TABLES.values())}
    assert sorted(upkeep.home.rglob("*")) == before
    assert rows["silver.consents"]["small_files"] == 3
    assert rows["silver.consents"]["partitions_to_compact"] == 1


def test_a_table_that_fails_is_recorded_and_the_others_are_gone_over(
    filled: Lake, upkeep: Upkeep, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(delta: Any, table: Any, wanted: Any) -> None:
        if table is RECOMMENDATIONS:
            raise OSError("disk full")

    monkeypatch.setattr(compaction, "compact", broken)
    with pytest.raises(OSError, match="disk full"):
        maintain(upkeep, TABLES.values())
    found = {row["table"]: row for row in filled.rows(MAINTENANCE).to_pylist()}
    failed = found.pop("serving.recommendations")
    assert (failed["state"], failed["error"]) == ("failed", "OSError: disk full")
    assert {row["state"] for row in found.values()} == {"succeeded"}


@contextmanager
def elsewhere(root: Path, gives_way: bool) -> Iterator[subprocess.Popen[str]]:
    """Let another process hold the lock until a line is written to it."""
    code = (
        "import sys; from pathlib import Path; from jobs.lake.lock import writer\n"
        f"with writer(Path(sys.argv[1]), 'another', gives_way={gives_way}):\n"
        "    print('held', flush=True); sys.stdin.readline()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.communicate("\n")


def test_a_night_that_is_at_work_is_given_way_to(lake: Lake, upkeep: Upkeep) -> None:
    for person in ("p1", "p2"):
        lake.append_rows(RECOMMENDATIONS, [listed(person, NIGHT)])
    with elsewhere(lake.root, gives_way=False), pytest.raises(LockedError, match="another"):
        maintain(upkeep, [RECOMMENDATIONS])
    assert lake.version(RECOMMENDATIONS) == 2
    assert len(maintain(upkeep, [RECOMMENDATIONS], folders=False)) == 1


def test_a_night_waits_for_the_table_and_comes_before_the_next_one(lake: Lake) -> None:
    entered = threading.Event()

    def night() -> None:
        with writer(lake.root, "nightly"):
            entered.set()

    with elsewhere(lake.root, gives_way=True) as maintenance:
        thread = threading.Thread(target=night)
        thread.start()
        while not lock._awaited(lake.root):
            assert thread.is_alive()
        assert not entered.is_set()
        # The next table's turn, while the night waits.
        with (
            pytest.raises(LockedError, match="somebody waits"),
            writer(lake.root, "maintenance", gives_way=True),
        ):
            pass
        assert maintenance.stdin is not None
        maintenance.stdin.write("\n")
        maintenance.stdin.flush()
        thread.join(timeout=30)
    assert entered.is_set()


def test_the_wait_is_bounded(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "WAIT_SECONDS", 0.0)
    with (
        elsewhere(lake.root, gives_way=True),
        pytest.raises(LockedError, match="another"),
        writer(lake.root, "nightly"),
    ):
        pass


_KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from jobs.lake.store import Lake
from jobs.lake.tables import TABLES
from jobs.maintenance import {module}
from jobs.maintenance.settings import MaintenanceSettings
from jobs.maintenance.upkeep import Upkeep, maintain

def kill(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

{module}.{name} = kill
lake = Lake(Path(sys.argv[1]))
maintain(Upkeep(lake, MaintenanceSettings(), "killed", datetime.now(UTC)), TABLES.values())
"""


@pytest.mark.parametrize(
    ("module", "name"), [("compaction", "compact"), ("vacuum", "vacuumed"), ("log", "forget")]
)
def test_killed_and_run_again_it_ends_as_if_it_had_not_been(
    filled: Lake, upkeep: Upkeep, module: str, name: str
) -> None:
    before = contents(filled)
    code = _KILLED.format(module=module, name=name)
    done = subprocess.run([sys.executable, "-c", code, str(filled.root)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert contents(filled) == before
    rows = maintain(upkeep, TABLES.values())
    assert {row["state"] for row in rows} == {"succeeded"}
    assert contents(filled) == before
