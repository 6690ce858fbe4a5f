"""Migrations: run once, recorded, the same wherever they are killed, and taken back."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.lake import faults
from jobs.lake.contract import Column, ContractError, Table
from jobs.lake.errors import DataError
from jobs.lake.migrations import MIGRATIONS, Migration
from jobs.lake.moves import DropTable, RenameTable
from jobs.lake.opening import take_back
from jobs.lake.steps import (
    ChangeKey,
    DropColumn,
    RenameColumn,
    RetypeColumn,
)
from jobs.lake.store import Lake
from jobs.lake.tables.migrations import MIGRATIONS_RUN
from jobs.lake.upgrade import START
from tests.lake.shelf import (
    BOOKS,
    BOUGHT_ON,
    FIRST,
    LOANS,
    MARKS,
    NUMBER,
    READER,
    SECOND,
    TAGS,
    TITLE,
    book,
    changed,
    form,
    opened,
    rows,
    shelved,
    stored,
)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Two books of two days and a loan, as the release before left them."""
    return shelved(tmp_path / "lake")


def test_a_new_lake_has_nothing_to_be_done_and_says_so(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    numbers = form(TITLE, NUMBER, BOUGHT_ON)
    steps = (
        RenameColumn("gold.books", "pages", "number"),
        RetypeColumn("gold.books", "number", "string", "int"),
        DropTable("gold.loans"),
    )
    opened(lake, changed(*steps), numbers)
    opened(lake, changed(*steps), numbers)
    recorded = lake.rows(MIGRATIONS_RUN).to_pylist()
    told = sorted((row["step"], row["action"], row["version_after"]) for row in recorded)
    assert told == [(0, "run", None), (1, "run", None), (2, "run", None)]
    assert lake.version(numbers) == 0


def test_migrations_have_names_of_their_own() -> None:
    names = [migration.id for migration in MIGRATIONS]
    assert len(set(names)) == len(names)
    assert START not in names


def test_a_name_of_large_letters_is_refused() -> None:
    with pytest.raises(ContractError, match="small letters"):
        Migration("Books, by day", "Why.", ())


WHOLE = (
    Migration(
        "books-by-number",
        "A page is counted.",
        (
            RenameColumn("gold.books", "pages", "number"),
            RetypeColumn("gold.books", "number", "string", "int"),
            DropColumn("gold.books", "tags"),
        ),
    ),
    Migration(
        "a-library",
        "Books are a library.",
        (
            RenameTable("gold.books", "gold.library"),
            ChangeKey("gold.library", ("title",), ("title", "bought_on")),
            DropTable("gold.loans"),
        ),
    ),
)
LIBRARY = form(TITLE, NUMBER, READER, MARKS, BOUGHT_ON, name="library", key=("title", "bought_on"))


def state(lake: Lake, *tables: Table) -> dict[str, Any]:
    """What must be the same however often a migration was killed."""
    found: dict[str, Any] = {
        table.id: (
            rows(lake, table),
            stored(lake, table),
            sorted(lake.delta(table).metadata().configuration.items()),
            [c.get("userMetadata") for c in reversed(lake.delta(table).history())],
        )
        for table in tables
    }
    recorded = sorted(lake.rows(MIGRATIONS_RUN).to_pylist(), key=lambda r: r["recorded_at"])
    names = ("migration_id", "step", "action", "version_before", "version_after")
    found["ledger"] = [tuple(row[name] for name in names) for row in recorded]
    found["folders"] = sorted(str(p.relative_to(lake.root)) for p in lake.root.glob("*/*"))
    return found


class Killer:
    """Stops what runs after so many commits."""

    def __init__(self, after: int) -> None:
        self.left = after

    def __call__(self, job: str, what: str) -> None:
        self.left -= 1
        if self.left == 0:
            raise faults.StoppedError(f"{job}/{what}")


def killed_and_repeated(act: Callable[[], Any], kills: list[int]) -> None:
    for after in kills:
        try:
            with faults.watched(Killer(after)):
                act()
            return
        except faults.StoppedError:
            continue
    act()


@pytest.fixture(scope="module")
def ways(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """A lake before, after the migrations, and after they were taken back."""
    before, there, back = (tmp_path_factory.mktemp("ways") / name for name in ("a", "b", "c"))
    shelved(before)
    shutil.copytree(before, there)
    opened(Lake(there), WHOLE, LIBRARY)
    shutil.copytree(there, back)
    take_back(Lake(back), WHOLE, START)
    return before, there, back


def copied(root: Path) -> Lake:
    target = root.with_name(uuid.uuid4().hex)
    shutil.copytree(root, target)
    return Lake(target)


def there_and_back(ways: tuple[Path, Path, Path], there: list[int], back: list[int]) -> None:
    lake = copied(ways[0])
    killed_and_repeated(lambda: opened(lake, WHOLE, LIBRARY), there)
    assert state(lake, LIBRARY) == state(Lake(ways[1]), LIBRARY)
    killed_and_repeated(lambda: take_back(lake, WHOLE, START), back)
    assert state(lake, BOOKS, LOANS) == state(Lake(ways[2]), BOOKS, LOANS)


def test_killed_after_every_single_commit_it_ends_the_same(ways: tuple[Path, Path, Path]) -> None:
    there_and_back(ways, [1] * 40, [1] * 40)


@settings(max_examples=5, deadline=None)
@given(there=st.lists(st.integers(1, 8), max_size=4), back=st.lists(st.integers(1, 8), max_size=4))
def test_killed_anywhere_and_repeated_it_ends_the_same(
    ways: tuple[Path, Path, Path], there: list[int], back: list[int]
) -> None:
    there_and_back(ways, there, back)


def test_taken_back_the_release_before_opens_it_and_the_next_one_runs_them_again(
    lake: Lake,
) -> None:
    before = rows(lake, BOOKS), stored(lake, BOOKS), rows(lake, LOANS)
    opened(lake, WHOLE, LIBRARY)
    take_back(lake, WHOLE, START)
    opened(lake, (), BOOKS, LOANS)
    assert (rows(lake, BOOKS), stored(lake, BOOKS), rows(lake, LOANS)) == before
    lake.append_rows(BOOKS, [book("Nana", "480", SECOND)])
    opened(lake, WHOLE, LIBRARY)
    assert [row["number"] for row in rows(lake, LIBRARY)] == [120, 480, 730]


def test_rows_written_since_stay_when_a_step_is_taken_back(lake: Lake) -> None:
    first = WHOLE[0].steps[:2]
    numbers = form(TITLE, NUMBER, READER, TAGS, MARKS, BOUGHT_ON)
    opened(lake, changed(*first), numbers, LOANS)
    new = {**book("Nana", day=date(2026, 3, 3)), "number": 480}
    del new["pages"]
    lake.append_rows(numbers, [new])
    take_back(lake, changed(*first), START)
    assert [row["pages"] for row in rows(lake, BOOKS)] == ["120", "480", "730"]


def test_what_was_dropped_comes_back_only_while_no_row_was_written_since(lake: Lake) -> None:
    without = form(TITLE, READER, TAGS, MARKS, BOUGHT_ON)
    drop = changed(DropColumn("gold.books", "pages"))
    opened(lake, drop, without, LOANS)
    new = book("Nana")
    del new["pages"]
    lake.append_rows(without, [new])
    with pytest.raises(DataError, match=r"pages is dropped: cannot be taken back: rows have been"):
        take_back(lake, drop, START)


def test_one_goes_back_to_a_migration(lake: Lake) -> None:
    opened(lake, WHOLE, LIBRARY)
    with pytest.raises(DataError, match="no migration books; there are start, books-by-number, a-"):
        take_back(lake, WHOLE, "books")
    take_back(lake, WHOLE, "books-by-number")
    middle = form(TITLE, NUMBER, READER, MARKS, BOUGHT_ON)
    opened(lake, WHOLE[:1], middle, LOANS)
    assert [row["number"] for row in rows(lake, middle)] == [120, 730]


def test_a_column_that_came_by_itself_goes_when_one_goes_back(lake: Lake) -> None:
    wider = form(TITLE, NUMBER, Column("shelf", "string", "Where."), READER, MARKS, BOUGHT_ON)
    opened(lake, WHOLE[:1], wider, LOANS)
    take_back(lake, WHOLE[:1], "books-by-number")
    assert "shelf" in stored(lake, wider), "the release that ran the migration has it"
    take_back(lake, WHOLE[:1], START)
    opened(lake, (), BOOKS, LOANS)
    assert [row["pages"] for row in rows(lake, BOOKS)] == ["120", "730"]


def test_a_version_from_before_a_migration_is_not_held(lake: Lake) -> None:
    numbers = form(TITLE, NUMBER, READER, TAGS, MARKS, BOUGHT_ON)
    before = lake.version(BOOKS)
    opened(lake, changed(*WHOLE[0].steps[:2]), numbers, LOANS)
    assert lake.holds(numbers, lake.version(numbers))
    assert not lake.holds(numbers, before)


def test_spark_and_duckdb_read_what_was_rewritten(lake: Lake, spark: Any) -> None:
    from jobs.lake.query import run_query

    opened(lake, WHOLE, LIBRARY)
    read = Lake(lake.root, spark).read(LIBRARY).orderBy("title").collect()
    assert [(row.title, row.number, row.marks) for row in read] == [
        ("Emma", 120, {"p1": 7}),
        ("Ulysses", 730, {"p1": 7}),
    ]
    theirs = spark.read.format("delta").load(lake.path(LIBRARY))
    assert theirs.columns == list(LIBRARY.names)
    written = Lake(lake.root, spark)
    written.replace(LIBRARY, theirs.where("title = 'Emma'"), dates=[FIRST], unit="again")
    _, found = run_query("SELECT title, number FROM gold.library ORDER BY title", lake.root)
    assert found == [("Emma", 120), ("Ulysses", 730)]
