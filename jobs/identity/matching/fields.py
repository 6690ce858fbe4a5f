"""Fields: what each column of person records holds, found by its name and its values."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import pandas as pd
from anyascii import anyascii

from jobs.lake.errors import BespokeError


class Role(StrEnum):
    """What a column tells of a person."""

    ID = "id"
    FIRST_NAME = "first_name"
    MIDDLE_NAME = "middle_name"
    LAST_NAME = "last_name"
    FULL_NAME = "full_name"
    EMAIL = "email"
    PHONE = "phone"
    BIRTH_DATE = "birth_date"
    BIRTH_YEAR = "birth_year"
    BIRTH_MONTH = "birth_month"
    BIRTH_DAY = "birth_day"
    STREET = "street"
    HOUSE_NUMBER = "house_number"
    CITY = "city"
    POSTCODE = "postcode"
    REGION = "region"
    COUNTRY = "country"
    GENDER = "gender"
    IDENTIFIER = "identifier"
    OTHER = "other"
    IGNORED = "ignored"


OWN = frozenset(
    {
        Role.FIRST_NAME,
        Role.MIDDLE_NAME,
        Role.BIRTH_DATE,
        Role.BIRTH_YEAR,
        Role.IDENTIFIER,
    }
)
"""What relatives and neighbours have in common by chance alone."""
BORN = frozenset({Role.BIRTH_DATE, Role.BIRTH_YEAR})
"""What twins have in common."""
NAMES = frozenset({Role.FIRST_NAME, Role.MIDDLE_NAME, Role.LAST_NAME})
"""What namesakes have in common."""
NAMING = frozenset({Role.EMAIL, Role.PHONE, Role.IDENTIFIER})
"""What is handed out to one, or to a few at most."""
ADDRESS = frozenset(
    {Role.STREET, Role.HOUSE_NUMBER, Role.CITY, Role.POSTCODE, Role.REGION, Role.COUNTRY}
)
"""What changes when a person moves house."""
PLACES = ADDRESS | {Role.OTHER}
"""What people of one place may have in common."""


FORMAT = 2
"""Raised where records come into another form, or are graded otherwise, than before."""


class RecordsError(BespokeError):
    """The records, or what was said of their columns, cannot be used."""


class FormatError(BespokeError):
    """An identity model was kept by a release that compares records otherwise."""


@dataclass(frozen=True)
class Field:
    """One thing that records tell.

    Attributes
    ----------
    name : str
        Its column after normalisation, such as ``street_2``.
    role : Role
        What it holds.
    column : str
        The column it was read from.
    """

    name: str
    role: Role
    column: str


_NAMES: Mapping[Role, str] = {
    Role.IGNORED: r"cluster(_?id)?|(ground_?)?truth|label|entity(_?id)?|true_.*",
    Role.ID: r"id|uid|uuid|key|index|row_?(id|no|number)|rec(ord)?_?(id|no|key)|unique_?id"
    r"|(customer|person|client|member|user|patient|voter)_?(id|no|key|number)",
    Role.FIRST_NAME: r"(first|given|fore|christian)_?names?|fname(_c1)?|first|given|forename"
    r"|vorname|prenom|nombre|(first|given|fore)_?name_?1",
    Role.MIDDLE_NAME: r"(middle|second)_?(name|initial)s?|mname|middle|fname_c2|midinit|mi",
    Role.LAST_NAME: r"(last|family|sur)_?names?|sname|lname(_c1)?|surname|last|nachname|apellido"
    r"|nom(_de_famille)?|(last|family|sur)_?name_?1",
    Role.FULL_NAME: r"(full|person|customer|client|display|contact)_?names?|names?|fullname",
    Role.EMAIL: r"e?_?mail(_?address)?(_?\d)?|.*_email|email_.*",
    Role.PHONE: r"(tele)?phone(_?(no|num|number))?(_?\d)?|tel(_?(no|num))?"
    r"|mobile(_?(no|phone|number))?|cell(_?phone)?|.*_(tele)?phone|phone_.*",
    Role.BIRTH_DATE: r"dob|d_o_b|birth_?date|date_?of_?birth|birth_?day|born(_?on)?|geburtsdatum",
    Role.BIRTH_YEAR: r"(birth_?year|year_?of_?birth|yob|by|birth_?yr)",
    Role.BIRTH_MONTH: r"(birth_?month|month_?of_?birth|mob|bm)",
    Role.BIRTH_DAY: r"(birth_?day_?of_?month|day_?of_?birth|bd)",
    Role.HOUSE_NUMBER: r"(street|house|building|door)_?(no|num|number)|hausnummer|house",
    Role.STREET: r"(street_?|home_?|mailing_?|postal_?|res(idence)?_?)?addr(ess)?(_?line)?(_?\d)?"
    r"|street(_?(name|address))?(_?\d)?|address_.*|line_?\d|strasse",
    Role.CITY: r"city|town|suburb|locality|municipality|place|village|ort|ville|.*_city",
    Role.POSTCODE: r"post_?code|postal_?code|zip(_?code)?\d?|plz|.*_postcode|.*_zip(_?code)?"
    r"|postcode_.*",
    Role.REGION: r"state|region|county|province|district|bundesland|.*_state",
    Role.COUNTRY: r"country(_?code)?|nation|land",
    Role.GENDER: r"gender|sex",
    Role.OTHER: r"(household|family|address)_?(id|no|key)",
    Role.IDENTIFIER: r"ssn|soc_?sec(urity)?(_?(id|no|number))?|social_?security.*|nhs.*"
    r"|national_?id|passport.*|tax_?(id|no|number)|loyalty.*|(card|licen[cs]e|account|membership).*",
}
"""A role to the names, in small letters and with underscores, that a column of it may bear."""

_REPEATED = (
    Role.EMAIL,
    Role.PHONE,
    Role.STREET,
    Role.CITY,
    Role.POSTCODE,
    Role.IDENTIFIER,
    Role.OTHER,
    Role.IGNORED,
)
"""Roles that more than one column may have."""
_DAYS = ("birth_day", "birthday")
_EMAILS = r"[^@\s]+@[^@\s]+"
_DATES = (
    r"(?:19|20)\d\d[-/.]?[01]\d[-/.]?[0-3]\d(?:[ T].*)?|[0-3]?\d[-/.][0-3]?\d[-/.](?:19|20)?\d\d"
)
_PHONES = r"\+?\(?\d[\d\s()./-]{6,17}\d"
_SAMPLE = 10_000
_PROSE = 100
"""Characters of a value, at the median, above which it tells of more than one thing."""


def find_fields(
    frame: pd.DataFrame, *, said: Mapping[str, str] | None = None, without: Sequence[str] = ()
) -> tuple[str | None, tuple[Field, ...]]:
    """Find out what the columns hold.

    Parameters
    ----------
    frame : DataFrame
        Records as read, a row each; text, numbers or dates.
    said : mapping, optional
        Column to role, where the user says so; these are not looked at.
    without : sequence of str
        Columns to leave alone, as that of the truth.

    Returns
    -------
    id : str or None
        The column that names the record; None where there is none.
    fields : tuple of Field
        What the others hold, in the order of the columns. Left out is a full name beside first
        and last names, what repeats those, and a column that says nothing, or one thing of
        everybody.

    Raises
    ------
    RecordsError
        A column is spoken of that is not there, or nothing is left to compare.
    """
    given = _given(frame, said or {}, without)
    roles: dict[str, Role] = {}
    for column in frame.columns:
        if column in without or (column not in given and frame[column].isna().all()):
            continue
        roles[column] = given.get(column) or _by_name(column, roles) or Role.OTHER
        if roles[column] is Role.ID and column not in given and not _unique(frame[column]):
            roles[column] = Role.IDENTIFIER
    _tell_birth_days(roles, given)
    if Role.ID not in roles.values():
        # Else the first column that is never empty and never twice the same.
        for column, role in roles.items():
            if role is Role.OTHER and column not in given and _unique(frame[column]):
                roles[column] = Role.ID
                break
    for column, role in roles.items():
        if role is Role.OTHER and column not in given:
            found = _by_values(frame[column].dropna().head(_SAMPLE).astype(str))
            # One date of birth is known already: this is another date.
            known = found is Role.BIRTH_DATE and found in roles.values()
            roles[column] = Role.OTHER if known else found
    both = {Role.FIRST_NAME, Role.LAST_NAME} <= set(roles.values())
    if both:
        for column in [c for c, role in roles.items() if role is Role.OTHER and c not in given]:
            if _says_names_again(frame, column, roles):
                roles[column] = Role.IGNORED
    fields = _named(
        (column, role)
        for column, role in roles.items()
        if role not in (Role.ID, Role.IGNORED) and not (both and role is Role.FULL_NAME)
    )
    if not fields:
        raise RecordsError(
            f"None of the columns {', '.join(map(str, frame.columns))} tells of a person; say in "
            "--settings what they hold, as `columns: {col1: first_name, col2: birth_date}`"
        )
    return next((c for c, role in roles.items() if role is Role.ID), None), fields


def _given(frame: pd.DataFrame, said: Mapping[str, str], without: Sequence[str]) -> dict[str, Role]:
    missing = [c for c in (*said, *without) if c not in frame.columns]
    if missing:
        raise RecordsError(
            f"The records have no column {', '.join(map(repr, missing))}; they have "
            f"{', '.join(map(repr, map(str, frame.columns)))}"
        )
    try:
        return {column: Role(role) for column, role in said.items()}
    except ValueError as error:
        raise RecordsError(f"{error}; roles are {', '.join(Role)}") from None


def _tell_birth_days(roles: dict[str, Role], given: Mapping[str, Role]) -> None:
    """Take `birth_day` for the day of the month where month and year stand beside it."""
    if {Role.BIRTH_YEAR, Role.BIRTH_MONTH} <= set(roles.values()):
        for column, role in roles.items():
            if role is Role.BIRTH_DATE and column not in given and _spelt(column) in _DAYS:
                roles[column] = Role.BIRTH_DAY


def _spelt(column: str) -> str:
    """Write a column's name in small letters and with underscores."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", anyascii(str(column)).strip())
    return re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")


