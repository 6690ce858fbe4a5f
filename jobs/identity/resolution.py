"""Resolution on one machine, over arrays: a night's few new links cost no hundred Spark jobs.

Nodes are numbered in the order of their names, so the smallest number is the smallest name. The
rules are those of ``persons.py``; ``distributed.py`` has the same steps for Spark.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from jobs.identity.components import array_components
from jobs.identity.contacts import BIRTH, FIRST
from jobs.identity.nodes import CONTACTS, STRONG
from jobs.identity.settings import IdentitySettings

Numbers = NDArray[np.int64]
"""Nodes by number, or a value for each node; -1 stands for none."""
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Graph:
    """Links between numbered nodes; ``types``, ``strong`` and ``contact`` are by node."""

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
        types = pc.list_element(pc.split_pattern(nodes, ":", max_splits=1), 0)
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


def resolve(links: pa.Table, traits: pa.Table, settings: IdentitySettings) -> pa.Table:
    """Give every node to a person.

    Parameters
    ----------
    links : pyarrow.Table
        ``left_id``, ``right_id``, ``first_seen``, ``last_seen``.
    traits : pyarrow.Table
        ``node``, ``trait``, as of :func:`jobs.identity.contacts.told_traits`.
    settings : IdentitySettings
        Limits.

    Returns
    -------
    pyarrow.Table
        ``identifier``, ``type``, ``representative`` (the node its person is named by), ``shared``,
        ``first_seen``, ``last_seen``.
    """
    graph = Graph.of(links)
    owner, shared = _weak_owners(graph, _strong_owners(graph, traits, settings), settings)
    first, last = _seen(graph, links)
    # Strong before weak, then the earliest, then the smallest name.
    order = np.lexsort((np.arange(graph.size), first, ~graph.strong, owner))
    groups, heads = np.unique(owner[order], return_index=True)
    representative = order[heads][np.searchsorted(groups, owner)]
    moment = links.schema.field("first_seen").type
    return pa.table(
        {
            "identifier": graph.nodes,
            "type": graph.types,
            "representative": graph.nodes.take(pa.array(representative)),
            "shared": shared,
            "first_seen": pa.array(first).cast(moment),
            "last_seen": pa.array(last).cast(moment),
        }
    )


def _strong_owners(graph: Graph, traits: pa.Table, settings: IdentitySettings) -> Numbers:
    """Owner of every strong node, the smallest strong node of its person; -1 for a weak one."""
    both = graph.strong[graph.left] & graph.strong[graph.right]
    component = array_components(graph.left[both], graph.right[both], graph.size)
    strong, weak = graph.strong_to_weak()
    holders = pd.DataFrame({"component": component[strong], "contact": weak})
    holders = holders[graph.contact[weak]].drop_duplicates()
    shared_by = holders.groupby("contact")["component"].transform("size")
    contested = holders[shared_by.between(2, settings.max_contact_holders)]
    person = _joined(contested, _bearers(graph, component, traits), graph.size)[component]
    owner = np.full(graph.size, -1, dtype=np.int64)
    mine = np.flatnonzero(graph.strong)
    owner[mine] = _least(person[mine], mine, graph.size)[person[mine]]
    return owner


def _bearers(graph: Graph, component: Numbers, traits: pa.Table) -> pd.DataFrame:
    """``component``, ``trait`` (numbered), ``first``, ``birth``: who bears which trait."""
    node = pc.index_in(traits.column("node").cast(pa.large_string()), value_set=graph.nodes)
    place = node.fill_null(-1).to_numpy().astype(np.int64)
    told = traits.column("trait").cast(pa.large_string()).combine_chunks()
    coded = told.dictionary_encode()
    first, birth = (
        pc.starts_with(coded.dictionary, f"{kind}:").to_numpy(zero_copy_only=False)
        for kind in (FIRST, BIRTH)
    )
    trait = coded.indices.to_numpy().astype(np.int64)
    known = place >= 0
    place, trait = place[known], trait[known]
    return pd.DataFrame(
        {
            "component": component[place],
            "trait": trait,
            "first": first[trait],
            "birth": birth[trait],
        }
    ).drop_duplicates()


def _joined(contested: pd.DataFrame, bearers: pd.DataFrame, size: int) -> Numbers:
    """Join components by contact, as ``contacts.py`` says; a label for every node."""
    borne = contested.merge(bearers, on="component")
    # A trait at a contact is a node of its own, so links grow with holders, not with their pairs.
    place = size + np.asarray(borne.groupby(["contact", "trait"]).ngroup(), dtype=np.int64)
    bearer = np.asarray(borne["component"], dtype=np.int64)
    group = array_components(bearer, place, size + len(borne))[:size]
    first, birth = np.zeros((2, size), dtype=np.bool_)
    first[group[borne.loc[borne["first"], "component"]]] = True
    birth[group[borne.loc[borne["birth"], "component"]]] = True

    held = contested.assign(group=group[contested["component"]])[["contact", "group"]]
    held = held.drop_duplicates()
    held = held.assign(first=first[held["group"]], birth=birth[held["group"]])
    named = held.groupby("contact")[["first", "birth"]].sum()
    # Two who both give a first name, or both a birthday, were not joined by it: a household, of
    # which the unnamed could be anyone.
    telling = held["contact"].isin(named.index[(named["first"] <= 1) & (named["birth"] <= 1)])
    owner = np.full(size, -1, dtype=np.int64)
    certain = held[telling & held["first"]]
    owner[certain["contact"]] = certain["group"]
    unnamed = held[telling & ~held["first"]]
    placed = _attached(unnamed["group"].to_numpy(), unnamed["contact"].to_numpy(), owner)
    label = np.arange(size)
    label[unnamed["group"]] = placed[unnamed["group"]]
    found: Numbers = label[group]
    return found


def _weak_owners(graph: Graph, owner: Numbers, settings: IdentitySettings) -> tuple[Numbers, Flags]:
    """Owner of every node, and whether it is shared; a shared one is its own owner."""
    weak = ~graph.strong
    node, touched = graph.strong_to_weak()
    low = _least(touched, owner[node], graph.size)
    high = -_least(touched, -owner[node], graph.size)
    held = low < graph.size
    among = weak[graph.left] & weak[graph.right] & (graph.left != graph.right)
    ends = np.concatenate([graph.left[among], graph.right[among]])
    crowded = np.bincount(ends, minlength=graph.size) > settings.max_device_links
    shared = weak & ((held & (low != high)) | crowded)
    private = among & ~shared[graph.left] & ~shared[graph.right]
    known = np.where(held & ~shared, low, -1)
    free = _attached(graph.left[private], graph.right[private], known)
    own = np.where(shared, np.arange(graph.size), np.where(held, low, free))
    return np.where(weak, own, owner), shared


def _attached(left: Numbers, right: Numbers, owner: Numbers) -> Numbers:
    """Find the owner of every free node, as ``attach.py`` says; others keep theirs."""
    size = len(owner)
    free = (owner[left] < 0) & (owner[right] < 0)
    group = array_components(left[free], right[free], size)
    one, other = np.concatenate([left, right]), np.concatenate([right, left])
    touching = (owner[one] < 0) & (owner[other] >= 0)
    whose, by = group[one[touching]], owner[other[touching]]
    low, high = _least(whose, by, size), -_least(whose, -by, size)
    claimed = np.where(low == high, low, np.arange(size))[group]
    return np.where(owner < 0, claimed, owner)


def _seen(graph: Graph, links: pa.Table) -> tuple[Numbers, Numbers]:
    """Earliest and latest time of every node, in the unit of the links."""
    ends = np.concatenate([graph.left, graph.right])
    first, last = (
        np.tile(links.column(name).cast(pa.int64()).to_numpy(), 2)
        for name in ("first_seen", "last_seen")
    )
    return _least(ends, first, graph.size), -_least(ends, -last, graph.size)


def _least(places: Numbers, values: Numbers, size: int) -> Numbers:
    """Return the smallest value at each place; the greatest number there is where none fell."""
    found = np.full(size, np.iinfo(np.int64).max, dtype=np.int64)
    np.minimum.at(found, places, values)
    return found


def _among(types: pa.Array, wanted: tuple[str, ...]) -> Flags:
    found: Flags = pc.is_in(types, value_set=pa.array(wanted, pa.large_string())).to_numpy(
        zero_copy_only=False
    )
    return found
