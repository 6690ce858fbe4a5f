"""Fields: what columns hold, told by their names and by their values."""

from __future__ import annotations

import re

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.identity.matching.fields import RecordsError, Role, find_fields

NAMES = {
    Role.FIRST_NAME: [
        "first_name",
        "firstName",
        "First Name",
        "GIVEN-NAME",
        "fname_c1",
        "forename",
        "fname",
        "Vorname",
        "Prénom",
    ],
    Role.MIDDLE_NAME: ["middle_name", "middleInitial", "fname_c2", "MI"],
    Role.LAST_NAME: ["last_name", "lastName", "Surname", "lname_c1", "family name", "sname"],
    Role.FULL_NAME: ["name", "Full Name", "customerName"],
    Role.EMAIL: ["email", "E-Mail", "emailAddress", "work_email", "email 2"],
    Role.PHONE: ["phone", "phoneNumber", "phone_number_1", "Mobile", "home_phone", "Tel. No."],
    Role.BIRTH_DATE: ["dob", "Date of Birth", "birthDate", "date_of_birth", "Birthday"],
    Role.BIRTH_YEAR: ["by", "birthYear", "year of birth"],
    Role.STREET: ["street", "address_1", "addressLine2", "Street Address", "Straße"],
    Role.HOUSE_NUMBER: ["street_number", "houseNo"],
    Role.CITY: ["city", "suburb", "birth_city"],
    Role.POSTCODE: ["postcode", "ZIP", "zipCode", "postal code", "PLZ"],
    Role.REGION: ["state", "county"],
    Role.COUNTRY: ["country", "countryCode"],
    Role.GENDER: ["gender", "SEX"],
    Role.IDENTIFIER: ["soc_sec_id", "SSN", "nationalId", "passport no", "invoice_number"],
    Role.OTHER: ["occupation", "household_id", "lname_c2"],
}


def held(columns: dict[str, list[object]], **how: object) -> dict[str, Role]:
    """Column to role of what is compared."""
    _, fields = find_fields(pd.DataFrame(columns), **how)  # type: ignore[arg-type]
    return {field.column: field.role for field in fields}


@pytest.mark.parametrize(
    ("role", "column"), [(role, column) for role, columns in NAMES.items() for column in columns]
)
def test_a_column_is_known_by_its_name(role: Role, column: str) -> None:
    found = held({column: ["x", "y", "x"], "colour": ["red", "red", "blue"]})
    assert found == {column: role, "colour": Role.OTHER}


def test_columns_of_rldata_are_known() -> None:
    columns = ["fname_c1", "fname_c2", "lname_c1", "lname_c2", "by", "bm", "bd"]
    assert held({column: [f"{column}1", "2", "2"] for column in columns}) == {
        "fname_c1": Role.FIRST_NAME,
        "fname_c2": Role.MIDDLE_NAME,
        "lname_c1": Role.LAST_NAME,
        "lname_c2": Role.OTHER,
        "by": Role.BIRTH_YEAR,
        "bm": Role.BIRTH_MONTH,
        "bd": Role.BIRTH_DAY,
    }


def test_birth_day_is_a_date_or_a_day_of_the_month_by_what_stands_beside_it() -> None:
    of_month = {"birth_year": ["1980", "1981"], "birth_month": ["1", "2"], "birth_day": ["3", "4"]}
    assert held(of_month)["birth_day"] is Role.BIRTH_DAY
    assert held({"birth_day": ["1980-01-03", "1981-02-04"]})["birth_day"] is Role.BIRTH_DATE


@pytest.mark.parametrize(
    ("values", "role"),
    [
        (["ann@x.org", "bob@y.org", "ann@x.org", None], Role.EMAIL),
        (["1980-01-02", "02/03/1981", "19820304", "02/03/1981"], Role.BIRTH_DATE),
        (["020 7946 0018", "+44 20 7946 0019", "(020) 7946-0018", "020 7946 0018"], Role.PHONE),
        (["red", "blue", "red", "green"], Role.OTHER),
    ],
)
def test_a_column_of_no_known_name_is_told_by_its_values(values: list[object], role: Role) -> None:
    assert held({"column": values})["column"] is role


def test_beside_a_date_of_birth_another_date_is_just_another_thing() -> None:
    dates: list[object] = ["1980-01-02", "1981-02-03", "1980-01-02"]
    assert held({"dob": dates, "since": dates}) == {"dob": Role.BIRTH_DATE, "since": Role.OTHER}


@pytest.mark.parametrize(
    ("columns", "name"),
    [
        ({"name": ["a", "b"], "rec_id": ["1", "2"]}, "rec_id"),
        ({"customerNo": ["1", "2"], "name": ["a", "b"]}, "customerNo"),
        # No name says so, but it is never empty and never twice the same.
        ({"name": ["a", "b", "a"], "nr": ["x1", "x2", "x3"]}, "nr"),
        ({"name": ["a", "b", "a"], "nr": ["x1", "x2", "x2"]}, None),
        ({"name": ["a", "b", "a"], "nr": ["x1", None, "x2"]}, None),
        # Called an id, it names a person rather than a record where it stands twice.
        ({"name": ["a", "b", "a"], "id": ["1", "2", "1"]}, None),
    ],
)
def test_the_id_is_found(columns: dict[str, list[object]], name: str | None) -> None:
    assert find_fields(pd.DataFrame(columns))[0] == name


