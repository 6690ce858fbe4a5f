"""Steps of a migration: what each does to a stored table, and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jobs.lake.contract import Column, ContractError, Table
from jobs.lake.errors import DataError
from jobs.lake.moves import DropTable, RenameTable
from jobs.lake.opening import take_back
from jobs.lake.steps import AddColumn, ChangeKey, RenameColumn, RetypeColumn, TellApart
from jobs.lake.store import Lake
from jobs.lake.upgrade import START
from tests.lake.shelf import (
    BOOKS,
    BOUGHT_ON,
    FIRST,
    LOANS,
    MARKS,
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


def test_a_column_is_renamed_with_all_that_belongs_to_it(lake: Lake) -> None:
    renamed = form(
        Column("name", "string", "T.", nullable=False), *BOOKS.columns[1:], key=("name",)
    )
    before = lake.delta(BOOKS)
    steps = RenameColumn("gold.books", "title", "name"), ChangeKey(BOOKS.id, ("title",), ("name",))
    opened(lake, changed(*steps), renamed, LOANS)
    emma, ulysses = sorted(lake.rows(renamed).to_pylist(), key=lambda row: row["name"])
    wanted = book("Emma")
    wanted["name"] = wanted.pop("title")
    assert emma == wanted
    assert (ulysses["name"], ulysses["bought_on"]) == ("Ulysses", SECOND)
    assert stored(lake, renamed)["name"] == ('PrimitiveType("string")', False, "Title.")
    after = lake.delta(renamed)
    assert after.metadata().partition_columns == ["bought_on"]
    assert after.metadata().name == "gold.books"
    kept = after.metadata().configuration
    assert kept["delta.logRetentionDuration"] == "interval 9 days"
    assert kept["delta.dataSkippingStatsColumns"] == "name,pages"
    # No column mapping, no deletion vectors: any Delta reader opens it.
    assert after.protocol() == before.protocol()
    (last,) = after.get_add_actions(flatten=True)["max.name"].to_pylist()[:1]
    assert last in ("Emma", "Ulysses")


def test_a_partition_column_is_renamed(lake: Lake) -> None:
    since = Column("since", "date", "When it was bought.", nullable=False)
    renamed = form(*BOOKS.columns[:-1], since, date="since", partition_by=("since",))
    opened(lake, changed(RenameColumn("gold.books", "bought_on", "since")), renamed, LOANS)
    assert [row["since"] for row in rows(lake, renamed)] == [FIRST, SECOND]
    assert (Path(lake.path(BOOKS)) / f"since={FIRST}").is_dir()


def test_a_column_is_retyped_where_every_value_survives(lake: Lake) -> None:
    numbers = form(TITLE, Column("pages", "int", "P."), READER, TAGS, MARKS, BOUGHT_ON)
    lake.append_rows(BOOKS, [book("Nana", None)])
    opened(lake, changed(RetypeColumn("gold.books", "pages", "string", "int")), numbers, LOANS)
    assert [row["pages"] for row in rows(lake, numbers)] == [120, None, 730]
    assert rows(lake, numbers)[0]["marks"] == [("p1", 7)]


@pytest.mark.parametrize(
    ("former", "wanted", "good", "bad"),
    [
        ("string", "int", ["7", "-7"], ["007", "1.5", "x", "", "3000000000"]),
        ("string", "decimal(9,2)", ["7", "7.5", "7.500"], ["7.555", "1e3"]),
        ("string", "date", ["2026-03-01"], ["2026-02-30", "soon"]),
        ("string", "timestamp", ["2026-03-01 10:00", "2026-03-01T10:00:00Z"], ["at ten"]),
        ("bigint", "int", [7, -7], [3_000_000_000]),
        ("double", "bigint", [7.0], [7.5]),
        ("int", "string", [7], []),
    ],
)
def test_a_value_that_would_not_survive_refuses_the_cast(
    tmp_path: Path, former: str, wanted: str, good: list[Any], bad: list[Any]
) -> None:
    def of(kind: str) -> Table:
        return form(TITLE, Column("pages", kind, "P."), BOUGHT_ON)

    lake = Lake(tmp_path / "lake")
    migrations = changed(RetypeColumn("gold.books", "pages", former, wanted))
    opened(lake, (), of(former))
    lines = [{"title": f"{n}", "pages": v, "bought_on": FIRST} for n, v in enumerate(good)]
    lake.append_rows(of(former), lines)
    if bad:
        wrong = [{"title": f"b{n}", "pages": v, "bought_on": FIRST} for n, v in enumerate(bad)]
        lake.append_rows(of(former), wrong)
        version = lake.version(of(former))
        with pytest.raises(DataError, match=f"{len(bad)} rows hold a value that would not survive"):
            opened(lake, migrations, of(wanted))
        assert lake.version(of(former)) == version
        lake.delta(of(former)).delete("title LIKE 'b%'")
    opened(lake, migrations, of(wanted))
    assert lake.rows(of(wanted)).num_rows == len(good)
    assert not any(value is None for value in lake.rows(of(wanted)).column("pages").to_pylist())


def test_what_is_about_people_is_not_told(lake: Lake) -> None:
    with pytest.raises(DataError, match=r"2 rows hold .*, as '…'") as error:
        opened(lake, changed(RetypeColumn("gold.books", "reader", "string", "int")), BOOKS, LOANS)
    assert "p1" not in str(error.value)


def test_a_key_that_rows_share_is_refused(lake: Lake) -> None:
    lake.append_rows(BOOKS, [book("Emma", "3", SECOND)])
    days = form(key=("bought_on",))
    change = changed(ChangeKey("gold.books", ("title",), ("bought_on",)))
    with pytest.raises(DataError, match="1 keys are of several rows, as 2026-03-02"):
        opened(lake, change, days, LOANS)
    lake.delta(BOOKS).delete("pages = '3'")
    opened(lake, change, days, LOANS)


def test_rows_that_only_a_wider_key_tells_apart_are_folded_on_the_way_back(lake: Lake) -> None:
    numbers = form(TITLE, Column("pages", "int", "P."), READER, TAGS, MARKS, BOUGHT_ON)
    steps = (
        RetypeColumn("gold.books", "pages", "string", "int"),
        ChangeKey("gold.books", ("title",), ("title", "bought_on")),
        TellApart("gold.books", ("title",), ("bought_on",), sums=("pages",)),
    )
    wider = replace(numbers, key=("title", "bought_on"))
    opened(lake, changed(*steps), wider, LOANS)
    lake.append_rows(wider, [book("Emma", 30, SECOND) | {"reader": "p9"}])
    take_back(lake, changed(*steps), START)
    told = [(row["title"], row["pages"], row["reader"]) for row in rows(lake, BOOKS)]
    assert ("Emma", "150", "p9") in told
    assert [title for title, *_ in told] == ["Emma", "Ulysses"]


def test_a_column_that_may_not_be_null_gets_a_value(lake: Lake) -> None:
    wider = form(*BOOKS.columns, Column("isbn", "string", "Number.", nullable=False))
    add = AddColumn("gold.books", "isbn", "string", "'none: ' || title", "Number.")
    opened(lake, changed(add), wider, LOANS)
    assert [row["isbn"] for row in rows(lake, wider)] == ["none: Emma", "none: Ulysses"]
    assert stored(lake, wider)["isbn"] == ('PrimitiveType("string")', False, "Number.")


def test_a_table_gets_another_name_and_one_is_moved_aside(lake: Lake) -> None:
    library = form(name="library")
    steps = RenameTable("gold.books", "gold.library"), DropTable("gold.loans")
    opened(lake, changed(*steps), library)
    assert [row["title"] for row in rows(lake, library)] == ["Emma", "Ulysses"]
    assert lake.delta(library).metadata().name == "gold.library"
    assert not Path(lake.path(BOOKS)).exists() and not Path(lake.path(LOANS)).exists()
    assert (lake.root / "_dropped" / "gold" / "loans" / "_delta_log").is_dir()


def test_only_plain_types_are_cast() -> None:
    with pytest.raises(ContractError, match="only plain types"):
        RetypeColumn("gold.books", "tags", "array<string>", "string")
