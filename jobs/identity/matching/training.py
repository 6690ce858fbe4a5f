"""Training: what each grade of agreement is worth, learnt from the records without any labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import softmax

from jobs.identity.matching.fields import OWN
from jobs.identity.matching.model import MatchModel, Shares
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

    Three kinds of pairs are mixed: one person's, two strangers', and those of two who have a name
    or a place in common, as a family or a village has (Larsen and Rubin 2001, section 2). Within
    a kind grades are independent (Fellegi and Sunter 1969). Relatives agree in a first name, a
    date of birth or a number of their own no more than strangers, which keeps the kinds apart.

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
    sizes = [len(model.matched[name]) for name in names]
    own = [model.roles[name] in OWN for name in names]
    patterns = blocked[names].to_numpy(dtype=np.int64)
    counts = blocked["pairs"].to_numpy(dtype=float)
    drawn_patterns = drawn[names].to_numpy(dtype=np.int64)
    drawn_counts = drawn["pairs"].to_numpy(dtype=float)
    scale = all_pairs / drawn_counts.sum()
    among_all = [scale * seen for seen in _by_grade(drawn_patterns, drawn_counts, sizes)]
    for name, seen in zip(names, among_all, strict=True):
        seen[-1] = (equal or {}).get(name, seen[-1])
    strangers = [_shares(seen, 0.5) for seen in among_all]
    mixed = [_shares(seen, _SEEN) for seen in _by_grade(patterns, counts, sizes)]
    # How common each kind is is not known yet: one pair in five records, half of what is blocked.
    person = _Kind(
        min(0.5, 0.2 * np.sqrt(2 * all_pairs) / all_pairs), [model.matched[n] for n in names]
    )
    related = _Kind(
        0.0 if all(own) else min(0.3, counts.sum() / all_pairs / 2),
        [s if o else b for s, b, o in zip(strangers, mixed, own, strict=True)],
    )
    stranger = _Kind(1 - person.prior - related.prior, strangers)
    for _ in range(_ROUNDS):
        likelihoods = np.stack([k.log_likelihood(patterns) for k in (person, related, stranger)])
        weights = counts * softmax(likelihoods, axis=0)
        matches, relatives = weights[0].sum(), weights[1].sum()
        if matches < 1:
            break
        moved = abs(np.log(matches / all_pairs / person.prior))
        as_person = _by_grade(patterns, weights[0], sizes)
        as_related = _by_grade(patterns, weights[1], sizes)
        left = [
            _shares(np.maximum(total - mine - theirs, 0), 0.5 * scale)
            for total, mine, theirs in zip(among_all, as_person, as_related, strict=True)
        ]
        person = _Kind(matches / all_pairs, [_shares(seen, _SEEN) for seen in as_person])
        related = _Kind(
            relatives / all_pairs,
            [s if o else _shares(r, _SEEN) for s, r, o in zip(left, as_related, own, strict=True)],
        )
        stranger = _Kind(1 - person.prior - related.prior, left)
        if moved < _STILL:
            break
    return replace(
        model,
        prior=person.prior,
        related_prior=related.prior,
        matched=dict(zip(names, person.shares, strict=True)),
        unmatched=dict(zip(names, stranger.shares, strict=True)),
        related=dict(zip(names, related.shares, strict=True)),
    )


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