def test_an_id_that_stands_twice_is_compared_as_an_identifier() -> None:
    found = held({"id": ["1", "2", "1"], "name": ["a", "b", "a"]})
    assert found == {"id": Role.IDENTIFIER, "name": Role.FULL_NAME}


@pytest.mark.parametrize("truth", ["cluster", "cluster_id", "ground_truth", "true_person"])
def test_a_truth_is_left_out_by_its_name(truth: str) -> None:
    assert held({"name": ["a", "b", "a"], truth: ["1", "2", "1"]}) == {"name": Role.FULL_NAME}


def test_a_truth_is_left_out_that_the_user_names() -> None:
    columns: dict[str, list[object]] = {"name": ["a", "b", "a"], "ssn": ["1", "2", "1"]}
    assert held(columns, without=["ssn"]) == {"name": Role.FULL_NAME}


def test_what_repeats_the_names_is_left_out() -> None:
    columns: dict[str, list[object]] = {
        "first_name": ["ann", "bob", "ann"],
        "last_name": ["lee", "kay", "lee"],
        "full_name": ["ann lee", "bob kay", "ann lee"],
        "greeting": ["Ann LEE", "Bob Kay", "Ann Lee"],
        "colour": ["red", "blue", "red"],
    }
    assert list(held(columns)) == ["first_name", "last_name", "colour"]


def test_a_full_name_counts_where_first_and_last_are_empty() -> None:
    found = held({"first_name": [None] * 2, "last_name": [None] * 2, "name": ["ann lee", "b kay"]})
    assert found == {"name": Role.FULL_NAME}


def test_what_tells_nothing_or_far_too_much_is_left_out() -> None:
    columns: dict[str, list[object]] = {
        "name": ["ann", "bob", "ann"],
        "source": ["web", "web", "web"],
        "fax": [None, None, None],
        "notes": ["so it is said " * 20, "and so on " * 30, "and so on " * 30],
    }
    assert held(columns) == {"name": Role.FULL_NAME}


def test_what_the_user_says_is_not_looked_at() -> None:
    columns: dict[str, list[object]] = {
        "id": ["1", "2", "1"],
        "col1": ["ann", "bob", "cid"],
        "city": ["x", "y", "x"],
        "email": ["a@b.org", "c@d.org", "a@b.org"],
    }
    said = {"col1": "first_name", "city": "last_name", "email": "ignored", "id": "phone"}
    found = held(columns, said=said)
    assert found == {"id": Role.PHONE, "col1": Role.FIRST_NAME, "city": Role.LAST_NAME}


def test_fields_of_one_kind_are_numbered() -> None:
    columns = {"address_1": ["a", "b"], "address_2": ["c", "d"], "email": ["e", "f"]}
    _, fields = find_fields(pd.DataFrame(columns))
    assert [field.name for field in fields] == ["street", "street_2", "email"]


@given(
    st.lists(
        st.text(max_size=12)
        | st.sampled_from(["alias", "x", "x_letters", "SELECT", "a.b", '"', ";"]),
        min_size=1,
        max_size=6,
        unique=True,
    )
)
def test_names_of_fields_are_safe_in_sql_and_never_twice_the_same(columns: list[str]) -> None:
    frame = pd.DataFrame({column: ["x", "y"] for column in columns})
    _, fields = find_fields(frame, said=dict.fromkeys(columns, "other"))
    names = [field.name for field in fields]
    assert all(re.fullmatch(r"other_[a-z0-9]*(_\d+)?", name) for name in names)
    assert len(set(names)) == len(columns)


def test_a_column_that_is_not_there_is_refused() -> None:
    frame = pd.DataFrame({"name": ["a", "b"]})
    with pytest.raises(RecordsError, match="no column 'nme'; they have 'name'"):
        find_fields(frame, said={"nme": "full_name"})
    with pytest.raises(RecordsError, match="no column 'person'"):
        find_fields(frame, without=["person"])


def test_a_role_that_is_none_is_refused_with_those_there_are() -> None:
    with pytest.raises(RecordsError, match=r"'town' is not a valid Role; roles are id, first_name"):
        find_fields(pd.DataFrame({"a": ["b", "c"]}), said={"a": "town"})


def test_records_that_tell_of_nobody_are_refused_with_what_to_do() -> None:
    with pytest.raises(RecordsError, match=r"None of the columns id, source .* --settings"):
        find_fields(pd.DataFrame({"id": ["1", "2"], "source": ["web", "web"]}))
