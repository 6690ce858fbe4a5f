"""Records: person records read from a file, and the table of normal forms that is compared."""

from __future__ import annotations

import codecs
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from jobs.identity.matching import normal
from jobs.identity.matching.fields import BORN, NAMING, Field, RecordsError, Role
from jobs.identity.matching.notation import Notation

RECORD = "record"
"""Number of a record in the table: its place in the order of the keys."""
SIDE = "side"
"""Which of two linked files a record is from: 0 or 1."""
_WITH_START = (
    Role.FIRST_NAME, Role.LAST_NAME, Role.EMAIL, Role.STREET, Role.CITY, Role.IDENTIFIER, Role.OTHER
)  # fmt: skip
"""Roles whose first letters are worth looking for by themselves."""
_WITHOUT_LETTERS = (
    Role.BIRTH_DATE, Role.BIRTH_YEAR, Role.HOUSE_NUMBER, Role.GENDER, Role.COUNTRY, Role.REGION
)  # fmt: skip
"""Roles whose texts are too short, or too few, for a distance between their letters."""
ROW = "row"
"""Its row in that file."""
_TOLD_BY_THE_VALUES = Notation()
_SOME = 5_000
"""So many records tell by whose country code numbers are written without one."""
_DEFAULT = 20
"""A date of birth that so many times as many records tell as any other is what a form fills in."""
_LONGEST = 100
"""Longer values are cut: a distance takes time by the square of the length, 0.1 ms a pair here."""


def read_records(path: Path) -> pd.DataFrame:
    """Read a CSV or Parquet file of person records, a row each and every value as text.

    Raises
    ------
    RecordsError
        It is missing, is neither, or holds no rows.
    """
    if not path.is_file():
        raise RecordsError(f"{path}: no such file")
    try:
        if path.suffix.lower() in (".parquet", ".pq"):
            found = pd.read_parquet(path)
            if not isinstance(found.index, pd.RangeIndex):
                found = found.reset_index()
        else:
            found = _read_csv(path)
    except (OSError, ValueError, pa.ArrowException, pd.errors.ParserWarning) as error:
        why = str(error).partition("\n")[0]
        raise RecordsError(f"{path}: cannot be read as person records: {why}") from None
    if found.empty:
        raise RecordsError(f"{path}: holds no records")
    columns = _distinct([str(column).strip() for column in found.columns])
    return pd.DataFrame(
        {column: texts(found.iloc[:, place]) for place, column in enumerate(columns)}, dtype=object
    )


def _read_csv(path: Path) -> pd.DataFrame:
    with path.open("rb") as file:
        start = file.read(65536)
    wide = start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    encoding = "utf-16" if wide else "utf-8-sig"
    with warnings.catch_warnings():
        # Rows may end with a mark too many; with a value too many they are refused.
        warnings.simplefilter("error", pd.errors.ParserWarning)
        return pd.read_csv(
            path, sep=_mark(start.decode(encoding, errors="replace")), dtype=str,
            keep_default_na=False, encoding=encoding, encoding_errors="replace",
            skipinitialspace=True, index_col=False,
        )  # fmt: skip


def _mark(start: str) -> str:
    """Tell the mark between values: the heading has it, and the first record as often."""
    unquoted = re.sub(r'"[^"]*"', "", start)
    heading, first, *_ = [*unquoted.strip("\r\n").split("\n", 2), ""]
    return max(
        ",;\t|", key=lambda mark: (min(heading.count(mark), first.count(mark)), heading.count(mark))
    )


def _distinct(names: Sequence[str]) -> list[str]:
    """Tell names that stand twice apart by a number."""
    found: list[str] = []
    for name in names:
        others = (f"{name}_{i}" for i in range(2, len(names) + 2))
        found.append(next(n for n in (name, *others) if n not in found))
    return found


def keys(frame: pd.DataFrame, id_column: str | None) -> list[str]:
    """Return the key of every record: its id as text, or its row where the file has none.

    Raises
    ------
    RecordsError
        A key is missing or stands twice.
    """
    if id_column is None:
        return [f"row {number}" for number in range(1, len(frame) + 1)]
    told = texts(frame[id_column])
    if None in told:
        raise RecordsError(f"Column {id_column!r}: row {told.index(None) + 1} has no id")
    found = pd.Series(told)
    twice = found[found.duplicated()]
    if len(twice):
        raise RecordsError(
            f"Column {id_column!r}: {len(twice)} ids stand twice, such as {twice.iloc[0]!r}; "
            "one row a record is wanted"
        )
    return found.tolist()


