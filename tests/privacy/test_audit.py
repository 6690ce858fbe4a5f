"""The audit trail: whatever is done to it is told, at the entry it was done to."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.lake import faults
from jobs.lake.folders import home_of
from jobs.lake.schemas import arrow_schema
from jobs.lake.store import Lake
from jobs.lake.tables.audit import AUDIT
from jobs.privacy.audit import EXPORT, READ, Act, AuditError, digest, note
from jobs.privacy.signing import signing_key
from jobs.privacy.verified import Verified, verify

Rows = list[dict[str, Any]]


def act(number: int) -> Act:
    return Act(READ, "vault.contacts", f"reason {number}", people=number, details={"n": "1"})


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a trail of six entries."""
    home = tmp_path_factory.mktemp("home")
    lake = Lake(home / "lake")
    for number in range(6):
        note(lake, act(number))
    return home


@pytest.fixture
def lake(written: Path, tmp_path: Path) -> Lake:
    shutil.copytree(written, tmp_path / "home")
    return Lake(tmp_path / "home" / "lake")


def rewritten(lake: Lake, change: Callable[[Rows], Rows]) -> Verified:
    """Change the table as somebody would who may write the lake, and look."""
    rows = sorted(lake.rows(AUDIT).to_pylist(), key=lambda row: row["sequence"])
    data = pa.Table.from_pylist(change(rows), schema=arrow_schema(AUDIT))
    write_deltalake(lake.path(AUDIT), data, mode="overwrite")
    return verify(lake)


def found(result: Verified) -> list[tuple[str, int]]:
    return [(finding.what, finding.sequence) for finding in result.findings]


def head_of(lake: Lake) -> Path:
    return next((home_of(lake.root) / "audit" / "heads").iterdir())


def test_a_trail_that_nobody_touched_is_whole(lake: Lake) -> None:
    result = verify(lake)
    assert (result.entries, result.chains, found(result)) == (6, 1, [])
    rows = sorted(lake.rows(AUDIT).to_pylist(), key=lambda row: row["sequence"])
    assert [row["people"] for row in rows] == [0, 1, 2, 3, 4, 5]
    assert rows[0]["previous"] == ""
    assert [row["previous"] for row in rows[1:]] == [row["hash"] for row in rows[:-1]]


def test_the_order_of_rows_in_files_says_nothing(lake: Lake) -> None:
    assert found(rewritten(lake, lambda rows: rows[::-1])) == []


@given(
    at=st.integers(0, 5), column=st.sampled_from(["people", "why", "actor", "subject", "run_id"])
)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_changed_entry_is_named(lake: Lake, at: int, column: str) -> None:
    before = lake.rows(AUDIT)

    def change(rows: Rows) -> Rows:
        rows[at][column] = 99 if column == "people" else "somebody else"
        return rows

    result = rewritten(lake, change)
    write_deltalake(lake.path(AUDIT), before, mode="overwrite")
    assert found(result) == [("changed", at + 1)]


def test_an_entry_whose_hash_was_made_anew_is_named_for_its_signature(lake: Lake) -> None:
    def change(rows: Rows) -> Rows:
        rows[2]["people"] = 1
        for place in range(2, 6):
            rows[place]["previous"] = rows[place - 1]["hash"]
            rows[place]["hash"] = digest(rows[place])
        return rows

    assert found(rewritten(lake, change))[0] == ("forged", 3)


def test_an_entry_taken_out_is_named(lake: Lake) -> None:
    assert found(rewritten(lake, lambda rows: rows[:2] + rows[4:])) == [("missing", 3)]


def test_entries_that_changed_places_are_named(lake: Lake) -> None:
    def swap(rows: Rows) -> Rows:
        rows[1]["sequence"], rows[3]["sequence"] = rows[3]["sequence"], rows[1]["sequence"]
        return rows

    assert found(rewritten(lake, swap)) == [("changed", 2), ("changed", 4)]


def test_an_entry_that_is_there_twice_is_named(lake: Lake) -> None:
    assert set(found(rewritten(lake, lambda rows: [*rows, rows[2]]))) >= {("doubled", 3)}


@pytest.mark.parametrize("kept", [5, 1, 0])
def test_a_cut_end_is_named_from_its_first_entry(lake: Lake, kept: int) -> None:
    assert found(rewritten(lake, lambda rows: rows[:kept])) == [("cut", kept + 1)]


def test_a_table_that_is_gone_is_cut_from_the_beginning(lake: Lake) -> None:
    shutil.rmtree(lake.folder(AUDIT))
    assert found(verify(lake)) == [("cut", 1)]


def test_a_chain_of_another_key_is_not_believed(lake: Lake, tmp_path: Path) -> None:
    """Whoever may write the lake, and not the keys, cannot write a whole new trail."""
    other = Lake(tmp_path / "other" / "lake")
    for number in range(6):
        note(other, act(number))
    name = head_of(lake).stem

    def change(_: Rows) -> Rows:
        rows = sorted(other.rows(AUDIT).to_pylist(), key=lambda row: row["sequence"])
        for row in rows:
            row["writer"] = name
            row["hash"] = digest(row)
        return rows

    assert found(rewritten(lake, change))[0] == ("forged", 1)


def test_an_entry_put_in_after_the_head_is_named(lake: Lake) -> None:
    before = head_of(lake).read_bytes()
    note(lake, act(6))
    head_of(lake).write_bytes(before)
    assert found(verify(lake)) == [("head", 7)]


def test_a_head_that_is_gone_or_changed_is_told(lake: Lake) -> None:
    path = head_of(lake)
    head = json.loads(path.read_text())
    path.write_text(json.dumps(head | {"pending": True}))
    assert found(verify(lake)) == [("head", 6)]
    path.write_text("{")
    assert found(verify(lake)) == [("head", 6)]
    path.unlink()
    assert found(verify(lake)) == [("headless", 6)]


def test_a_kill_before_the_entry_is_in_the_table_loses_nothing(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(lake, "append_rows", killed)
        note(lake, act(6))
    result = verify(lake)
    assert (result.entries, found(result), len(result.unfinished)) == (6, [], 1)
    note(lake, act(7))
    result = verify(lake)
    assert (result.entries, found(result), len(result.unfinished)) == (8, [], 0)


def test_a_kill_after_the_entry_is_in_the_table_writes_it_once(lake: Lake) -> None:
    def stop(_: str, what: str) -> None:
        raise faults.StoppedError(what)

    with faults.watched(stop), pytest.raises(faults.StoppedError):
        note(lake, act(6))
    assert (verify(lake).entries, found(verify(lake))) == (7, [])
    note(lake, act(7))
    assert (verify(lake).entries, found(verify(lake))) == (8, [])


def test_threads_write_one_chain(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: note(lake, act(number)), range(12)))
    result = verify(lake)
    assert (result.entries, result.chains, found(result)) == (12, 1, [])


def test_without_its_key_nothing_is_written(lake: Lake) -> None:
    signing_key(home_of(lake.root)).unlink()
    with pytest.raises(
        AuditError, match=r"signing\.pem: the key that signs the audit trail is gone"
    ):
        note(lake, act(6))
    assert found(verify(lake)) == []
    # What the message says to do where there is no backup.
    (home_of(lake.root) / "audit" / "writer").unlink()
    note(lake, Act(EXPORT, "email", "nightly", run_id="nightly:2026-08-29"))
    result = verify(lake)
    assert (result.entries, result.chains, found(result)) == (7, 2, [])
