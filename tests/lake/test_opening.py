"""Opening a lake: made, brought to its contracts, or refused with what is to be done."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from jobs.lake import opening, upgrade
from jobs.lake.contract import Column, Privacy, Table
from jobs.lake.damage import DamagedError
from jobs.lake.ends import missing_ends
from jobs.lake.errors import ClockError, DataError
from jobs.lake.migrations import Migration
from jobs.lake.note import NOTE
from jobs.lake.opening import make_anew, open_lake
from jobs.lake.steps import ChangeKey, DropColumn
from jobs.lake.store import Lake
from jobs.lake.tables.migrations import MIGRATIONS_RUN
from jobs.lake.tables.ops import RUNS
from tests.lake.shelf import (
    BOOKS,
    BOUGHT_ON,
    MARKS,
    PAGES,
    READER,
    TAGS,
    TITLE,
    at,
    book,
    form,
    ran,
)

OPS = {table.id: table for table in (RUNS, MIGRATIONS_RUN)}
SHELF_MARK = Column("shelf", "string", "Where it stands.")


def tables(*found: Table) -> dict[str, Table]:
    return OPS | {table.id: table for table in found}


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """A lake with two books, opened once."""
    made = Lake(tmp_path / "lake")
    open_lake(made, tables(BOOKS), ())
    made.append_rows(BOOKS, [book("Emma"), book("Ulysses", "730")])
    made.append_rows(RUNS, [ran(at(2), outputs=[("gold.books", 1)])])
    return made


def log_of(lake: Lake, table: Table, version: int) -> Path:
    return Path(lake.path(table)) / "_delta_log" / f"{version:020d}.json"


def contents(root: Path) -> dict[str, bytes]:
    """Every file of the lake but the lock."""
    files = [path for path in root.rglob("*") if path.is_file() and "_writer" not in path.name]
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


def test_a_new_lake_gets_every_table_and_a_second_opening_changes_nothing(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    open_lake(lake, tables(BOOKS), ())
    before = contents(lake.root)
    open_lake(lake, tables(BOOKS), ())
    assert contents(lake.root) == before
    assert set(json.loads(before[NOTE])["made"]) == set(tables(BOOKS))


def test_an_unchanged_lake_is_opened_without_a_look_at_its_tables(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    def looked(*_: object) -> None:
        raise AssertionError("it was looked at")

    monkeypatch.setattr(opening, "differences", looked)
    open_lake(lake, tables(BOOKS), ())


def test_a_table_that_is_gone_is_refused_and_nothing_is_written(lake: Lake) -> None:
    shutil.rmtree(lake.path(BOOKS))
    before = contents(lake.root)
    with pytest.raises(DataError, match=r"gold\.books is gone") as error:
        open_lake(lake, tables(BOOKS), ())
    assert "shelve wrote it last at 2026-03-02 03:00:00 UTC" in str(error.value)
    assert "backup" in str(error.value) and "--anew gold.books" in str(error.value)
    assert contents(lake.root) == before


def test_a_lake_without_a_note_misses_the_tables_that_its_runs_have_written(lake: Lake) -> None:
    (lake.root / NOTE).unlink()
    open_lake(lake, tables(BOOKS), ())
    (lake.root / NOTE).unlink()
    shutil.rmtree(lake.path(BOOKS))
    with pytest.raises(DataError, match=r"gold\.books is gone"):
        open_lake(lake, tables(BOOKS), ())


def test_what_is_gone_can_be_made_anew_by_a_person(lake: Lake) -> None:
    with pytest.raises(DataError, match="only a table that is gone"):
        make_anew(lake, BOOKS, "by mistake")
    shutil.rmtree(lake.path(BOOKS))
    make_anew(lake, BOOKS, "the disk was lost; gold follows from silver")
    open_lake(lake, tables(BOOKS), ())
    assert lake.rows(BOOKS).num_rows == 0
    (row,) = lake.rows(MIGRATIONS_RUN).to_pylist()
    assert (row["action"], row["table"], row["why"][:13]) == ("anew", "gold.books", "the disk was ")


@pytest.mark.parametrize(
    ("minutes", "refused"), [(-2, True), (-0.5, False), (0, False), (9, False)]
)
def test_a_clock_that_is_behind_the_last_run_is_refused(
    lake: Lake, minutes: float, refused: bool
) -> None:
    now = at(2) + timedelta(minutes=minutes)
    if not refused:
        return open_lake(lake, tables(BOOKS), (), now)
    with pytest.raises(ClockError, match=r"says 2026-03-02 02:58:00 UTC.*at 2026-03-02 03:00:00"):
        open_lake(lake, tables(BOOKS), (), now)


def test_a_wrong_clock_may_be_right_when_it_is_tried_again() -> None:
    from jobs.cli.tasks import retry_helps

    assert retry_helps(ClockError("behind"))


def test_columns_that_may_be_null_come_by_themselves(lake: Lake) -> None:
    wider = form(TITLE, PAGES, READER, SHELF_MARK, TAGS, MARKS, BOUGHT_ON)
    open_lake(lake, tables(wider), ())
    assert lake.rows(wider).column("shelf").to_pylist() == [None, None]
    stored = {f.name: f for f in lake.delta(wider).schema().fields}
    assert stored["shelf"].metadata == {"comment": "Where it stands."}
    counted = lake.delta(wider).metadata().configuration["delta.dataSkippingStatsColumns"]
    assert sorted(counted.split(",")) == ["pages", "shelf", "title"]
    lake.append_rows(wider, [{**book("Dubliners"), "shelf": "a"}])
    assert lake.rows(wider).num_rows == 3


def test_a_column_may_be_null_from_now_on_and_may_become_about_people(lake: Lake) -> None:
    loose = Column("title", "string", "Title.", Privacy.PSEUDONYMOUS)
    changed = form(loose, PAGES, READER, TAGS, MARKS, BOUGHT_ON)
    open_lake(lake, tables(changed), ())
    lake.append_rows(changed, [{**book("x"), "title": None}])
    assert lake.delta(changed).metadata().configuration == {
        "delta.dataSkippingStatsColumns": "pages"
    }


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ((TITLE, READER, TAGS, MARKS, BOUGHT_ON), r"gold\.books has a column pages"),
        (
            (TITLE, Column("pages", "int", "P."), READER, TAGS, MARKS, BOUGHT_ON),
            r"gold\.books: column pages is string, its contract wants int",
        ),
        (
            (*BOOKS.columns, Column("isbn", "string", "Number.", nullable=False)),
            r"gold\.books lacks column isbn \(string\), which its rows cannot lack",
        ),
    ],
)
def test_what_no_migration_mends_is_refused(
    lake: Lake, columns: tuple[Column, ...], said: str
) -> None:
    before = contents(lake.root)
    with pytest.raises(DataError, match=said):
        open_lake(lake, tables(form(*columns)), ())
    assert contents(lake.root) == before


def test_another_key_wants_a_look_at_the_rows(lake: Lake) -> None:
    other = form(key=("title", "bought_on"))
    with pytest.raises(DataError, match="its key was title, its contract wants title, bought_on"):
        open_lake(lake, tables(other), ())
    change = ChangeKey("gold.books", ("title",), ("title", "bought_on"))
    open_lake(lake, tables(other), (Migration("books-by-day", "Twice bought.", (change,)),))


def test_a_lake_of_a_later_release_is_refused(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upgrade, "version", lambda _: "0.10.0")
    open_lake(lake, tables(form(*BOOKS.columns, SHELF_MARK)), ())
    monkeypatch.setattr(upgrade, "version", lambda _: "0.9.2")
    with pytest.raises(DataError, match=r"written by release 0\.10\.0, and this is 0\.9\.2"):
        open_lake(lake, tables(BOOKS), ())


def test_a_lake_with_migrations_that_nobody_knows_is_refused(lake: Lake) -> None:
    without = form(TITLE, READER, TAGS, MARKS, BOUGHT_ON)
    drop = Migration("pages-go", "Nobody counts.", (DropColumn("gold.books", "pages"),))
    open_lake(lake, tables(without), (drop,))
    with pytest.raises(DataError, match=r"migration\(s\) that release .* does not know: pages-go"):
        open_lake(lake, tables(BOOKS), ())


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-40]), "is not whole"),
        (lambda path: path.write_bytes(b""), "is empty"),
        (lambda path: path.write_bytes(b"\0\1 no JSON"), "is not whole"),
        (lambda path: path.unlink(), "is missing"),
    ],
)
def test_a_damaged_log_is_named_and_nothing_is_written(lake: Lake, damage, said: str) -> None:  # type: ignore[no-untyped-def]
    lake.append_rows(BOOKS, [book("Dubliners")])
    last = said == "is empty"
    path = log_of(lake, BOOKS, 2 if last else 1)
    damage(path)
    before = contents(lake.root)
    for act in (
        lambda: lake.rows(BOOKS),
        lambda: lake.append_rows(BOOKS, [book("Nana")]),
        lambda: open_lake(lake, tables(form(*BOOKS.columns, SHELF_MARK)), ()),
    ):
        with pytest.raises(DamagedError, match=rf"gold\.books cannot be read: {path} {said}"):
            act()
    assert contents(lake.root) == before


def test_a_broken_checkpoint_is_named(lake: Lake) -> None:
    lake.delta(BOOKS).create_checkpoint()
    (path,) = (Path(lake.path(BOOKS)) / "_delta_log").glob("*.checkpoint.parquet")
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(DamagedError, match=f"{path} is no Parquet file"):
        lake.rows(BOOKS)


def test_the_times_of_runs_come_from_the_log_where_they_can(lake: Lake) -> None:
    assert opening.last_written(lake) == at(2)
    lake.append_rows(RUNS, [{**ran(at(4)), "ended_at": None}])
    assert opening.last_written(lake) == at(2)


def test_a_log_whose_end_is_missing_is_refused(lake: Lake) -> None:
    open_lake(lake, tables(BOOKS), (), now=at(3))
    log_of(lake, BOOKS, 1).unlink()
    before = contents(lake.root)
    with pytest.raises(DataError, match=r"gold\.books ends with version 0, .* written version 1"):
        open_lake(lake, tables(BOOKS), (), now=at(3))
    assert contents(lake.root) == before


def test_a_log_that_was_tidied_up_ends_where_it_ends(lake: Lake) -> None:
    lake.append_rows(BOOKS, [book("Ulysses II")])
    lake.delta(BOOKS).create_checkpoint()
    log_of(lake, BOOKS, 1).unlink()
    open_lake(lake, tables(BOOKS), (), now=at(3))
    assert missing_ends(lake) == []


def test_a_table_that_was_made_anew_begins_again(lake: Lake) -> None:
    shutil.rmtree(lake.path(BOOKS))
    make_anew(lake, BOOKS, "it was lost")
    open_lake(lake, tables(BOOKS), (), now=at(3))
    assert missing_ends(lake) == []
