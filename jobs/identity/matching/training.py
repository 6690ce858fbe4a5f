"""Training: what each grade of agreement is worth, learnt from records, and from what was decided.

No labels are wanted. Where people have said of pairs that they are one person or two, those pairs'
kinds are known, and the others are learnt beside them (Larsen and Rubin 2001, section 4).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import softmax

from jobs.identity.matching.fields import ADDRESS, BORN, NAMES, NAMING, OWN, PLACES, Role
from jobs.identity.matching.model import Kind, MatchModel, Shares
from jobs.identity.matching.records import SIDE

Numbers = NDArray[np.float64]
_ROUNDS = 500
_STILL = 1e-6
"""Estimation ends when the number of matches moves by less than this share."""
_THOUGHT, _THOUGHT_APART = 10.0, 200.0
"""For so many pairs counts what is expected before any is seen: of one person, and of strangers.
It decides in a file of ten records, and is nothing in one of a thousand."""
_THOUGHT_RECORDS = 50.0
"""For so many records counts what is expected of a field, in telling how common a value is."""
_RARELY = 0.03
"""Of the pairs of one house no more are twins than this, nor of one name. One birth in 32 was of
twins in the United States in 2021 (Osterman et al. 2023, National Vital Statistics Reports 72).
"""
_NONE = 0.01
"""Fewer matches than this are none at all."""


@dataclass
class _Kind:
    """One kind of pairs: how common it is, and how common each grade of each field is in it."""

    prior: float
    shares: list[Shares]
    expected: list[Shares]
    """What it is thought to be like before any pair is seen."""
    by_chance: list[bool]
    """Fields in which its pairs agree no more than strangers do."""
    as_one: list[bool]
    """Fields in which they agree as one person's do."""
    of_house: bool = False
    """Whether they are a few of those of one house, and agree in all other fields as those do."""

    def log_likelihood(self, patterns: NDArray[np.int64]) -> Numbers:
        total = np.full(len(patterns), np.log(max(self.prior, 1e-300)))
        for place, shares in enumerate(self.shares):
            grade = patterns[:, place]
            total += np.where(grade >= 0, np.log(shares)[np.maximum(grade, 0)], 0.0)
        return total

    def seen_anew(self, prior: float, seen: list[Numbers], apart: list[Shares]) -> _Kind:
        shares = [
            chance if alone else _shares(grades, before, _THOUGHT)
            for grades, before, chance, alone in zip(
                seen, self.expected, apart, self.by_chance, strict=True
            )
        ]
        return replace(self, prior=prior, shares=shares)

    def among(self, house: _Kind, one: _Kind) -> _Kind:
        """Return it as a few of the pairs of one house."""
        shares = [
            own if tied else theirs
            for own, theirs, tied in zip(one.shares, house.shares, self.as_one, strict=True)
        ]
        return replace(self, prior=min(self.prior, _RARELY * house.prior), shares=shares)


