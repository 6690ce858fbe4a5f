"""Normal forms: many spellings, one form."""

from __future__ import annotations

import doctest
from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.identity.matching import normal

FORMS: list[Callable[[str], str | None]] = [
    normal.text,
    normal.code,
    normal.name,
    normal.email,
    normal.street,
    normal.gender,
]


def test_the_examples_of_the_module() -> None:
    found = doctest.testmod(normal)
    assert (found.failed, found.attempted > 10) == (0, True)


@given(st.sampled_from(FORMS), st.text())
def test_a_form_is_stable_and_never_empty(form: Callable[[str], str | None], value: str) -> None:
    once = form(value)
    assert once is None or (once and form(once) == once)


@given(st.text(min_size=1), st.sampled_from([None, "GB"]), st.booleans())
def test_no_text_is_too_odd(value: str, region: str | None, month_first: bool) -> None:
    told = [
        normal.phone(value, region),
        normal.day(value, month_first=month_first),
        *normal.full_name(value),
    ]
    assert "" not in told


@pytest.mark.parametrize("value", ["", "  ", "-", "N/A", "null", "None", "UNKNOWN", "not known"])
def test_what_says_nothing_is_nothing(value: str) -> None:
    assert [form(value) for form in FORMS] == [None] * len(FORMS)


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        ("Łukasz", "lukasz"),
        ("Юрий", "yuriy"),
        ("小龙", "xiaolong"),
        ("D\u2019Arcy", "darcy"),
        ("ﬁnn", "finn"),
        ("Anne-Marie", "anne marie"),
    ],
)
def test_letters_of_any_script_become_those_of_ascii(value: str, plain: str) -> None:
    assert normal.name(value) == plain


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        ("Ann Lee", ("ann", None, "lee")),
        ("Lee, Ann", ("ann", None, "lee")),
        ("Ann Mary Lee", ("ann", "mary", "lee")),
        ("Mr. John Smith", ("john", None, "smith")),
        ("Ann", ("ann", None, None)),
        ("Maria de la Cruz", ("maria", None, "de la cruz")),
        (" , ", (None, None, None)),
    ],
)
def test_a_full_name_is_taken_apart(value: str, parts: tuple[str | None, ...]) -> None:
    assert normal.full_name(value) == parts


@given(
    st.dates(date(1931, 1, 1), date(2029, 12, 31)),
    st.sampled_from(
        [
            "%Y-%m-%d",
            "%Y/%m/%d",
            "%Y%m%d",
            "%Y%m%d.0",
            "%Y-%m-%dT00:00:00Z",
            "%Y-%m-%d 12:30:00",
            "%d.%m.%Y",
            "%d/%m/%y",
            "%d-%m-%Y",
            "%d %B %Y",
            "%d %b %y",
            "%B %d, %Y",
        ]
    ),
)
def test_a_date_is_read_in_any_notation(day: date, notation: str) -> None:
    assert normal.day(day.strftime(notation), month_first=False) == day.strftime("%Y%m%d")


@given(st.dates(date(1931, 1, 1), date(2029, 12, 31)), st.sampled_from(["%m/%d/%Y", "%m-%d-%y"]))
def test_a_month_may_come_first(day: date, notation: str) -> None:
    assert normal.day(day.strftime(notation), month_first=True) == day.strftime("%Y%m%d")


@pytest.mark.parametrize(
    ("value", "form"),
    [
        ("31/02/1980", "19800231"),
        ("1980-1-2", "19800102"),
        # A month without a day does not borrow that of today.
        ("December 1971", "19711201"),
        ("1971", "1971"),
        ("١٩٧١-١٢-٢٤", "19711224"),
        ("some day", None),
        ("-", None),
    ],
)
def test_dates_that_are_none_of_the_calendar(value: str, form: str | None) -> None:
    assert normal.day(value, month_first=False) == form


@pytest.mark.parametrize(
    ("values", "first"),
    [
        (["13/01/1980", "12/24/1980", "12/25/1980"], True),
        (["24/12/1980", "25/12/1980", "12/25/1980"], False),
        (["1980-12-24", "nothing"], False),
        ([], False),
    ],
)
def test_whether_months_come_first_is_told_by_the_whole_column(
    values: list[str], first: bool
) -> None:
    assert normal.month_comes_first(values) is first


@pytest.mark.parametrize(
    "value", ["020 7946 0018", "+44 (0)20 7946 0018", "0044 20 7946 0018", "(020) 7946-0018"]
)
def test_a_number_is_one_however_it_is_written(value: str) -> None:
    assert normal.phone(value, "GB") == "+442079460018"


@pytest.mark.parametrize("value", ["", "none", "12", "000000000", "ext."])
def test_what_is_no_number_is_none(value: str) -> None:
    assert normal.phone(value, "GB") is None


@pytest.mark.parametrize("value", ["ann", "@x.org", "ann@", "a b@x.org", "none@x.org", "+a@x.org"])
def test_what_is_no_address_is_none(value: str) -> None:
    assert normal.email(value) is None


def test_names_are_short_for_names() -> None:
    assert set(normal.aliases("peggy") or ()) & set(normal.aliases("margaret") or ())
    assert "ann" in (normal.aliases("ann marie") or ())


@pytest.mark.parametrize(
    ("value", "form"), [("Female", "f"), ("F", "f"), ("male", "m"), ("man", "m"), ("x", "x")]
)
def test_a_gender_is_its_letter(value: str, form: str) -> None:
    assert normal.gender(value) == form