def _by_name(column: str, taken: Mapping[str, Role]) -> Role | None:
    spelt = _spelt(column)
    for role, pattern in _NAMES.items():
        if re.fullmatch(pattern, spelt) and (role in _REPEATED or role not in taken.values()):
            return role
    return Role.IDENTIFIER if re.search(r"_(id|no|number)$", spelt) else None


def _unique(values: pd.Series) -> bool:
    return bool(values.notna().all()) and values.is_unique


def _by_values(sample: pd.Series) -> Role:
    """Tell by the values; what says one thing of everybody, or a text a row, is ignored."""
    if sample.nunique() < 2 or sample.str.len().median() > _PROSE:
        return Role.IGNORED
    for role, pattern in (
        (Role.EMAIL, _EMAILS),
        (Role.BIRTH_DATE, _DATES),
        (Role.PHONE, _PHONES),
    ):
        if sample.str.strip().str.fullmatch(pattern).mean() > 0.8:
            return role
    return Role.OTHER


def _says_names_again(frame: pd.DataFrame, column: str, roles: Mapping[str, Role]) -> bool:
    """Tell whether nearly all words of a column are those of the names beside it."""
    names = [c for c, role in roles.items() if role in (Role.FIRST_NAME, Role.LAST_NAME)]
    rows = frame[[column, *names]].dropna().head(_SAMPLE).astype(str)
    words = [set(re.findall(r"\w+", value.lower())) for value in rows[column]]
    known = [
        set(re.findall(r"\w+", " ".join(row).lower()))
        for row in rows[names].itertuples(index=False)
    ]
    said = sum(len(told & beside) for told, beside in zip(words, known, strict=True))
    return said > 0.8 * sum(map(len, words)) > 0


def _named(found: object) -> tuple[Field, ...]:
    fields: list[Field] = []
    for column, role in found:  # type: ignore[attr-defined]
        stem = role.value
        if role in (Role.OTHER, Role.IDENTIFIER):
            # Without underscores no field is named as what is derived from another.
            stem = f"{role.value}_{_spelt(column).replace('_', '')}"
        taken = {field.name for field in fields}
        name = next(n for n in (stem, *(f"{stem}_{i}" for i in range(2, 999))) if n not in taken)
        fields.append(Field(name, role, column))
    return tuple(fields)