def estimated(
    model: MatchModel,
    blocked: pd.DataFrame,
    drawn: pd.DataFrame,
    *,
    all_pairs: float,
    equal: Mapping[str, float] | None = None,
    decided: pd.DataFrame | None = None,
) -> MatchModel:
    """Estimate the model by expectation maximisation.

    Kinds of pairs are mixed: one person's, one's who moved house between the records, two
    strangers', and those of two who have something in common, be it a house, a name or a town
    (Larsen and Rubin 2001 have three kinds, for the same reason). Within a kind grades are
    independent (Fellegi and Sunter 1969). Two who are related agree in a first name, a date of
    birth or a number of their own no more than strangers, which keeps them apart from one person.

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
    decided : DataFrame, optional
        Grades of pairs of which people have said whether they are one person, and ``one``, which
        is what they said; a row a pair.
    """
    names = list(model.roles)
    sizes = [len(model.persons[0].shares[name]) for name in names]
    patterns = blocked[names].to_numpy(dtype=np.int64)
    counts = blocked["pairs"].to_numpy(dtype=float)
    drawn_patterns = drawn[names].to_numpy(dtype=np.int64)
    drawn_counts = drawn["pairs"].to_numpy(dtype=float)
    scale = all_pairs / drawn_counts.sum()
    among_all = [scale * seen for seen in _by_grade(drawn_patterns, drawn_counts, sizes)]
    for name, seen in zip(names, among_all, strict=True):
        seen[-1] = (equal or {}).get(name, seen[-1])
    expected = [model.strangers.shares[name] for name in names]
    # A grade that was not drawn may have been missed among as many pairs as stand for one.
    thoughts = [max(_THOUGHT_APART, scale * size / 2) for size in sizes]
    apart = []
    for place, role in enumerate(model.roles.values()):
        seen = among_all[place].copy()
        if role in NAMING:
            # Until other fields say otherwise, who hold one address or number are one person.
            seen[-1] /= 100
        apart.append(_shares(seen, expected[place], thoughts[place]))
    # How common each kind is is not known yet: one pair in five records, half of what is blocked.
    persons = _persons(model, apart, min(0.5, 0.2 * np.sqrt(2 * all_pairs) / all_pairs))
    related = _related(model, apart, min(0.3, counts.sum() / all_pairs / 2))
    namesakes = _namesakes(model, apart, 0.1 * persons[0].prior)
    others = [*related, *namesakes]
    homes = [place for place, role in enumerate(model.roles.values()) if role in ADDRESS]
    everybody = [False] * len(names)
    if decided is not None and len(decided):
        sought = len(patterns)
        patterns, counts = _beside(patterns, counts, decided[names].to_numpy(dtype=np.int64))
        one = decided["one"].to_numpy(dtype=bool)
        barred = np.zeros((len(persons) + len(others) + 1, len(patterns)))
        barred[: len(persons), sought:][:, ~one] = -np.inf
        barred[len(persons) :, sought:][:, one] = -np.inf
    else:
        barred = np.zeros((1, 1))
    matches = 0.0
    for _ in range(_ROUNDS):
        known = [*persons, *others]
        left = 1 - sum(kind.prior for kind in known)
        strangers = _Kind(left, apart, expected, everybody, everybody)
        likelihoods = np.stack([kind.log_likelihood(patterns) for kind in (*known, strangers)])
        weights = counts * softmax(likelihoods + barred, axis=0)
        last, matches = matches, weights[: len(persons)].sum()
        if matches < _NONE or abs(matches - last) < _STILL * matches:
            break
        seen = [_by_grade(patterns, weight, sizes) for weight in weights[:-1]]
        taken = [sum(of_kind) for of_kind in zip(*seen, strict=True)]
        apart = [
            _shares(np.maximum(total - part, 0), before, thought)
            for total, part, before, thought in zip(
                among_all, taken, expected, thoughts, strict=True
            )
        ]
        # Who moved writes a name or a date no other way than who stays.
        if len(persons) > 1:
            alone = [
                at if moved else at + away
                for at, away, moved in zip(seen[0], seen[1], persons[1].by_chance, strict=True)
            ]
            seen[0] = seen[1] = alone
        known = [
            kind.seen_anew(weight.sum() / all_pairs, of_kind, apart)
            for kind, weight, of_kind in zip(known, weights, seen, strict=False)
        ]
        persons, others = known[: len(persons)], known[len(persons) :]
        if any(kind.of_house for kind in others):
            house = max((k for k in others if not k.of_house), key=partial(_at_one_home, homes))
            others = [k.among(house, persons[0]) if k.of_house else k for k in others]

    def named(kind: _Kind, coincident: frozenset[str] = frozenset()) -> Kind:
        return Kind(float(kind.prior), dict(zip(names, kind.shares, strict=True)), coincident)

    called = frozenset(name for name, role in model.roles.items() if role in NAMES)
    present = [
        named(kind, frozenset() if place < len(related) else called)
        for place, kind in enumerate(others)
        if kind.prior * all_pairs >= 1
    ]
    return replace(
        model,
        persons=(
            named(persons[0]),
            *(named(kind) for kind in persons[1:] if kind.prior * all_pairs >= 1),
        ),
        strangers=named(strangers),
        related=tuple(present),
    )


def _beside(
    patterns: NDArray[np.int64], counts: Numbers, decided: NDArray[np.int64]
) -> tuple[NDArray[np.int64], Numbers]:
    """Put pairs whose kind was decided beside those whose kind is sought, and no more among them.

    A pair that blocking does not find was not among them.
    """
    places = {tuple(pattern): place for place, pattern in enumerate(patterns.tolist())}
    left = counts.copy()
    for pattern in decided.tolist():
        place = places.get(tuple(pattern))
        if place is not None:
            left[place] = max(left[place] - 1, 0)
    return np.vstack([patterns, decided]), np.concatenate([left, np.ones(len(decided))])


def _persons(model: MatchModel, apart: list[Shares], prior: float) -> list[_Kind]:
    """Where one person's pairs begin: most at one address, one in ten at two."""
    alike = list(model.persons[0].shares.values())
    moved = [role in ADDRESS for role in model.roles.values()]
    no = [False] * len(alike)
    if sum(moved) < 2:
        return [_Kind(prior, alike, alike, no, no)]
    elsewhere = [c if at else a for c, a, at in zip(apart, alike, moved, strict=True)]
    return [
        _Kind(0.9 * prior, alike, alike, no, no),
        _Kind(0.1 * prior, elsewhere, alike, moved, no),
    ]


