"""Records: what is read from files, and the table that is compared."""

from __future__ import annotations

import datetime
import decimal
import random
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.identity.matching.fields import Field, RecordsError, Role
from jobs.identity.matching.records import RECORD, keys, normalised, numbered, read_records, texts


def rows(frame: pd.DataFrame) -> list[tuple[object, ...]]:
    """Header and rows."""
    return [tuple(frame.columns), *frame.itertuples(index=False, name=None)]


EXPECTED = [("id", "last name", "dob"), ("1", "Lée", "1980-01-02"), ("2", None, "1981-02-03")]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_csv_of_any_mark_and_encoding_is_read(tmp_path: Path, mark: str, encoding: str) -> None:
    lines = [("id", " last name", '"dob"'), ("1", "Lée ", "1980-01-02"), ("2", " ", "1981-02-03")]
    path = tmp_path / "records.csv"
    path.write_bytes("\r\n".join(map(mark.join, lines)).encode(encoding))
    assert rows(read_records(path)) == EXPECTED


def test_a_mark_within_a_heading_does_not_part_it(tmp_path: Path) -> None:
    path = tmp_path / "records.csv"
    path.write_text('id;name (last, first, middle);"a,b,c"\n1;Lee, Ann;x\n')
    assert rows(read_records(path)) == [
        ("id", "name (last, first, middle)", "a,b,c"),
        ("1", "Lee, Ann", "x"),
    ]


def test_lines_may_be_short_or_end_with_a_mark(tmp_path: Path) -> None:
    path = tmp_path / "records.csv"
    path.write_text("id,first,last\n1,ann,lee,\n2,bob\n")
    assert rows(read_records(path))[1:] == [("1", "ann", "lee"), ("2", "bob", None)]


@pytest.mark.parametrize("text", ["id,first\n1,ann,lee\n2,bob,kay\n", "id,first\n1,ann\n2,b,k\n"])
def test_lines_with_more_values_than_columns_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "records.csv"
    path.write_text(text)
    with pytest.raises(RecordsError, match=r"records\.csv: cannot be read as person records"):
        read_records(path)


def test_numbers_that_lost_their_form_for_a_gap_get_it_back(tmp_path: Path) -> None:
    path = tmp_path / "records.csv"
    path.write_text("phone,rate\n5550109999.0,1.0\n,2.5\n5550109998.0,3.0\n")
    assert rows(read_records(path))[1:] == [
        ("5550109999", "1.0"),
        (None, "2.5"),
        ("5550109998", "3.0"),
    ]


@pytest.mark.parametrize("heads", [("name", "name "), ("name", "name"), (" name", "name")])
def test_columns_that_are_called_the_same_are_told_apart(
    tmp_path: Path, heads: tuple[str, str]
) -> None:
    path = tmp_path / "records.csv"
    path.write_text(",".join(heads) + "\nann,lee\n")
    found = read_records(path)
    assert found.columns[0] == "name"
    assert (found.columns.is_unique, found.iloc[0].tolist()) == (True, ["ann", "lee"])


def test_parquet_of_any_type_is_read_as_text(tmp_path: Path) -> None:
    path = tmp_path / "records.parquet"
    frame = pd.DataFrame(
        {
            "whole": [1, 2**60],
            "gap": [5550109999.0, None],
            "part": [0.5, float("inf")],
            "huge": [1e300, 1.0],
            "flag": [True, False],
            "maybe": pd.array([True, None], dtype="boolean"),
            "day": [datetime.date(1980, 1, 2), None],
            "moment": [pd.Timestamp("1980-01-02 03:04"), pd.NaT],
            "zone": pd.to_datetime(["1980-01-02", None], utc=True),
            "money": [decimal.Decimal("1.50"), None],
            "bytes": ["Lée".encode(), b"\xff"],
            "list": [["a"], None],
            "kind": pd.Categorical(["x", None]),
        }
    )
    frame.to_parquet(path, index=False)
    assert rows(read_records(path))[1:] == [
        ("1", "5550109999", "0.5", "1e+300", "True", "True", "1980-01-02", "1980-01-02",
         "1980-01-02", "1.50", "Lée", "['a']", "x"),
        (str(2**60), None, "inf", "1.0", "False", None, None, None, None, None, "�", None, None),
    ]  # fmt: skip


def test_the_index_of_a_frame_is_a_column(tmp_path: Path) -> None:
    path = tmp_path / "records.parquet"
    pd.DataFrame({"a": ["x"]}, index=pd.Index(["r7"], name="rec_id")).to_parquet(path)
    assert rows(read_records(path)) == [("rec_id", "a"), ("r7", "x")]


def test_files_that_hold_no_records_are_refused(tmp_path: Path) -> None:
    nothing, header = tmp_path / "nothing.csv", tmp_path / "header.csv"
    nothing.touch()
    header.write_text("id,name\n")
    twice = tmp_path / "twice.parquet"
    pq.write_table(pa.table([pa.array(["a"]), pa.array(["b"])], names=["name", "name"]), twice)
    torn = tmp_path / "torn.parquet"
    torn.write_bytes(b"PAR1")
    with pytest.raises(RecordsError, match=r"header\.csv: holds no records"):
        read_records(header)
    for path in (nothing, twice, torn):
        with pytest.raises(RecordsError, match=rf"{path.name}: cannot be read as person records"):
            read_records(path)
    for path in (tmp_path / "absent.csv", tmp_path):
        with pytest.raises(RecordsError, match="no such file"):
            read_records(path)


