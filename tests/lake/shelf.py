"""A shelf of books: a small contract of tests, in several forms, rows of it, and a lake with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from jobs.lake.contract import Column, Privacy, Refresh, Subject, Table
from jobs.lake.migrations import Migration
from jobs.lake.opening import open_lake
from jobs.lake.steps import Step
from jobs.lake.store import Lake
from jobs.lake.tables.migrations import MIGRATIONS_RUN
from jobs.lake.tables.ops import RUNS

TITLE = Column("title", "string", "Title.", nullable=False)
PAGES = Column("pages", "string", "How many pages.")
READER = Column("reader", "string", "Who has it.", Privacy.PSEUDONYMOUS, names=Subject.PERSON)
TAGS = Column("tags", "array<string>", "Words about it.")
MARKS = Column("marks", "map<string,bigint>", "Page a reader is at.")
BOUGHT_ON = Column("bought_on", "date", "When it was bought.", nullable=False)

BOOKS = Table(
    layer="gold",
    name="books",
    columns=(TITLE, PAGES, READER, TAGS, MARKS, BOUGHT_ON),
    key=("title",),
    refresh=Refresh.REPLACE_DATE,
    owner="tests",
    otherwise=Privacy.PUBLIC,
    description="Books.",
    date="bought_on",
    partition_by=("bought_on",),
)
FIRST, SECOND = date(2026, 3, 1), date(2026, 3, 2)


def form(*columns: Column, **changes: Any) -> Table:
    """Return the contract with other columns and other words."""
    return replace(BOOKS, columns=columns or BOOKS.columns, **changes)


def book(title: str, pages: str | None = "120", day: date = FIRST) -> dict[str, Any]:
    """Return a row."""
    return {
        "title": title,
        "pages": pages,
        "reader": "p1",
        "tags": ["old", "blue"],
        "marks": [("p1", 7)],
        "bought_on": day,
    }


def ran(ended_at: datetime, **more: Any) -> dict[str, Any]:
    """Return a row of ``ops.runs``."""
    return {
        "run_id": "nightly:2026-03-01",
        "dag": "nightly",
        "job": "shelve",
        "as_of": FIRST,
        "started_at": ended_at,
        "ended_at": ended_at,
        "state": "succeeded",
        **more,
    }


def at(day: int, hour: int = 3) -> datetime:
    """Return an hour of March 2026 (UTC)."""
    return datetime(2026, 3, day, hour, tzinfo=UTC)


OPS = (RUNS, MIGRATIONS_RUN)
LOANS = Table(
    layer="gold",
    name="loans",
    columns=(TITLE, READER),
    key=("title",),
    refresh=Refresh.REPLACE_ALL,
    owner="tests",
    otherwise=Privacy.PUBLIC,
    description="Loans.",
)
NUMBER = Column("number", "int", "How many pages.")


def changed(*steps: Step, name: str = "a-change") -> tuple[Migration, ...]:
    """Return one migration of some steps."""
    return (Migration(name, "For the test.", steps),)


def opened(lake: Lake, migrations: tuple[Migration, ...], *tables: Table) -> None:
    """Open a lake by some contracts, beside the ledgers."""
    open_lake(lake, {table.id: table for table in (*OPS, *tables)}, migrations)


def shelved(root: Path) -> Lake:
    """Make a lake of two books of two days and a loan, as the release before left it."""
    made = Lake(root)
    opened(made, (), BOOKS, LOANS)
    made.append_rows(BOOKS, [book("Emma"), book("Ulysses", "730", SECOND)])
    made.append_rows(LOANS, [{"title": "Emma", "reader": "p1"}])
    made.delta(BOOKS).alter.set_table_properties({"delta.logRetentionDuration": "interval 9 days"})
    return made


def rows(lake: Lake, table: Table) -> list[dict[str, Any]]:
    """Return the rows of a table, by title."""
    return sorted(lake.rows(table).to_pylist(), key=lambda row: str(row["title"]))


def stored(lake: Lake, table: Table) -> dict[str, tuple[str, bool, Any]]:
    """Return type, nullability and comment of each column, as they are stored."""
    return {
        f.name: (str(f.type), f.nullable, f.metadata.get("comment"))
        for f in lake.delta(table).schema().fields
    }
