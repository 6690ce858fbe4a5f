"""Blocking: which pairs of records are worth comparing at all.

A rule names columns in which both records of a pair are equal. Many rules of different columns
find a pair whatever field was mistyped; each is as loose as its share of the pairs allows.
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import pandas as pd

from jobs.identity.matching.fields import Role
from jobs.identity.matching.records import SIDE
from jobs.lake import duck

Rule = tuple[str, ...]
"""Columns that are equal in both records; none of them: every pair."""


def rules_for(
    table: pd.DataFrame,
    roles: Mapping[str, Role],
    *,
    pairs: int,
    all_pairs_up_to: int,
    of: int | None = None,
) -> tuple[Rule, ...]:
    """Choose blocking rules.

    Parameters
    ----------
    table : DataFrame
        Normal forms, a row a record.
    roles : mapping
        Field to what it holds.
    pairs : int
        So many pairs the rules may give in all, a pair counted as often as it is found; ten times
        as many as there are records where those are more.
    all_pairs_up_to : int
        Up to this many pairs all are compared, with the rule of no columns.
    of : int, optional
        How many records there are, where the table is a sample of them.

    Returns
    -------
    tuple of Rule
        A rule of every family: the tightest first, and from there on looser ones, those that cost
        least first, until the pairs are spent. None where the tightest of all give too many.
    """
    count = len(table) if of is None else of
    # A rule gives pairs by the square of the records.
    each = (count / max(len(table), 1)) ** 2
    if count * (count - 1) // 2 <= all_pairs_up_to:
        return ((),)
    columns = {c for family in _families(roles) for rule in family for c in rule}
    usable = {c for c in columns if c in table.columns and table[c].notna().any()}
    if not usable:
        return ()
    with duck.opened() as database:
        database.register("records", table[sorted(usable)])
        database.execute("CREATE TABLE keys AS FROM records")
        costs = {
            rule: round(each * _pairs(database, rule))
            for family in _families(roles)
            for rule in family
            if usable.issuperset(rule)
        }
    left = max(pairs, 10 * count)
    steps = sorted((costs[rule], -len(rule), rule) for rule in costs if 0 < costs[rule] <= left)
    chosen: dict[int, Rule] = {}
    for cost, _, rule in steps:
        for place, family in enumerate(_families(roles)):
            if rule not in family:
                continue
            before = chosen.get(place)
            paid = costs[before] if before and list(chosen.values()).count(before) == 1 else 0
            price = 0 if rule in chosen.values() else cost
            if price - paid <= left:
                chosen[place] = rule
                left -= price - paid
    return tuple(dict.fromkeys(chosen[place] for place in sorted(chosen)))


def condition(rule: Rule, *, linked: bool) -> str:
    """Write a rule as Splink's SQL; of two linked files only pairs across them."""
    parts = [f"l.{column} = r.{column}" for column in rule]
    if linked:
        parts.append(f"l.{SIDE} <> r.{SIDE}")
    return " AND ".join(parts) or "1 = 1"


def _pairs(database: duckdb.DuckDBPyConnection, rule: Rule) -> int:
    told = " AND ".join(f"{column} IS NOT NULL" for column in rule)
    counted = database.execute(
        f"SELECT sum(n * (n - 1) / 2) FROM (SELECT count(*)::DOUBLE AS n FROM keys "  # noqa: S608  our own names
        f"WHERE {told} GROUP BY {', '.join(rule)})"
    ).fetchall()
    return int(counted[0][0] or 0)


def _families(roles: Mapping[str, Role]) -> list[list[Rule]]:
    """Families of rules, each from loose to tight."""
    first, last, born = "first_name", "last_name", "birth_date"
    year, month, day = (f"{born}_{part}" for part in ("year", "month", "day"))
    initials = (f"{first}_initial", f"{last}_initial")
    sounds = (f"{first}_sound", f"{last}_sound")
    starts = (f"{first}_start", f"{last}_start")
    families: list[list[Rule]] = [
        [(first,), (first, sounds[1]), (first, last)],
        [(last,), (last, initials[0]), (last, sounds[0])],
        [sounds[:1], sounds],
        [sounds[1:], sounds],
        [starts[:1], (starts[0], initials[1]), starts],
        [starts[1:], (starts[1], initials[0]), starts],
        [starts, (*starts, year)],
        [(born,), (born, initials[0]), (born, sounds[0])],
        [(born, sounds[1]), (born, last)],
        [(born, sounds[0]), (born, first)],
        [(year,), (year, *initials)],
        [(year, sounds[0]), (year, sounds[0], initials[1])],
        [(year, sounds[1]), (year, sounds[1], initials[0])],
        [(month, day), (month, day, initials[0]), (month, day, *initials)],
        [(month, day, sounds[1]), (month, day, last, initials[0])],
        [(month, day, sounds[0]), (month, day, first, initials[1])],
    ]
    for name, role in roles.items():
        start = f"{name}_start"
        if role in (Role.EMAIL, Role.PHONE, Role.IDENTIFIER):
            families.append([(name,), (name, initials[1]), (name, initials[0])])
        if role in (Role.PHONE, Role.IDENTIFIER):
            end = f"{name}_end"
            families.append([(end,), (end, initials[0]), (end, sounds[0])])
        if role is Role.IDENTIFIER:
            families.append([(start,), (start, initials[0]), (start, sounds[0])])
        if role is Role.EMAIL:
            families.append([(f"{name}_local",), (f"{name}_local", last)])
            families.append([(start,), (start, starts[1])])
        if role is Role.POSTCODE:
            area = f"{name}_area"
            families.append([(name, "house_number"), (name, "house_number", initials[0])])
            families.append([(area,), (area, *initials), (area, *starts)])
        if role in (Role.STREET, Role.CITY, Role.OTHER):
            families.append([(start,), (start, *initials), (start, *starts)])
        if role is Role.STREET:
            families.append([(name,), (name, "house_number")])
            families.append([(start, "house_number"), (start, "house_number", *initials)])
        if role in (Role.POSTCODE, Role.CITY, Role.OTHER, Role.STREET):
            families += [
                [(name,), (name, sounds[1]), (name, last)],
                [(name, sounds[0]), (name, first), (name, first, initials[1])],
                [(name, born), (name, born, initials[0])],
                [(name, year), (name, year, initials[0])],
            ]
    return families
