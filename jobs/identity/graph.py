"""The graph of identifiers as arrays: numbered nodes, and the pairs that were seen together.

Nodes are numbered in the order of their names, so the smallest number is the smallest name.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from jobs.identity.components import array_components
from jobs.identity.nodes import CONTACTS, RECORD, STRONG

Numbers = NDArray[np.int64]
"""Nodes by number, or a value for each node; -1 stands for none."""
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Graph:
    """Identifiers as numbered nodes, and the pairs that were seen together."""

    nodes: pa.Array
    types: pa.Array
    strong: Flags
    contact: Flags
    left: Numbers
    right: Numbers

    @classmethod
    def of(cls, links: pa.Table) -> Graph:
        """Make it of ``left_id`` and ``right_id``."""
        ends = pa.chunked_array(
            [
                chunk.cast(pa.large_string())
                for side in ("left_id", "right_id")
                for chunk in links.column(side).chunks
            ],
            type=pa.large_string(),
        )
        # Dictionary codes instead of Python strings: an eighth of the memory.
        coded = ends.combine_chunks().dictionary_encode()
        by_name = pc.sort_indices(coded.dictionary).to_numpy()
        rank = np.empty(len(by_name), dtype=np.int64)
        rank[by_name] = np.arange(len(by_name))
        numbers = rank[coded.indices.to_numpy()]
        nodes = coded.dictionary.take(pa.array(by_name))
        types = _types(nodes)
        left, right = numbers[: links.num_rows], numbers[links.num_rows :]
        return cls(nodes, types, _among(types, STRONG), _among(types, CONTACTS), left, right)

    @property
    def size(self) -> int:
        """Number of nodes."""
        return len(self.nodes)

    def strong_to_weak(self) -> tuple[Numbers, Numbers]:
        """Strong and weak ends of the links between one of each."""
        strong = self.strong[self.left]
        mixed = strong != self.strong[self.right]
        ends = np.where(strong, self.left, self.right), np.where(strong, self.right, self.left)
        return ends[0][mixed], ends[1][mixed]

    def places(self, names: pa.Array) -> Numbers:
        """Numbers of nodes by their names; -1 for those that there are not."""
        if not len(names):
            return np.empty(0, dtype=np.int64)
        found = pc.index_in(names.cast(pa.large_string()), value_set=self.nodes)
        return np.asarray(found.fill_null(-1).to_numpy(), dtype=np.int64)

    def without(self, nodes: Flags) -> Graph:
        """Return it without the links of some nodes, which stay."""
        kept = ~(nodes[self.left] | nodes[self.right])
        return replace(self, left=self.left[kept], right=self.right[kept])

    def of_type(self, *types: str) -> Flags:
        """Whether each node is of one of some types."""
        return _among(self.types, types)

    def weighed(self, matches: pa.Table) -> Weighed:
        """Pairs of records that are nodes, of ``left_id``, ``right_id``, and how they match."""
        sides = [matches.column(side).cast(pa.large_string()) for side in ("left_id", "right_id")]
        ids = pa.chunked_array(
            [chunk for side in sides for chunk in side.chunks], pa.large_string()
        )
        # One look-up for both: it begins with a table of all nodes.
        prefix, empty = pa.scalar(f"{RECORD}:", pa.large_string()), pa.scalar("", pa.large_string())
        found = self.places(pc.binary_join_element_wise(prefix, ids, empty).combine_chunks())
        left, right = found[: matches.num_rows], found[matches.num_rows :]
        weight = np.asarray(matches.column("weight").to_numpy(), dtype=np.float64)
        flags = matches.column("contradicting").fill_null(False).to_numpy().astype(np.bool_)
        there = (left >= 0) & (right >= 0) & ~np.isnan(weight)
        return Weighed(left[there], right[there], weight[there], flags[there])

    def seen(self, links: pa.Table) -> tuple[Numbers, Numbers]:
        """Earliest and latest time of every node, in the unit of the links it was made of."""
        ends = np.concatenate([self.left, self.right])
        first, last = (
            np.tile(links.column(name).cast(pa.int64()).to_numpy(), 2)
            for name in ("first_seen", "last_seen")
        )
        return least(ends, first, self.size), -least(ends, -last, self.size)


@dataclass(frozen=True, eq=False)
class Weighed:
    """Pairs of nodes, the log2 odds that they are one person, and whether they contradict that."""

    left: Numbers
    right: Numbers
    weight: NDArray[np.float64]
    contradicting: Flags


def attached(left: Numbers, right: Numbers, owner: Numbers) -> Numbers:
    """Find the owner of every free node; others keep theirs.

    Free nodes that are linked to each other go together. A group of them that touches the nodes
    of exactly one owner goes to that owner. One that touches two stays by itself: to give it to
    either would be a guess, and to both would make the two one person.
    """
    size = len(owner)
    free = (owner[left] < 0) & (owner[right] < 0)
    group = array_components(left[free], right[free], size)
    one, other = np.concatenate([left, right]), np.concatenate([right, left])
    touching = (owner[one] < 0) & (owner[other] >= 0)
    whose, by = group[one[touching]], owner[other[touching]]
    low, high = least(whose, by, size), -least(whose, -by, size)
    claimed = np.where(low == high, low, np.arange(size))[group]
    return np.where(owner < 0, claimed, owner)


def least(places: Numbers, values: Numbers, size: int) -> Numbers:
    """Return the smallest value at each place; the greatest number there is where none fell."""
    found = np.full(size, np.iinfo(np.int64).max, dtype=np.int64)
    np.minimum.at(found, places, values)
    return found


def _types(nodes: pa.Array) -> pa.Array:
    """Types of nodes in order: those of one type lie together."""
    kinds: list[str] = []
    bounds = [0]
    while bounds[-1] < len(nodes):
        kind = nodes[bounds[-1]].as_py().partition(":")[0]
        # What begins with "kind:" comes before "kind;", the next character.
        after = bisect_left(
            range(len(nodes)), f"{kind};", lo=bounds[-1], key=lambda n: nodes[n].as_py()
        )
        kinds.append(kind)
        bounds.append(after)
    return pa.array(kinds, pa.large_string()).take(
        pa.array(np.repeat(np.arange(len(kinds)), np.diff(bounds)))
    )


def _among(types: pa.Array, wanted: tuple[str, ...]) -> Flags:
    found: Flags = pc.is_in(types, value_set=pa.array(wanted, pa.large_string())).to_numpy(
        zero_copy_only=False
    )
    return found