def test_keys_are_ids_or_rows() -> None:
    frame = pd.DataFrame({"id": [3.0, 1.0], "name": ["a", "b"]})
    assert keys(frame, "id") == ["3", "1"]
    assert keys(frame, None) == ["row 1", "row 2"]


@pytest.mark.parametrize(
    ("ids", "wrong"),
    [
        (["a", None, "b"], "Column 'id': row 2 has no id"),
        (["a", "", "b"], "Column 'id': row 2 has no id"),
        (["a", "b", "a", "a"], "Column 'id': 2 ids stand twice, such as 'a'"),
        ([1.0, 2.0, 1.0], "Column 'id': 1 ids stand twice, such as '1'"),
    ],
)
def test_ids_that_are_missing_or_stand_twice_are_refused(ids: list[object], wrong: str) -> None:
    with pytest.raises(RecordsError, match=wrong):
        keys(pd.DataFrame({"id": ids}), "id")


@given(st.lists(st.none() | st.integers(-(2**53), 2**53), min_size=1))
def test_whole_numbers_are_one_text_in_any_type(numbers: list[int | None]) -> None:
    expected = [None if n is None else str(n) for n in numbers]
    assert texts(pd.Series(numbers, dtype=object)) == expected
    assert texts(pd.Series(numbers, dtype="Int64")) == expected
    assert texts(pd.Series(numbers, dtype=float)) == expected


def table(columns: dict[str, list[object]], *roles: Role) -> pd.DataFrame:
    """Normal forms of columns that are named as their fields."""
    fields = [Field(n, role, n) for n, role in zip(columns, roles, strict=True)]
    return normalised(pd.DataFrame(columns), fields)


def test_fields_come_out_in_normal_form() -> None:
    columns: dict[str, list[object]] = {
        "first_name": ["Dr. Zoë", None],
        "last_name": ["O'Brien", "N/A"],
        "birth_date": ["24/12/1971", "31/12/1999"],
        "email": ["Z.B+x@Y.org", "none"],
        "postcode": ["sw1a 1aa", 2000],
    }
    roles = (Role.FIRST_NAME, Role.LAST_NAME, Role.BIRTH_DATE, Role.EMAIL, Role.POSTCODE)
    assert rows(table(columns, *roles)[list(columns)])[1:] == [
        ("zoe", "obrien", "19711224", "z.b@y.org", "SW1A1AA"),
        (None, None, "19991231", None, "2000"),
    ]


def test_columns_follow_from_fields() -> None:
    found = table(
        {"last_name": ["Smith", None], "birth_date": ["1971-12-24", "1971"]},
        Role.LAST_NAME,
        Role.BIRTH_DATE,
    )
    following = ["last_name_initial", "last_name_sound"]
    parts = ["birth_date_year", "birth_date_month", "birth_date_day"]
    assert rows(found[following + parts])[1:] == [
        ("s", "SM0", "1971", "12", "24"),
        (None, None, "1971", None, None),
    ]


def test_a_full_name_gives_what_is_not_told_beside_it() -> None:
    names: dict[str, list[object]] = {
        "last_name": ["Kay", "Lee"],
        "full_name": ["Ann Lee", "Lee, Bob J."],
    }
    found = table(names, Role.LAST_NAME, Role.FULL_NAME)
    assert "full_name" not in found
    assert rows(found[["first_name", "middle_name", "last_name"]])[1:] == [
        ("ann", None, "kay"),
        ("bob", "j", "lee"),
    ]


def test_year_month_and_day_are_put_together() -> None:
    parts: dict[str, list[object]] = {
        "birth_year": [1980.0, 1981.0, None],
        "birth_month": ["3", "12", "1"],
        "birth_day": [4, None, 5],
    }
    found = table(parts, Role.BIRTH_YEAR, Role.BIRTH_MONTH, Role.BIRTH_DAY)
    assert found["birth_date"].tolist() == ["19800304", "19811200", None]
    assert not {"birth_year", "birth_month", "birth_day"} & set(found.columns)


def test_house_numbers_are_taken_off_the_street() -> None:
    found = table({"street": ["12 High St.", "Hauptstr 7a", "The Mill", None]}, Role.STREET)
    assert rows(found[["house_number", "street"]])[1:] == [
        ("12", "high street"),
        ("7a", "hauptstr"),
        (None, "the mill"),
        (None, None),
    ]


def test_a_street_keeps_its_number_beside_a_column_of_them() -> None:
    told: dict[str, list[object]] = {"street": ["12 High St"], "house_number": ["3"]}
    found = table(told, Role.STREET, Role.HOUSE_NUMBER)
    assert rows(found[["street", "house_number"]])[1:] == [("12 high street", "3")]


def test_huge_values_are_cut_before_they_are_compared() -> None:
    columns: dict[str, list[object]] = {"full_name": ["ab " * 10_000], "other_x": ["y" * 10_000]}
    found = table(columns, Role.FULL_NAME, Role.OTHER)
    longest = max(len(v) for v in found.iloc[0] if isinstance(v, str))
    assert longest == 100


@given(st.lists(st.text(min_size=1), unique=True, min_size=1), st.randoms(use_true_random=False))
def test_numbers_follow_the_keys_and_not_the_order(found: list[str], seed: random.Random) -> None:
    shuffled = seed.sample(found, len(found))
    first, in_order = numbered(pd.DataFrame({"value": found}), found)
    second, same = numbered(pd.DataFrame({"value": shuffled}), shuffled)
    assert in_order == same == first["value"].tolist()
    assert first[RECORD].tolist() == np.arange(len(found)).tolist()
    pd.testing.assert_frame_equal(first, second)
