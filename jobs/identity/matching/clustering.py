"""Clustering: scored pairs put together to persons, without following every weak link.

Records are joined from the surest pair on. How likely two groups are one person is told by all
pairs between them, and not by the best alone: so a chain of weak links does not grow, and one
record with little in it does not pull two persons together.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from jobs.identity.matching.scoring import WEIGHT_UNIT, Edges

Numbers = NDArray[np.int64]


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
    """

    accept: float = 0.0
    mean_share: float = 0.7
    unscored: float = -3.0
    most: float = 20.0


def clusters(edges: Edges, count: int, linkage: Linkage, sides: Numbers | None = None) -> Numbers:
    """Put records together.

    Parameters
    ----------
    edges : Edges
        Scored pairs.
    count : int
        Number of records.
    linkage : Linkage
        How groups are weighed.
    sides : array of int, optional
        Which of two linked files each record is from: then a group has at most one of each.

    Returns
    -------
    array of int
        For each record the smallest number among those of its person.
    """
    label = np.arange(count, dtype=np.int64)
    cap = round(linkage.most * WEIGHT_UNIT)
    least = linkage.accept * WEIGHT_UNIT
    weight = np.clip(edges.weight, -cap, cap)
    joins = weight > least
    graph = coo_array(
        (np.ones(int(joins.sum()), dtype=np.int8), (edges.left[joins], edges.right[joins])),
        shape=(count, count),
    )
    _, component = connected_components(graph, directed=False)
    within = component[edges.left] == component[edges.right]
    left, right, weight = edges.left[within], edges.right[within], weight[within]
    size = np.bincount(component, minlength=count)
    # A component of two records has one pair, which joins them: most are.
    pair = size[component[left]] == 2
    across = pair if sides is None else pair & (sides[left] != sides[right])
    label[right[across]] = left[across]
    left, right, weight = left[~pair], right[~pair], weight[~pair]
    order = np.argsort(component[left], kind="stable")
    left, right, weight = left[order], right[order], weight[order]
    bounds = np.flatnonzero(np.diff(component[left], prepend=-1, append=-1))
    for start, end in pairwise(bounds.tolist()):
        group = _Group(left[start:end], right[start:end], weight[start:end], linkage, sides)
        for record, head in group.joined():
            label[record] = head
    return label


class _Group:
    """The records of one component."""

    def __init__(
        self,
        left: Numbers,
        right: Numbers,
        weight: Numbers,
        linkage: Linkage,
        sides: Numbers | None,
    ) -> None:
        self.linkage = linkage
        self.near: dict[int, dict[int, tuple[int, int, int]]] = {}
        """Group to its neighbours: sum of the weights between them, how many, the greatest."""
        for a, b, w in zip(left.tolist(), right.tolist(), weight.tolist(), strict=True):
            self.near.setdefault(a, {})[b] = self.near.setdefault(b, {})[a] = (w, 1, w)
        self.members: dict[int, list[int]] = {record: [record] for record in self.near}
        self.sides = sides

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
            if not self._allowed(a, b):
                continue
            kept = self._join(a, b)
            for other in self.near[kept]:
                weight = self._weight(kept, other)
                if weight > least:
                    heapq.heappush(waiting, (-weight, min(kept, other), max(kept, other)))
        return [(record, head) for head, records in self.members.items() for record in records]

    def _weight(self, a: int, b: int) -> float:
        total, scored, greatest = self.near[a][b]
        pairs = len(self.members[a]) * len(self.members[b])
        unscored = self.linkage.unscored * WEIGHT_UNIT * (pairs - scored)
        share = self.linkage.mean_share
        return share * (total + unscored) / pairs + (1 - share) * greatest

    def _allowed(self, a: int, b: int) -> bool:
        if self.sides is None:
            return True
        of = self.sides[self.members[a] + self.members[b]]
        return len(of) == len(set(of.tolist()))

    def _join(self, a: int, b: int) -> int:
        """Make two groups one, named by the smaller."""
        kept, gone = min(a, b), max(a, b)
        mine, theirs = self.near[kept], self.near.pop(gone)
        del mine[gone], theirs[kept]
        for other, (total, scored, greatest) in theirs.items():
            del self.near[other][gone]
            more = mine.get(other, (0, 0, greatest))
            both = (total + more[0], scored + more[1], max(greatest, more[2]))
            mine[other] = self.near[other][kept] = both
        self.members[kept] += self.members.pop(gone)
        return kept