def _related(model: MatchModel, apart: list[Shares], prior: float) -> list[_Kind]:
    """Where two who are related begin: they have a house in common, a name, or a place.

    Of those of one house some were born on one day, and some bear one first name: twins, and a
    father and his son.
    """
    roles = list(model.roles.values())
    house = frozenset(role for role in roles if role not in OWN)
    born = frozenset(role for role in roles if role in BORN)
    called = frozenset(role for role in roles if role in NAMES)
    in_common = [house, house & {Role.LAST_NAME}, house & PLACES]
    if house & PLACES and born and Role.FIRST_NAME in called:
        in_common += [house | born, house | called]
    alike = list(model.persons[0].shares.values())
    kinds: dict[frozenset[Role], _Kind] = {}
    for common in in_common:
        if not common or common in kinds:
            continue
        shares = [
            agree if role in common else chance
            for role, agree, chance in zip(roles, alike, apart, strict=True)
        ]
        # Twins differ in their names and namesakes in their birthdays, as strangers do.
        own = [role in OWN and role not in common for role in roles]
        # What twins and namesakes have in common is not learnt of them: there are few, and it
        # would go astray to whatever else is rare.
        few = common > house
        share = _RARELY if few else 1.0
        tied = [few and role in common and role not in NAMING for role in roles]
        kinds[common] = _Kind(share * prior / 3, shares, shares, own, tied, of_house=few)
    return list(kinds.values())


def _at_one_home(homes: Sequence[int], kind: _Kind) -> float:
    """Say how far the pairs of a kind live at one address, whatever it was to be at first."""
    return float(sum(np.log(kind.shares[place][-1]) for place in homes))


def _namesakes(model: MatchModel, apart: list[Shares], prior: float) -> list[_Kind]:
    """Where two of one name begin, whose addresses of mail are made of it and so alike.

    Only where something else tells them apart from one person.
    """
    roles = list(model.roles.values())
    telling = {Role.BIRTH_DATE, Role.BIRTH_YEAR, Role.PHONE, Role.IDENTIFIER}
    if Role.EMAIL not in roles or not telling.intersection(roles):
        return []
    alike = list(model.persons[0].shares.values())
    by_chance = [role not in NAMES and role is not Role.EMAIL for role in roles]
    shares = [c if away else a for c, a, away in zip(apart, alike, by_chance, strict=True)]
    return [_Kind(prior, shares, shares, by_chance, [False] * len(roles))]


def equal_pairs(table: pd.DataFrame, model: MatchModel, *, linked: bool) -> dict[str, float]:
    """Count the pairs of records that are equal in each field; of two files those across them."""
    found = {}
    for name in model.roles:
        counts = table[name].value_counts().to_numpy(dtype=float)
        found[name] = float((counts * (counts - 1) / 2).sum())
        if linked:
            by_side = table.groupby([name, SIDE]).size().unstack(fill_value=0)
            both = by_side.reindex(columns=[0, 1], fill_value=0).to_numpy(dtype=float)
            found[name] = float(both.prod(axis=1).sum())
    return found


def frequencies(table: pd.DataFrame, model: MatchModel) -> dict[str, pd.Series]:
    """How common each value of a field is among records other than the two that are compared.

    Two who both hold a value are told apart from chance by how many others hold it; what is
    expected of the field counts for a few records more, so that in a small file nothing is
    certain.
    """
    found = {}
    for name in model.roles:
        counts = table[name].value_counts().sort_index()
        found[name] = _share((counts - 2).clip(lower=0), counts.sum(), model, name)
    return found


def rarest(table: pd.DataFrame, model: MatchModel) -> dict[str, float]:
    """Say how common a value is of each field that no other records hold."""
    return {name: float(_share(0, table[name].count(), model, name)) for name in model.roles}


def _share(others: Any, told: int, model: MatchModel, name: str) -> Any:
    expected = _THOUGHT_RECORDS * model.strangers.shares[name][-1]
    return (others + expected) / (max(told - 2, 0) + _THOUGHT_RECORDS)


def _by_grade(patterns: NDArray[np.int64], weights: Numbers, sizes: list[int]) -> list[Numbers]:
    """Weight of each grade of each field, over the patterns that tell it."""
    found = []
    for place, size in enumerate(sizes):
        told = patterns[:, place] >= 0
        seen = np.bincount(patterns[told, place], weights=weights[told], minlength=size)
        found.append(seen.astype(float))
    return found


def _shares(counts: Numbers, expected: Shares, pairs: float) -> Shares:
    """Shares of what was seen, with what was expected counting for so many pairs."""
    filled = counts + pairs * np.array(expected)
    return tuple((filled / filled.sum()).tolist())
