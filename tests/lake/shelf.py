"""A shelf of books: a small contract of tests, in several forms, and rows of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from jobs.lake.contract import Column, Privacy, Refresh, Table

TITLE = Column("title", "string", "Title.", nullable=False)
PAGES = Column("pages", "string", "How many pages.")
READER = Column("reader", "string", "Who has it.", Privacy.PSEUDONYMOUS)
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
