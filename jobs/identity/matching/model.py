"""The match model: what each grade of agreement is worth (Fellegi and Sunter 1969)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
from splink import SettingsCreator
from splink.blocking_rule_library import CustomRule

from jobs.identity.matching.blocking import Rule, condition
from jobs.identity.matching.comparisons import comparison
from jobs.identity.matching.fields import Role
from jobs.identity.matching.records import RECORD

Shares = tuple[float, ...]
"""A probability for each grade of a comparison, from 0 (other) up to equal."""
_BY_CHANCE = 3.0
"""Up to this many times as common as among strangers, equality is one of chance."""


@dataclass(frozen=True)
class Kind:
    """One kind of pairs of records.

    Attributes
    ----------
    prior : float
        Probability that two records drawn at random are of it.
    shares : mapping
        Field to the probability of each grade among them.
    """

    prior: float
    shares: Mapping[str, Shares]


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
    person, strangers : Kind
        Pairs that are one person, and two who have nothing in common but by chance: m and u of
        Fellegi and Sunter.
    related : tuple of Kind
        Pairs of two persons who have something in common, as a house, a name or a town.
    frequencies : mapping
        Field to the share of the records that hold each value: equality of a rare one says more.
    """

    roles: Mapping[str, Role]
    columns: tuple[str, ...]
    rules: tuple[Rule, ...]
    linked: bool
    person: Kind
    strangers: Kind
    related: tuple[Kind, ...]
    frequencies: Mapping[str, pd.Series]

    def with_frequencies(self, frequencies: Mapping[str, pd.Series]) -> MatchModel:
        """Return it with other frequencies."""
        return replace(self, frequencies=frequencies)

    def as_splink(self, dialect: str, other: Kind) -> dict[str, Any]:
        """Write it as Splink's settings.

        Parameters
        ----------
        dialect : str
            The engine: duckdb or spark.
        other : Kind
            What one person is weighed against.
        """
        creator = SettingsCreator(
            link_type="dedupe_only",
            unique_id_column_name=RECORD,
            probability_two_random_records_match=self.person.prior
            / (self.person.prior + other.prior),
            comparisons=[
                comparison(n, role, self.columns, dialect) for n, role in self.roles.items()
            ],
            blocking_rules_to_generate_predictions=[
                CustomRule(condition(rule, linked=self.linked)) for rule in self.rules
            ],
            retain_matching_columns=False,
            retain_intermediate_calculation_columns=False,
        )
        settings = creator.create_settings_dict(dialect)
        for told in settings["comparisons"]:
            name = told["output_column_name"]
            by_chance = other.shares[name][-1] <= _BY_CHANCE * self.strangers.shares[name][-1]
            grades = [g for g in told["comparison_levels"] if not g.get("is_null_level")]
            for grade, level in enumerate(reversed(grades)):
                level["m_probability"] = self.person.shares[name][grade]
                level["u_probability"] = other.shares[name][grade]
                if not by_chance:
                    # Equal because they are neighbours: that the value is rare says nothing.
                    level.pop("tf_adjustment_column", None)
        return settings


def grades(name: str, role: Role, columns: tuple[str, ...]) -> int:
    """Return how many grades of agreement a field has, that of missing values aside."""
    levels = comparison(name, role, columns).create_comparison_dict("duckdb")["comparison_levels"]
    return sum(not level.get("is_null_level") for level in levels)


def untrained(
    roles: Mapping[str, Role], columns: tuple[str, ...], rules: tuple[Rule, ...], *, linked: bool
) -> MatchModel:
    """Return a model as estimation starts: equality is common in one person, rare in two."""
    alike = {name: agreeing(grades(name, role, columns)) for name, role in roles.items()}
    apart = {name: tuple(reversed(shares)) for name, shares in alike.items()}
    person, strangers = Kind(1e-3, alike), Kind(1 - 1e-3, apart)
    return MatchModel(roles, columns, rules, linked, person, strangers, (), {})


def agreeing(count: int) -> Shares:
    """Shares of so many grades where most agree: each below equal half as common as that above."""
    if count == 2:
        return (0.1, 0.9)
    falling = [0.5 ** (count - 1 - grade) for grade in range(1, count - 1)]
    return (0.05, *(0.25 * f / sum(falling) for f in falling), 0.7)