def texts(values: pd.Series) -> list[str | None]:
    """Write values as text; None where there is none. Whole numbers are written without a point.

    They have one where some are missing, in a file of text as in one of numbers.
    """
    if pd.api.types.is_float_dtype(values):
        whole = values.dropna()
        if (whole == whole.round()).all() and (whole.abs() < 2.0**63).all():
            values = values.round().astype("Int64")
    if pd.api.types.is_datetime64_any_dtype(values):
        values = values.dt.strftime("%Y-%m-%d")
    told = values.astype(object).where(values.notna(), None)
    found = [None if v is None else _text(v).strip() or None for v in told.tolist()]
    if all(v is None or re.fullmatch(r"-?\d+\.0", v) for v in found):
        return [v and v.removesuffix(".0") for v in found]
    return found


def _text(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def normalised(
    frame: pd.DataFrame,
    fields: Sequence[Field],
    notation: Notation = _TOLD_BY_THE_VALUES,
) -> pd.DataFrame:
    """Bring records into the form in which they are compared.

    Parameters
    ----------
    frame : DataFrame
        Records as read.
    fields : sequence of Field
        What its columns hold.
    notation : Notation, optional
        How their values are written.

    Returns
    -------
    DataFrame
        A column a field, None where a record doesn't tell it, and what follows from them for
        comparing and blocking: ``<field>_sound``, ``birth_date_year`` and the like. Rows as in
        ``frame``, numbered from 0.
    """
    out: dict[str, list[Any]] = {}
    for field in fields:
        out[field.name] = [v and v[:_LONGEST] for v in texts(frame[field.column])]
    roles = {field.name: field.role for field in fields}
    _whole_names(out, roles)
    _whole_dates(out, roles)
    for column, role in roles.items():
        if column in out:
            out[column] = normal.each_once(out[column], _form(role, out[column], notation))
    _house_numbers(out, roles)
    for column, role in list(roles.items()):
        if column in out:
            out.update(_derived(column, role, out[column]))
    table = pd.DataFrame({n: pd.Series(v, dtype=object) for n, v in out.items()})
    return table.where(table.notna(), None)


def _form(role: Role, values: list[str | None], notation: Notation) -> Callable[[str], Any]:
    if role is Role.PHONE:
        some = dict.fromkeys(v for v in values[:_SOME] if v)
        usual = notation.region or normal.usual_region(some)
        return lambda value: normal.phone(value, usual)
    if role is Role.BIRTH_DATE:
        first = notation.month_first
        if first is None:
            first = normal.month_comes_first([v for v in values if v is not None])
        return lambda value: normal.day(value, month_first=first)
    if role is Role.EMAIL:
        providers = {d: provider for provider in notation.email_providers for d in provider.domains}
        return lambda value: normal.email(value, providers)
    return {
        Role.FIRST_NAME: normal.name,
        Role.MIDDLE_NAME: normal.name,
        Role.LAST_NAME: normal.name,
        Role.POSTCODE: normal.code,
        Role.IDENTIFIER: normal.code,
        Role.STREET: normal.street,
        Role.GENDER: normal.gender,
    }.get(role, normal.text)


def _whole_names(out: dict[str, list[Any]], roles: dict[str, Role]) -> None:
    """Take full names apart, into what the records don't tell by itself."""
    for column in [c for c, role in roles.items() if role is Role.FULL_NAME]:
        parts = normal.each_once(out.pop(column), normal.full_name)
        del roles[column]
        for place, role in enumerate((Role.FIRST_NAME, Role.MIDDLE_NAME, Role.LAST_NAME)):
            if role.value not in out:
                out[role.value] = [None if p is None else p[place] for p in parts]
                roles[role.value] = role


def _whole_dates(out: dict[str, list[Any]], roles: dict[str, Role]) -> None:
    """Put year, month and day of birth together where they are columns of their own."""
    year, month, day_ = (r.value for r in (Role.BIRTH_YEAR, Role.BIRTH_MONTH, Role.BIRTH_DAY))
    if year not in out or month not in out or Role.BIRTH_DATE in roles.values():
        return
    days = out.get(day_, [None] * len(out[year]))
    out[Role.BIRTH_DATE.value] = [
        None if y is None or m is None else f"{y:0>4}-{m:0>2}-{d or '00':0>2}"
        for y, m, d in zip(out[year], out[month], days, strict=True)
    ]
    roles[Role.BIRTH_DATE.value] = Role.BIRTH_DATE
    for column in (year, month, day_):
        out.pop(column, None)
        roles.pop(column, None)


def _house_numbers(out: dict[str, list[Any]], roles: dict[str, Role]) -> None:
    """Take the house number off the first street that begins or ends with one."""
    if Role.HOUSE_NUMBER in roles.values() or "street" not in out:
        return
    numbers: list[str | None] = []
    streets: list[str | None] = []
    for value in out["street"]:
        words = value.split() if value else []
        at = next((i for i in (0, -1) if len(words) > 1 and words[i][0].isdigit()), None)
        numbers.append(None if at is None else words.pop(at))
        streets.append(" ".join(words) or None)
    if any(numbers):
        out["street"], out[Role.HOUSE_NUMBER.value] = streets, numbers
        roles[Role.HOUSE_NUMBER.value] = Role.HOUSE_NUMBER


def _derived(column: str, role: Role, values: list[Any]) -> dict[str, list[Any]]:
    """Columns that follow from a field."""
    part: dict[str, Callable[[str], Any]] = {}
    if role is Role.FIRST_NAME:
        part = {"alias": normal.aliases}
    if role in (Role.FIRST_NAME, Role.MIDDLE_NAME, Role.LAST_NAME):
        part |= {"initial": lambda v: v[0]}
    if role in (Role.FIRST_NAME, Role.LAST_NAME):
        part |= {"sound": normal.sound}
    if role is Role.EMAIL:
        part = {"local": lambda v: v.rpartition("@")[0]}
    if role in _WITH_START:
        part |= {"start": lambda v: v[:3]}
    if role in (Role.PHONE, Role.IDENTIFIER):
        part |= {"end": lambda v: v[-4:]}
    if role is Role.BIRTH_DATE:
        part = {
            "year": lambda v: v[:4],
            "month": lambda v: v[4:6] if len(v) == 8 else None,
            "day": lambda v: v[6:8] if len(v) == 8 else None,
        }
    if role is Role.POSTCODE:
        part = {"area": lambda v: v[:3]}
    if role not in _WITHOUT_LETTERS:
        # An address by what is before the @, as it is compared.
        part["letters"] = lambda v: normal.letters(v.rpartition("@")[0] or v)
    return {f"{column}_{suffix}": normal.each_once(values, form) for suffix, form in part.items()}


def numbered(table: pd.DataFrame, record_keys: Sequence[str]) -> tuple[pd.DataFrame, list[str]]:
    """Order records by their keys and number them, so that the order they came in is forgotten.

    Returns
    -------
    table : DataFrame
        With the column ``record``: 0, 1, 2, …
    keys : list of str
        The key of each, in the new order.
    """
    order = np.argsort(np.asarray(record_keys, dtype=object), kind="stable")
    ordered = table.iloc[order].reset_index(drop=True)
    ordered.insert(0, RECORD, np.arange(len(ordered), dtype=np.int64))
    return ordered, [record_keys[place] for place in order]


def placeholders(
    table: pd.DataFrame, roles: Mapping[str, Role], *, most_names: int
) -> dict[str, list[str]]:
    """Find addresses, numbers and birthdays that too many people hold to name any of them.

    A desk's phone or ``nobody@example.com`` stands on the records of many names, one person's own
    on those of one, however often it was misspelt; so the names are counted by their first letter.

    Parameters
    ----------
    table : DataFrame
        Normal forms.
    roles : mapping
        Field to what it holds.
    most_names : int
        A value that stands beside more pairs of initials is taken for nobody's. Where records
        tell no names, beside more records than ten times as many.
    """
    initials = [c for c in ("first_name_initial", "last_name_initial") if c in table.columns]
    found = {}
    for name in [n for n, role in roles.items() if role in NAMING | BORN]:
        held = table[[name, *initials]].dropna(subset=[name])
        names = held.drop_duplicates() if initials else held
        most: float = most_names if initials else 10 * most_names
        counts = names[name].value_counts()
        if roles[name] in BORN:
            # Any day is many people's; a till's default is that of far more.
            most = max(most, _DEFAULT * held[name].count() / max(held[name].nunique(), 1))
            counts = held[name].value_counts()
        found[name] = sorted(counts.index[counts > most])
    return {name: values for name, values in found.items() if values}


def cleared(
    table: pd.DataFrame, roles: Mapping[str, Role], gone: Mapping[str, pd.Series]
) -> pd.DataFrame:
    """Take values out of a table of normal forms, with all that follows from them.

    Parameters
    ----------
    table : DataFrame
        Normal forms.
    roles : mapping
        Field to what it holds.
    gone : mapping
        Field to whether the value of each row is to go.
    """
    changed = table.copy(deep=False)
    for column in table.columns:
        field = column if column in roles else _stem(column, roles)
        if field in gone and gone[field].any():
            changed[column] = table[column].astype(object).mask(gone[field], None)
    return changed


def _stem(column: str, roles: Mapping[str, Role]) -> str:
    """Return the field that a column follows from; an empty text where from none."""
    return max((n for n in roles if column.startswith(f"{n}_")), key=len, default="")
