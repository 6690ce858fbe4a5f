"""Clustering: scored pairs put together to persons, without following every weak link.

Records are joined from the surest pair on. How likely two groups are one person is told by all
pairs between them, and not by the best alone: so a chain of weak links does not grow, and one
record with little in it does not pull two persons together. What guards keep apart is told.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from jobs.identity.matching.scoring import WEIGHT_UNIT, Edges

Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]

DECIDED, CONTRADICTING, TOO_LARGE, UNDECIDED = "decided", "contradicting", "too large", "undecided"
"""Why two groups stay apart, whose pairs speak for one person."""


@dataclass(frozen=True)
class Linkage:
    """How two groups of records are weighed.

    Attributes
    ----------
    accept : float
        Groups are joined when their weight (log2 odds) is above it.
    mean_share : float
        Their weight is this share of the mean of all pairs between them, and for the rest that of
        the best pair: 0 is single linkage, 1 average linkage.
    unscored : float
        What a pair counts that was not scored.
    most : float
        No pair counts more than this, nor less than its opposite.
    review : float
        Groups whose weight is above this and not above ``accept`` are for a person to look at.
    contradicting : float
        Groups of which a pair contradicts another in what a person has one of, as a date of birth,
        are joined when their weight is above this.
    most_records : int or None
        No group gets larger.
    """

    accept: float = 0.0
    mean_share: float = 0.7
    unscored: float = -3.0
    most: float = 20.0
    review: float = 0.0
    contradicting: float = 0.0
    most_records: int | None = None


@dataclass(frozen=True, eq=False)
class Given:
    """What is known of records before they are weighed.

    Attributes
    ----------
    group : array of int
        For each record the smallest number among those that it is put together with in any case.
    apart : sequence of (int, int)
        Records that are two persons in any case.
    contradicting : array of bool
        For each edge whether its records contradict each other in what a person has one of.
    sides : array of int, optional
        Which of two linked files each record is from: then a group has at most one of each.
    """

    group: Numbers
    apart: Sequence[tuple[int, int]] = ()
    contradicting: Flags | None = None
    sides: Numbers | None = None


@dataclass(frozen=True)
class Kept:
    """Two groups that were kept apart: the best pair between them, their weight, and why."""

    left: int
    right: int
    weight: int
    reason: str


@dataclass(frozen=True, eq=False)
class Clusters:
    """Persons.

    Attributes
    ----------
    label : array of int
        For each record the smallest number among those of its person.
    kept_apart : sequence of Kept
        What guards have kept apart, and what is for a person to look at.
    """

    label: Numbers
    kept_apart: Sequence[Kept] = field(default_factory=tuple)


def clusters(edges: Edges, count: int, linkage: Linkage, given: Given | None = None) -> Clusters:
    """Put records together.

    Parameters
    ----------
    edges : Edges
        Scored pairs.
    count : int
        Number of records.
    linkage : Linkage
        How groups are weighed.
    given : Given, optional
        What is known before.
    """
    given = given or Given(np.arange(count, dtype=np.int64))
    label = given.group.copy()
    cap = round(linkage.most * WEIGHT_UNIT)
    weight = np.clip(edges.weight, -cap, cap)
    # Neither what is for review nor what is refused needs to be far from joining.
    near = weight > min(linkage.accept, linkage.review) * WEIGHT_UNIT
    tied = np.flatnonzero(given.group != np.arange(count))
    ends = (
        np.concatenate([edges.left[near], tied]),
        np.concatenate([edges.right[near], given.group[tied]]),
    )
    graph = coo_array((np.ones(len(ends[0]), dtype=np.int8), ends), shape=(count, count))
    _, component = connected_components(graph, directed=False)
    within = component[edges.left] == component[edges.right]
    left, right, weight = edges.left[within], edges.right[within], weight[within]
    contradicting = np.zeros(len(left), dtype=np.bool_)
    if given.contradicting is not None:
        contradicting = given.contradicting[within]
    size = np.bincount(component, minlength=count)
    # A component of two records has one pair, which joins them: most are.
    plain = (size[component[left]] == 2) & ~contradicting & (weight > linkage.accept * WEIGHT_UNIT)
    if given.apart:
        ordered = np.asarray(given.apart, dtype=np.int64)
        plain &= ~np.isin(component[left], component[ordered.ravel()])
    if given.sides is not None:
        plain &= given.sides[left] != given.sides[right]
    label[right[plain]] = np.minimum(label[right[plain]], label[left[plain]])
    left, right, weight, contradicting = (of[~plain] for of in (left, right, weight, contradicting))
    order = np.argsort(component[left], kind="stable")
    left, right, weight, contradicting = (of[order] for of in (left, right, weight, contradicting))
    members = _members(given.group, component, np.unique(component[left]))
    apart = _both_ways(given.apart)
    kept: list[Kept] = []
    bounds = np.flatnonzero(np.diff(component[left], prepend=-1, append=-1))
    for start, end in pairwise(bounds.tolist()):
        pairs = zip(
            left[start:end].tolist(),
            right[start:end].tolist(),
            weight[start:end].tolist(),
            contradicting[start:end].tolist(),
            strict=True,
        )
        group = _Group(members[int(component[left[start]])], pairs, linkage, apart, given.sides)
        for record, head in group.joined():
            label[record] = head
        kept += group.kept_apart()
    return Clusters(label, kept)


def _members(
    group: Numbers, component: Numbers, wanted: Numbers
) -> dict[int, dict[int, list[int]]]:
    """Component to group to records, of the components that are wanted."""
    found: dict[int, dict[int, list[int]]] = {}
    for record in np.flatnonzero(np.isin(component, wanted)).tolist():
        of = found.setdefault(int(component[record]), {})
        of.setdefault(int(group[record]), []).append(record)
    return found


def _both_ways(pairs: Iterable[tuple[int, int]]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    for one, other in pairs:
        found.setdefault(one, set()).add(other)
        found.setdefault(other, set()).add(one)
    return found


@dataclass
class _Between:
    """Pairs between two groups."""

    total: int = 0
    scored: int = 0
    best: tuple[int, int, int] = (-(10**9), 0, 0)
    """The greatest weight, and whose it is: less two numbers, so that the smaller ones win."""
    contradicting: bool = False

    def add(self, other: _Between) -> _Between:
        self.total += other.total
        self.scored += other.scored
        self.best = max(self.best, other.best)
        self.contradicting |= other.contradicting
        return self


class _Group:
    """The records of one component."""

    def __init__(
        self,
        members: dict[int, list[int]],
        pairs: Iterable[tuple[int, int, int, bool]],
        linkage: Linkage,
        apart: dict[int, set[int]],
        sides: Numbers | None,
    ) -> None:
        self.linkage, self.apart, self.sides = linkage, apart, sides
        self.members = members
        of = {record: head for head, records in members.items() for record in records}
        self.near: dict[int, dict[int, _Between]] = {head: {} for head in members}
        """Group to its neighbours, and what is between them."""
        for one, other, weight, contradicting in pairs:
            a, b = of[one], of[other]
            if a == b:
                continue
            between = self.near[a].setdefault(b, _Between())
            self.near[b][a] = between.add(
                _Between(weight, 1, (weight, -one, -other), contradicting)
            )
        self.refused: dict[tuple[int, int], str] = {}

    def joined(self) -> Sequence[tuple[int, int]]:
        """Join from the surest on; each record with the smallest of its group."""
        least = self.linkage.accept * WEIGHT_UNIT
        waiting = [(-self._weight(a, b), a, b) for a in self.near for b in self.near[a] if a < b]
        waiting = [entry for entry in waiting if -entry[0] > least]
        heapq.heapify(waiting)
        while waiting:
            negative, a, b = heapq.heappop(waiting)
            # What was put off is weighed anew when either has grown.
            if b not in self.near.get(a, ()) or self._weight(a, b) != -negative:
                continue
            reason = self._refusal(a, b, -negative)
            if reason is not None:
                self.refused[a, b] = reason
                continue
            kept = self._join(a, b)
            for other in self.near[kept]:
                weight = self._weight(kept, other)
                if weight > least:
                    heapq.heappush(waiting, (-weight, min(kept, other), max(kept, other)))
        return [(record, head) for head, records in self.members.items() for record in records]

    def kept_apart(self) -> list[Kept]:
        """Tell which groups stayed apart by a guard, or are for a person to look at."""
        review = self.linkage.review * WEIGHT_UNIT
        found = []
        for a, others in self.near.items():
            for b, between in others.items():
                weight = self._weight(a, b)
                reason = self.refused.get((a, b))
                if a < b and (reason or weight > review):
                    _, left, right = between.best
                    found.append(Kept(-left, -right, round(weight), reason or UNDECIDED))
        return sorted(found, key=lambda kept: (kept.left, kept.right))

    def _weight(self, a: int, b: int) -> float:
        between = self.near[a][b]
        pairs = len(self.members[a]) * len(self.members[b])
        unscored = self.linkage.unscored * WEIGHT_UNIT * (pairs - between.scored)
        share = self.linkage.mean_share
        return share * (between.total + unscored) / pairs + (1 - share) * between.best[0]

    def _refusal(self, a: int, b: int, weight: float) -> str | None:
        ours, theirs = self.members[a], self.members[b]
        if self.sides is not None:
            of = self.sides[ours + theirs]
            if len(of) > len(set(of.tolist())):
                return CONTRADICTING
        if any(not self.apart[r].isdisjoint(theirs) for r in ours if r in self.apart):
            return DECIDED
        most = self.linkage.most_records
        if most is not None and len(ours) + len(theirs) > most:
            return TOO_LARGE
        least = self.linkage.contradicting * WEIGHT_UNIT
        return CONTRADICTING if self.near[a][b].contradicting and weight <= least else None

    def _join(self, a: int, b: int) -> int:
        """Make two groups one, named by the smaller."""
        kept, gone = min(a, b), max(a, b)
        mine, theirs = self.near[kept], self.near.pop(gone)
        del mine[gone], theirs[kept]
        for other, between in theirs.items():
            del self.near[other][gone]
            mine[other] = self.near[other][kept] = mine.get(other, _Between()).add(between)
        self.members[kept] += self.members.pop(gone)
        return kept
