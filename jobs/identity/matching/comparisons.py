"""Comparisons: how alike two records are in each field, as levels of Splink from equal to other.

Each level of a comparison is a grade of agreement; what a grade is worth is learnt
(``training.py``). Levels are tried from the first on, and the first that holds counts. Most pairs
hold none, and a distance between texts is costly: whether two texts have nearly the same letters
is asked first, in one step on whole numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import splink.comparison_level_library as cll
import splink.comparison_library as cl

from jobs.identity.matching.fields import Role

Level = Any
"""A level of a comparison; Splink's class for it is internal."""
_ONE_SLIP, _TWO_SLIPS = 2, 4
"""In how many letters two texts differ at most that are one or two slips apart."""


def grades(
    name: str, role: Role, columns: Sequence[str], dialect: str = "duckdb"
) -> list[tuple[str, str]]:
    """Return the grades of agreement in a field, from other (0) to equal.

    Parameters
    ----------
    name : str
        The field, such as ``street_2``.
    role : Role
        What it holds.
    columns : sequence of str
        Columns of the table: a field that is told twice, or names that may be swapped, are
        compared across.
    dialect : str
        The engine: duckdb or spark.

    Returns
    -------
    list of tuple of str
        What each is called, and its condition in SQL over ``<column>_l`` and ``<column>_r``, for
        pairs that no higher grade holds for; the lowest holds for the rest.
    """
    told = _told(name, role, columns, dialect)
    return [(label, condition) for label, condition, missing in reversed(told) if not missing]


def grade(name: str, role: Role, columns: Sequence[str], dialect: str = "duckdb") -> str:
    """Write the grade of a pair as one SQL expression; -1 where a record doesn't tell the field."""
    told = _told(name, role, columns, dialect)
    rank = sum(not missing for _, _, missing in told)
    cases = []
    for _, condition, missing in told:
        rank -= not missing
        value = -1 if missing else rank
        ending = condition.strip().upper() == "ELSE"
        cases.append(f"ELSE {value}" if ending else f"WHEN {condition} THEN {value}")
    return f"CASE {' '.join(cases)} END"


def _told(
    name: str, role: Role, columns: Sequence[str], dialect: str
) -> list[tuple[str, str, bool]]:
    """Label, condition and whether it says that nothing is told, of each level as it is tried."""
    levels = _Levels(name, columns, dialect).of(role)
    written = cl.CustomComparison(output_column_name=name, comparison_levels=levels)
    return [
        (level["label_for_charts"], level["sql_condition"], bool(level.get("is_null_level")))
        for level in written.create_comparison_dict(dialect)["comparison_levels"]
    ]


def _begin_alike(left: str, right: str) -> str:
    """Return a condition that one name's first letters are the other's, an initial's one letter."""
    letters = f"LEAST(3, LENGTH({left}), LENGTH({right}))"
    return f"LEFT({left}, {letters}) = LEFT({right}, {letters})"


