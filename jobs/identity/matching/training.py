"""Training: what each grade of agreement is worth, learnt from the records without any labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import softmax

from jobs.identity.matching.fields import OWN, PLACES, Role
from jobs.identity.matching.model import Kind, MatchModel, Shares
from jobs.identity.matching.records import SIDE

Numbers = NDArray[np.float64]
_ROUNDS = 500
_STILL = 1e-6
"""Estimation ends when the number of matches moves by less than this share."""
_SEEN = 1.0
"""Added to every count, so that a grade that was never seen is rare and not impossible."""


@dataclass
class _Kind:
    """One kind of pairs: how common it is, and how common each grade of each field is in it."""

    prior: float
    shares: list[Shares]

    def log_likelihood(self, patterns: NDArray[np.int64]) -> Numbers:
        total = np.full(len(patterns), np.log(max(self.prior, 1e-300)))
        for place, shares in enumerate(self.shares):
            grade = patterns[:, place]
            total += np.where(grade >= 0, np.log(shares)[np.maximum(grade, 0)], 0.0)
        return total


def estimated(
    model: MatchModel,
    blocked: pd.DataFrame,
    drawn: pd.DataFrame,
    *,
    all_pairs: float,
    equal: Mapping[str, float] | None = None,
) -> MatchModel:
    """Estimate the model by expectation maximisation.

    Kinds of pairs are mixed: one person's, two strangers', and those of two who have something in
    common, be it a house, a name or a town (Larsen and Rubin 2001 have three kinds, for the same
    reason). Within a kind grades are independent (Fellegi and Sunter 1969). Two who are related
    agree in a first name, a date of birth or a number of their own no more than strangers, which
    keeps them apart from one person.

    One person's pairs are sought among those that blocking finds; how often each grade comes up
    among all pairs is known from pairs drawn at random, and what strangers show is that less what
    the others do. So all fields are learnt at once, none is left out for having been blocked on,
    and many duplicates among few records don't count as agreement by chance.

    Parameters
    ----------
    model : MatchModel
        Where to begin.
    blocked : DataFrame
        Patterns of grades, and ``pairs``, among the pairs that blocking finds.
    drawn : DataFrame
        The same, of pairs drawn at random from all.
    all_pairs : float
        How many pairs there are in all.
    equal : mapping, optional
        Field to how many of all pairs are equal in it, where that was counted: too few of those
        drawn are, to tell how rare it is that two strangers hold one email.
    """
    names = list(model.roles)
    sizes = [len(model.person.shares[name]) for name in names]
    own = [model.roles[name] in OWN for name in names]
    patterns = blocked[names].to_numpy(dtype=np.int64)
    counts = blocked["pairs"].to_numpy(dtype=float)
    drawn_patterns = drawn[names].to_numpy(dtype=np.int64)
    drawn_counts = drawn["pairs"].to_numpy(dtype=float)
    scale = all_pairs / drawn_counts.sum()
    among_all = [scale * seen for seen in _by_grade(drawn_patterns, drawn_counts, sizes)]
    for name, seen in zip(names, among_all, strict=True):
        seen[-1] = (equal or {}).get(name, seen[-1])
    apart = [_shares(seen, 0.5) for seen in among_all]
    # How common each kind is is not known yet: one pair in five records, half of what is blocked.
    person = _Kind(
        min(0.5, 0.2 * np.sqrt(2 * all_pairs) / all_pairs), [model.person.shares[n] for n in names]
    )
    related = _related(model, apart, min(0.3, counts.sum() / all_pairs / 2))
    for _ in range(_ROUNDS):
        others = sum(kind.prior for kind in related)
        strangers = _Kind(1 - person.prior - others, apart)
        kinds = (person, *related, strangers)
        likelihoods = np.stack([kind.log_likelihood(patterns) for kind in kinds])
        weights = counts * softmax(likelihoods, axis=0)
        matches = weights[0].sum()
        if matches < 1:
            break
        moved = abs(np.log(matches / all_pairs / person.prior))
        seen = [_by_grade(patterns, weight, sizes) for weight in weights[:-1]]
        taken = [sum(of_kind) for of_kind in zip(*seen, strict=True)]
        apart = [
            _shares(np.maximum(total - part, 0), 0.5 * scale)
            for total, part in zip(among_all, taken, strict=True)
        ]
        person = _Kind(matches / all_pairs, [_shares(grades, _SEEN) for grades in seen[0]])
        related = [
            _Kind(
                weight.sum() / all_pairs,
                [
                    chance if alone else _shares(grades, _SEEN)
                    for grades, chance, alone in zip(of_kind, apart, own, strict=True)
                ],
            )
            for weight, of_kind in zip(weights[1:-1], seen[1:], strict=True)
        ]
        if moved < _STILL:
            break

    def named(kind: _Kind) -> Kind:
        return Kind(float(kind.prior), dict(zip(names, kind.shares, strict=True)))

    return replace(
        model,
        person=named(person),
        strangers=named(_Kind(1 - person.prior - sum(k.prior for k in related), apart)),
        related=tuple(named(kind) for kind in related if kind.prior * all_pairs >= 1),
    )


def _related(model: MatchModel, apart: list[Shares], prior: float) -> list[_Kind]:
    """Where two who are related begin: they have a house in common, a name, or a place."""
    shared = [role for role in model.roles.values() if role not in OWN]
    in_common = (
        frozenset(shared),
        frozenset(role for role in shared if role is Role.LAST_NAME),
        frozenset(role for role in shared if role in PLACES),
    )
    found = [roles for place, roles in enumerate(in_common) if roles not in in_common[:place]]
    found = [roles for roles in found if roles]
    return [
        _Kind(
            prior / len(found),
            [
                model.person.shares[name] if role in roles else chance
                for (name, role), chance in zip(model.roles.items(), apart, strict=True)
            ],
        )
        for roles in found
    ]


def equal_pairs(table: pd.DataFrame, model: MatchModel, *, linked: bool) -> dict[str, float]:
    """Count the pairs of records that are equal in each field; of two files those across them."""
    found = {}
    for name in model.roles:
        counts = table[name].value_counts().to_numpy(dtype=float)
        found[name] = float((counts * (counts - 1) / 2).sum())
        if linked:
            by_side = table.groupby([name, SIDE]).size().unstack(fill_value=0).to_numpy(dtype=float)
            found[name] = float(by_side.prod(axis=1).sum())
    return found


def frequencies(table: pd.DataFrame, names: Mapping[str, object]) -> dict[str, pd.Series]:
    """Share of the records, of those that tell a field, that hold each value."""
    return {
        name: table[name].value_counts(normalize=True).sort_index()
        for name in names
        if table[name].notna().any()
    }


def _by_grade(patterns: NDArray[np.int64], weights: Numbers, sizes: list[int]) -> list[Numbers]:
    """Weight of each grade of each field, over the patterns that tell it."""
    found = []
    for place, size in enumerate(sizes):
        told = patterns[:, place] >= 0
        seen = np.bincount(patterns[told, place], weights=weights[told], minlength=size)
        found.append(seen.astype(float))
    return found


def _shares(counts: Numbers, more: float) -> Shares:
    filled = counts + more
    return tuple((filled / filled.sum()).tolist())
