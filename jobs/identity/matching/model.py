"""The match model: what each grade of agreement is worth (Fellegi and Sunter 1969)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from jobs.identity.matching.blocking import Rule
from jobs.identity.matching.comparisons import grades
from jobs.identity.matching.fields import Role

Shares = tuple[float, ...]
"""A probability for each grade of a comparison, from 0 (other) up to equal."""
_BY_CHANCE = 3.0
"""Up to this many times as common as among strangers, equality is one of chance, and rarer for a
rare value; else both hold one value since they are one person, or neighbours."""
_EQUAL_BY_CHANCE = {
    Role.GENDER: 0.5,
    Role.COUNTRY: 0.8,
    Role.REGION: 0.2,
    Role.CITY: 0.05,
    Role.OTHER: 0.05,
    Role.EMAIL: 1e-4,
    Role.PHONE: 1e-4,
    Role.IDENTIFIER: 1e-4,
}
"""How often two strangers are equal in a field, before any records are seen."""


@dataclass(frozen=True)
class Kind:
    """One kind of pairs of records.

    Attributes
    ----------
    prior : float
        Probability that two records drawn at random are of it.
    shares : mapping
        Field to the probability of each grade among them.
    coincident : frozenset of str
        Fields in which all its pairs agree, but by chance, so the less often the rarer the value.
    """

    prior: float
    shares: Mapping[str, Shares]
    coincident: frozenset[str] = frozenset()


@dataclass(frozen=True, eq=False)
class MatchModel:
    """Weights, and how to find pairs, for records of certain fields.

    Attributes
    ----------
    roles : mapping
        Field to what it holds.
    columns : tuple of str
        Columns of the table of normal forms.
    rules : tuple of Rule
        Blocking rules.
    linked : bool
        Whether two files are linked, rather than one deduplicated.
    persons : tuple of Kind
        Pairs that are one person: at one address, and of one who moved between the records. The
        first and ``strangers`` are m and u of Fellegi and Sunter.
    strangers : Kind
        Pairs of two persons who have nothing in common but by chance.
    related : tuple of Kind
        Pairs of two persons who have something in common, as a house, a name or a town; and
        namesakes.
    frequencies : mapping
        Field to the share of the records that hold each value: equality of a rare one says more.
    """

    roles: Mapping[str, Role]
    columns: tuple[str, ...]
    rules: tuple[Rule, ...]
    linked: bool
    persons: tuple[Kind, ...]
    strangers: Kind
    related: tuple[Kind, ...]
    frequencies: Mapping[str, pd.Series]

    def with_frequencies(self, frequencies: Mapping[str, pd.Series]) -> MatchModel:
        """Return it with other frequencies."""
        return replace(self, frequencies=frequencies)

    def by_chance(self, kind: Kind, name: str) -> bool:
        """Tell whether pairs of a kind that are equal in a field are so by chance."""
        usual = kind.shares[name][-1] <= _BY_CHANCE * self.strangers.shares[name][-1]
        return usual or name in kind.coincident


def untrained(
    roles: Mapping[str, Role], columns: tuple[str, ...], rules: tuple[Rule, ...], *, linked: bool
) -> MatchModel:
    """Return a model as estimation starts: equality is common in one person, rare in two."""
    alike = {name: agreeing(len(grades(name, role, columns))) for name, role in roles.items()}
    apart = {name: differing(len(alike[name]), role) for name, role in roles.items()}
    person, strangers = Kind(1e-3, alike), Kind(1 - 1e-3, apart)
    return MatchModel(roles, columns, rules, linked, (person,), strangers, (), {})


def agreeing(count: int) -> Shares:
    """Shares of so many grades where most agree: each below equal half as common as that above."""
    if count == 2:
        return (0.1, 0.9)
    falling = [0.5 ** (count - 1 - grade) for grade in range(1, count - 1)]
    return (0.05, *(0.25 * f / sum(falling) for f in falling), 0.7)


def differing(count: int, role: Role) -> Shares:
    """Shares of so many grades among strangers, who agree the less the more values there are."""
    equal = _EQUAL_BY_CHANCE.get(role, 0.005)
    return (1 - equal - 0.01 * (count - 2), *[0.01] * (count - 2), equal)