class _Levels:
    """The levels of one field."""

    def __init__(self, name: str, columns: Sequence[str], dialect: str) -> None:
        self.name, self.columns, self.dialect = name, columns, dialect

    def of(self, role: Role) -> list[Level]:
        """Return the levels for what the field holds."""
        name = self.name
        if role is Role.LAST_NAME:
            return [self._told_or_swapped(), *self._last_name(), cll.ElseLevel()]
        between = {
            Role.FIRST_NAME: self._first_name,
            Role.MIDDLE_NAME: self._middle_name,
            Role.BIRTH_DATE: self._birth_date,
            Role.EMAIL: self._email,
            Role.PHONE: self._number,
            Role.IDENTIFIER: self._number,
            Role.POSTCODE: self._postcode,
            Role.STREET: self._street,
            Role.HOUSE_NUMBER: self._short,
            Role.BIRTH_YEAR: self._short,
            Role.GENDER: self._nothing,
            Role.COUNTRY: self._nothing,
            Role.REGION: self._nothing,
        }.get(role, self._text)
        equal = cll.ExactMatchLevel(name).configure(label_for_charts="equal")
        return [cll.NullLevel(name), equal, *self._across(), *between(), cll.ElseLevel()]

    def _first_name(self) -> list[Level]:
        name = self.name
        overlap = "arrays_overlap" if self.dialect == "spark" else "list_has_any"
        levels = [cll.CustomLevel(f"{overlap}({name}_alias_l, {name}_alias_r)", "nickname")]
        if "last_name" in self.columns:
            both = f"{name}_l = last_name_r AND last_name_l = {name}_r"
            either = " OR ".join(
                f"({name}_{a} = last_name_{b} AND "
                f"COALESCE({_begin_alike(f'last_name_{a}', f'{name}_{b}')}, TRUE))"
                for a, b in ("lr", "rl")
            )
            levels += [
                cll.CustomLevel(both, "first and last name swapped"),
                cll.CustomLevel(either, "equal to the other's last name"),
            ]
        return [*levels, *self._spelt()]

    def _last_name(self) -> list[Level]:
        equal = cll.ExactMatchLevel(self.name).configure(label_for_charts="equal")
        return [equal, *self._spelt()]

    def _told_or_swapped(self) -> Level:
        name = self.name
        missing = f"{name}_l IS NULL OR {name}_r IS NULL"
        if "first_name" in self.columns:
            # Told by the first name already.
            missing += f" OR (first_name_l = {name}_r AND {name}_l = first_name_r)"
        return cll.CustomLevel(missing, "missing, or swapped").configure(is_null_level=True)

    def _spelt(self) -> list[Level]:
        name = self.name
        alike = cll.Or(cll.DamerauLevenshteinLevel(name, 2), cll.JaroWinklerLevel(name, 0.84))
        sounds = cll.ExactMatchLevel(f"{name}_sound")
        return [
            self._alike(1, 0.92),
            cll.Or(sounds, cll.And(self._near(_TWO_SLIPS), alike)).configure(
                label_for_charts="similar, or sounds alike"
            ),
            *self._initials(),
        ]

    def _middle_name(self) -> list[Level]:
        return [self._alike(1, 0.92), *self._initials()]

    def _initials(self) -> list[Level]:
        name = self.name
        same = cll.ExactMatchLevel(f"{name}_initial")
        short = cll.CustomLevel(f"length({name}_l) = 1 OR length({name}_r) = 1")
        # Twins are often given names of one initial: written out, these are two names.
        return [
            cll.And(same, short).configure(label_for_charts="an initial of the other"),
            same.configure(label_for_charts="same initial"),
        ]

    def _birth_date(self) -> list[Level]:
        def same(*parts: str) -> str:
            return " AND ".join(f"{self.name}_{part}_l = {self.name}_{part}_r" for part in parts)

        swapped = " AND ".join(
            f"{self.name}_{one}_l = {self.name}_{other}_r"
            for one, other in (("year", "year"), ("month", "day"), ("day", "month"))
        )
        # One digit is in one of the three parts; two are in two at most.
        two = f"({same('year', 'month')}) OR ({same('year', 'day')}) OR ({same('month', 'day')})"
        one = " OR ".join(same(part) for part in ("year", "month", "day"))
        one_off = cll.And(cll.CustomLevel(f"({two})"), cll.DamerauLevenshteinLevel(self.name, 1))
        two_off = cll.And(cll.CustomLevel(f"({one})"), cll.DamerauLevenshteinLevel(self.name, 2))
        return [
            cll.CustomLevel(swapped, "day and month swapped"),
            one_off.configure(label_for_charts="one digit off"),
            cll.CustomLevel(same("year", "month"), "same year and month"),
            two_off.configure(label_for_charts="two digits off"),
            cll.CustomLevel(
                f"{same('year')} OR ({same('month', 'day')})", "same year, or same day"
            ),
        ]

    def _email(self) -> list[Level]:
        name, local = self.name, f"{self.name}_local"
        off = cll.Or(cll.DamerauLevenshteinLevel(name, 2), cll.JaroWinklerLevel(local, 0.95))
        similar = cll.JaroWinklerLevel(local, 0.88)
        return [
            cll.ExactMatchLevel(local).configure(label_for_charts="same before the @"),
            self._if_near(off, _TWO_SLIPS, "one or two letters off"),
            self._if_near(similar, _TWO_SLIPS, "similar"),
        ]

    def _number(self) -> list[Level]:
        return [
            self._off(1, _ONE_SLIP, "one character off"),
            self._off(2, _TWO_SLIPS, "two characters off"),
        ]

    def _postcode(self) -> list[Level]:
        area = cll.ExactMatchLevel(f"{self.name}_area")
        return [
            self._off(1, _ONE_SLIP, "one character off"),
            cll.Or(area, self._off(2, _TWO_SLIPS, "two characters off")).configure(
                label_for_charts="two characters off, or same start"
            ),
        ]

    def _street(self) -> list[Level]:
        similar = cll.JaroWinklerLevel(self.name, 0.85)
        return [self._alike(2, 0.92), self._if_near(similar, _TWO_SLIPS, "similar")]

    def _short(self) -> list[Level]:
        off = cll.DamerauLevenshteinLevel(self.name, 1)
        return [off.configure(label_for_charts="one digit off")]

    def _text(self) -> list[Level]:
        return [self._alike(2, 0.9)]

    def _nothing(self) -> list[Level]:
        return []

    def _across(self) -> list[Level]:
        """Equal to what the other record tells in a field of the same kind."""
        stem = self.name.rstrip("0123456789_")
        return [
            cll.CustomLevel(
                f"{self.name}_l = {other}_r OR {other}_l = {self.name}_r",
                f"equal to the other's {other}",
            )
            for other in self.columns
            if other != self.name and other.rstrip("0123456789_") == stem
        ]

    def _alike(self, edits: int, similarity: float) -> Level:
        alike = cll.Or(
            cll.DamerauLevenshteinLevel(self.name, edits),
            cll.JaroWinklerLevel(self.name, similarity),
        )
        return self._if_near(alike, _TWO_SLIPS, "nearly equal")

    def _off(self, edits: int, letters: int, label: str) -> Level:
        return self._if_near(cll.DamerauLevenshteinLevel(self.name, edits), letters, label)

    def _if_near(self, level: Level, letters: int, label: str) -> Level:
        return cll.And(self._near(letters), level).configure(label_for_charts=label)

    def _near(self, letters: int) -> Level:
        left, right = f"{self.name}_letters_l", f"{self.name}_letters_r"
        differing = f"{left} ^ {right}" if self.dialect == "spark" else f"xor({left}, {right})"
        return cll.CustomLevel(f"bit_count({differing}) <= {letters}")
