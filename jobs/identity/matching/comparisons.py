"""Comparisons: how alike two records are in each field, as levels of Splink from equal to other.

Each level of a comparison is a grade of agreement; what a grade is worth is learnt
(``training.py``). Levels are tried from the first on, and the first that holds counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import splink.comparison_level_library as cll
import splink.comparison_library as cl

from jobs.identity.matching.fields import Role

Level = Any
"""A level of a comparison; Splink's class for it is internal."""


def comparison(name: str, role: Role, columns: Sequence[str]) -> cl.CustomComparison:
    """Return the comparison of a field.

    Parameters
    ----------
    name : str
        The field, such as ``street_2``.
    role : Role
        What it holds.
    columns : sequence of str
        Columns of the table: a field that is told twice, or names that may be swapped, are
        compared across.
    """
    return cl.CustomComparison(
        output_column_name=name, comparison_levels=_levels(name, role, columns)
    )


def _levels(name: str, role: Role, columns: Sequence[str]) -> list[Level]:
    others = [
        other
        for other in columns
        if other != name and other.rstrip("0123456789_") == name.rstrip("0123456789_")
    ]
    across = [_across(name, other) for other in others]
    exact = _equal(name)
    if role is Role.FIRST_NAME:
        return _first_name(name, columns)
    if role is Role.LAST_NAME:
        return _last_name(name, columns)
    if role is Role.MIDDLE_NAME:
        same_initial = cll.CustomLevel(
            f"substr({name}_l, 1, 1) = substr({name}_r, 1, 1)", "same initial"
        )
        return [cll.NullLevel(name), exact, _alike(name, 1, 0.92), same_initial, cll.ElseLevel()]
    if role is Role.BIRTH_DATE:
        return _birth_date(name)
    if role is Role.EMAIL:
        return [
            cll.NullLevel(name),
            exact,
            *across,
            cll.ExactMatchLevel(f"{name}_local").configure(label_for_charts="same before the @"),
            cll.Or(
                cll.DamerauLevenshteinLevel(name, 2), cll.JaroWinklerLevel(f"{name}_local", 0.95)
            ).configure(label_for_charts="one or two letters off"),
            cll.JaroWinklerLevel(f"{name}_local", 0.88).configure(label_for_charts="similar"),
            cll.ElseLevel(),
        ]
    if role in (Role.PHONE, Role.IDENTIFIER):
        return [
            cll.NullLevel(name),
            exact,
            *across,
            cll.DamerauLevenshteinLevel(name, 1).configure(label_for_charts="one character off"),
            cll.DamerauLevenshteinLevel(name, 2).configure(label_for_charts="two characters off"),
            cll.ElseLevel(),
        ]
    if role is Role.POSTCODE:
        return [
            cll.NullLevel(name),
            exact,
            *across,
            cll.DamerauLevenshteinLevel(name, 1).configure(label_for_charts="one character off"),
            cll.Or(
                cll.DamerauLevenshteinLevel(name, 2), cll.ExactMatchLevel(f"{name}_area")
            ).configure(label_for_charts="two characters off, or same start"),
            cll.ElseLevel(),
        ]
    if role is Role.STREET:
        return [
            cll.NullLevel(name),
            exact,
            *across,
            _alike(name, 2, 0.92),
            cll.JaroWinklerLevel(name, 0.85).configure(label_for_charts="similar"),
            cll.ElseLevel(),
        ]
    if role is Role.HOUSE_NUMBER or role is Role.BIRTH_YEAR:
        near = cll.DamerauLevenshteinLevel(name, 1).configure(label_for_charts="one digit off")
        return [cll.NullLevel(name), exact, near, cll.ElseLevel()]
    if role in (Role.GENDER, Role.COUNTRY, Role.REGION):
        return [cll.NullLevel(name), exact, cll.ElseLevel()]
    return [cll.NullLevel(name), exact, *across, _alike(name, 2, 0.9), cll.ElseLevel()]


def _first_name(name: str, columns: Sequence[str]) -> list[Level]:
    swapped = []
    if "last_name" in columns:
        both = f"{name}_l = last_name_r AND last_name_l = {name}_r"
        either = f"{name}_l = last_name_r OR last_name_l = {name}_r"
        swapped = [
            cll.CustomLevel(both, "first and last name swapped"),
            cll.CustomLevel(either, "equal to the other's last name"),
        ]
    return [
        cll.NullLevel(name),
        _equal(name),
        cll.ArrayIntersectLevel(f"{name}_alias").configure(label_for_charts="nickname"),
        *swapped,
        _alike(name, 1, 0.92),
        _sounding(name),
        cll.ExactMatchLevel(f"{name}_initial").configure(label_for_charts="same initial"),
        cll.ElseLevel(),
    ]


def _last_name(name: str, columns: Sequence[str]) -> list[Level]:
    missing = f"{name}_l IS NULL OR {name}_r IS NULL"
    if "first_name" in columns:
        # Told by the first name already.
        missing += f" OR (first_name_l = {name}_r AND {name}_l = first_name_r)"
    nothing = cll.CustomLevel(missing, "missing, or swapped").configure(is_null_level=True)
    return [
        nothing,
        _equal(name),
        _alike(name, 1, 0.92),
        _sounding(name),
        cll.ExactMatchLevel(f"{name}_initial").configure(label_for_charts="same initial"),
        cll.ElseLevel(),
    ]


def _birth_date(name: str) -> list[Level]:
    def same(*parts: str) -> str:
        return " AND ".join(f"{name}_{part}_l = {name}_{part}_r" for part in parts)

    swapped = f"{same('year')} AND {name}_month_l = {name}_day_r AND {name}_day_l = {name}_month_r"
    return [
        cll.NullLevel(name),
        _equal(name),
        cll.CustomLevel(swapped, "day and month swapped"),
        cll.DamerauLevenshteinLevel(name, 1).configure(label_for_charts="one digit off"),
        cll.CustomLevel(same("year", "month"), "same year and month"),
        cll.DamerauLevenshteinLevel(name, 2).configure(label_for_charts="two digits off"),
        cll.CustomLevel(f"{same('year')} OR ({same('month', 'day')})", "same year, or same day"),
        cll.ElseLevel(),
    ]


def _equal(name: str) -> Level:
    level = cll.ExactMatchLevel(name, term_frequency_adjustments=True)
    return level.configure(label_for_charts="equal")


def _across(name: str, other: str) -> Level:
    condition = f"{name}_l = {other}_r OR {other}_l = {name}_r"
    return cll.CustomLevel(condition, f"equal to the other's {other}")


def _alike(name: str, edits: int, similarity: float) -> Level:
    return cll.Or(
        cll.DamerauLevenshteinLevel(name, edits), cll.JaroWinklerLevel(name, similarity)
    ).configure(label_for_charts="nearly equal")


def _sounding(name: str) -> Level:
    return cll.Or(
        cll.DamerauLevenshteinLevel(name, 2),
        cll.JaroWinklerLevel(name, 0.84),
        cll.ExactMatchLevel(f"{name}_sound"),
    ).configure(label_for_charts="similar, or sounds alike")
