"""A lake that release 0.1 has written opens in this one, and in one with other contracts."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from jobs.lake.contract import Column, Table
from jobs.lake.migrations import MIGRATIONS, Migration
from jobs.lake.opening import open_lake
from jobs.lake.steps import RenameColumn, RetypeColumn
from jobs.lake.store import Lake
from jobs.lake.tables import TABLES
from jobs.lake.tables.gold import SEGMENTS
from jobs.lake.tables.identity import LINKS
from jobs.lake.tables.migrations import MIGRATIONS_RUN
from jobs.lake.tables.silver import FEEDBACK, PRODUCTS
from tests.lake.contents import stored
from tests.lake.old_lake import unpacked
from tests.rows import rows

ROWS = {
    "identity.identifiers": 4,
    "identity.persons": 3,
    "identity.links": 3,
    "gold.segments": 2,
    "silver.order_lines": 2,
    "silver.events": 2,
    "silver.consents": 3,
    "silver.messages": 2,
    "silver.feedback": 1,
    "silver.products": 2,
    "serving.recommendations": 2,
    "ops.runs": 4,
    "ops.quarantine": 2,
}
LATER = datetime(2026, 9, 1, tzinfo=UTC)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return unpacked(tmp_path)


def changed(table: Table, *columns: Column, **changes: Any) -> Table:
    """Return a contract with columns in the place of those they are told for, and others added."""
    other = {column.name: column for column in columns}
    kept = tuple(other.pop(column.name, column) for column in table.columns)
    return replace(table, columns=(*kept, *other.values()), **changes)


def held(lake: Lake, table: Table, *names: str) -> list[tuple[Any, ...]]:
    return sorted(tuple(row[name] for name in names) for row in lake.rows(table).to_pylist())


def test_it_opens_with_the_rows_that_it_had(lake: Lake) -> None:
    assert not lake.exists(MIGRATIONS_RUN)
    open_lake(lake, now=LATER)
    assert all(lake.exists(table) for table in TABLES.values())
    for name, table in TABLES.items() - {(MIGRATIONS_RUN.id, MIGRATIONS_RUN)}:
        assert len(stored(lake, table)) == ROWS.get(name, 0), name
    assert held(lake, SEGMENTS, "person_id", "family", "segment", "valid_from") == [
        ("p1", "rfm", "champions", date(2026, 7, 1)),
        ("p1", "rfm", "new", date(2026, 6, 1)),
    ]


def test_links_that_had_no_version_come_before_those_of_any_night(lake: Lake) -> None:
    (row, *_) = lake.rows(LINKS).to_pylist()
    del row["version"]
    shutil.rmtree(lake.path(LINKS))
    columns = tuple(column for column in LINKS.columns if column.name != "version")
    lake.append_rows(replace(LINKS, columns=columns, version="loaded_on"), [row])
    open_lake(lake, now=LATER)
    assert held(lake, LINKS, "left_id", "version") == [(row["left_id"], "2026-08-01")]


def test_it_opens_with_contracts_that_have_changed(lake: Lake, spark: SparkSession) -> None:
    label = replace(SEGMENTS.column("segment"), name="label")
    others = tuple(column for column in SEGMENTS.columns if column.name != "segment")
    key = tuple("label" if name == "segment" else name for name in SEGMENTS.key)
    new = {
        t.id: t
        for t in (
            changed(PRODUCTS, Column("colour", "string", "Colour.")),
            replace(SEGMENTS, columns=(*others, label), key=key, cluster_by=()),
            changed(FEEDBACK, Column("rating", "bigint", "Stars.", nullable=False)),
        )
    }
    tables: Mapping[str, Table] = {**TABLES, **new}
    steps = (
        RenameColumn("gold.segments", "segment", "label"),
        RetypeColumn("silver.feedback", "rating", "int", "bigint"),
    )
    migrations = (*MIGRATIONS, Migration("labels", "For the test.", steps))
    open_lake(lake, tables, migrations, LATER)
    segments, feedback, products = (new[t.id] for t in (SEGMENTS, FEEDBACK, PRODUCTS))
    assert held(lake, segments, "person_id", "label") == [("p1", "champions"), ("p1", "new")]
    assert held(lake, feedback, "feedback_id", "rating", "written_at") == [
        ("f1", 4, datetime(2026, 7, 9, 12, tzinfo=UTC))
    ]
    assert [row["colour"] for row in lake.rows(products).to_pylist()] == [None, None]
    read = Lake(lake.root, spark)
    assert {row.label for row in read.read(segments).collect()} == {"new", "champions"}
    assert [(row.rating, row.text) for row in read.read(feedback).collect()] == [
        (4, "Keeps tea warm")
    ]
    assert {row.colour for row in read.read(products).collect()} == {None}
    # A night goes on writing them.
    coming = {**dict(read.read(products).first().asDict()), "colour": "blue", "version": "2"}
    read.merge(products, rows(spark, products, [{**coming, "row_hash": 7}]), unit="the next night")
    assert sorted(map(str, lake.rows(products).column("colour").to_pylist())) == ["None", "blue"]
