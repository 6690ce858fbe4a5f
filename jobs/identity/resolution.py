"""Resolution: every identifier is given to one person.

Over arrays; ``distributed.py`` has Spark call it for parts of the graph that nothing joins. Nodes
are numbered in the order of their names, so the smallest number is the smallest name. The steps:

1. What too many people hold, or somebody has blocked, joins nobody.
2. Strong identifiers (record, customer_no, login, loyalty_no) that stood together are one person,
   unless their records tell otherwise.
3. Records that match are one person (``matching``), as far as the guards let them. Before there is
   an identity model, those are that hold one email or phone and bear one name or birthday.
4. Accounts of which there is no record go where only one person could be meant.
5. A weak identifier that touches two persons is shared: it tells nothing about who used it, and
   gets an anonymous person of its own. The rest goes with the one person it touches.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.sparse import csr_array

from jobs.identity.components import array_components
from jobs.identity.decided import Decisions
from jobs.identity.matching.clustering import (
    CONTRADICTING,
    UNDECIDED,
    Given,
    Kept,
    Linkage,
    clusters,
)
from jobs.identity.matching.scoring import WEIGHT_UNIT, Edges
from jobs.identity.nodes import CONTACTS, RECORD, STRONG
from jobs.identity.settings import IdentitySettings
from jobs.identity.traits import BIRTH, FIRST

Numbers = NDArray[np.int64]
"""Nodes by number, or a value for each node; -1 stands for none."""
Flags = NDArray[np.bool_]

KEPT_APART = pa.schema(
    [
        ("left_id", pa.string()),
        ("right_id", pa.string()),
        ("weight", pa.float64()),
        ("reason", pa.string()),
    ]
)


@dataclass(frozen=True, eq=False)
class Evidence:
    """What is known beside the links.

    Attributes
    ----------
    traits : pyarrow.Table
        ``node``, ``trait``, as of :func:`jobs.identity.traits.told_traits`.
    matches : pyarrow.Table or None
        ``left_id``, ``right_id`` (of records), ``weight``, ``contradicting``; None before there is
        an identity model.
    decisions : Decisions
        What people have decided.
    """

    traits: pa.Table
    matches: pa.Table | None = None
    decisions: Decisions = field(default_factory=Decisions)


@dataclass(frozen=True, eq=False)
class Resolution:
    """Who is who.

    Attributes
    ----------
    identifiers : pyarrow.Table
        ``identifier``, ``type``, ``representative`` (the node its person is named by), ``shared``,
        ``first_seen``, ``last_seen``, ``part`` (of the graph: nothing in it bears on another).
    kept_apart : pyarrow.Table
        ``left_id``, ``right_id``, ``weight``, ``reason``: pairs that speak for one person, and why
        they are two.
    """

    identifiers: pa.Table
    kept_apart: pa.Table


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

    def places(self, names: pa.Array | pa.ChunkedArray) -> Numbers:
        """Numbers of nodes by their names; -1 for those that there are not."""
        found = pc.index_in(names.cast(pa.large_string()), value_set=self.nodes)
        return np.asarray(found.fill_null(-1).to_numpy(), dtype=np.int64)

    def without(self, nodes: Flags) -> Graph:
        """Return it without the links of some nodes, which stay."""
        kept = ~(nodes[self.left] | nodes[self.right])
        return replace(self, left=self.left[kept], right=self.right[kept])


def resolve(links: pa.Table, evidence: Evidence, settings: IdentitySettings) -> Resolution:
    """Give every node to a person.

    Parameters
    ----------
    links : pyarrow.Table
        ``left_id``, ``right_id``, ``first_seen``, ``last_seen``.
    evidence : Evidence
        What is known beside.
    settings : IdentitySettings
        Limits.
    """
    graph = Graph.of(links)
    first, last = _seen(graph, links)
    public = _public(graph, evidence.decisions, settings)
    graph = graph.without(public)
    owner, shared, kept = _strong_owners(graph, evidence, settings)
    owner, also = _weak_owners(graph, owner)
    # Strong before weak, then the earliest, then the smallest name.
    order = np.lexsort((np.arange(graph.size), first, ~graph.strong, owner))
    groups, heads = np.unique(owner[order], return_index=True)
    representative = order[heads][np.searchsorted(groups, owner)]
    moment = links.schema.field("first_seen").type
    identifiers = pa.table(
        {
            "identifier": graph.nodes,
            "type": graph.types,
            "representative": graph.nodes.take(pa.array(representative)),
            "shared": shared | also | public,
            "first_seen": pa.array(first).cast(moment),
            "last_seen": pa.array(last).cast(moment),
            "part": pa.array(_parts(graph, evidence, settings)),
        }
    )
    return Resolution(identifiers, _kept_apart(graph, kept))


def _parts(graph: Graph, evidence: Evidence, settings: IdentitySettings) -> Numbers:
    """Part of every node, as a hash of the name of its smallest: all that may come to be one."""
    left, right = [graph.left], [graph.right]
    if evidence.matches is not None:
        wanted = settings.matching
        weight = evidence.matches.column("weight")
        near = evidence.matches.filter(pc.greater(weight, min(wanted.accept, wanted.review)))
        one, other = _record_places(graph, near)
        left.append(one)
        right.append(other)
    decided = sorted({*evidence.decisions.together, *evidence.decisions.apart})
    for ends, side in ((left, 0), (right, 1)):
        ends.append(graph.places(pa.array([pair[side] for pair in decided], pa.large_string())))
    one, other = np.concatenate(left), np.concatenate(right)
    there = (one >= 0) & (other >= 0)
    component = array_components(one[there], other[there], graph.size)
    smallest, place = np.unique(component, return_inverse=True)
    names = graph.nodes.take(pa.array(smallest)).to_pylist()
    numbers = [int(hashlib.sha256(name.encode()).hexdigest()[:15], 16) for name in names]
    found: Numbers = np.asarray(numbers, dtype=np.int64)[place]
    return found


def _public(graph: Graph, decisions: Decisions, settings: IdentitySettings) -> Flags:
    """Nodes that join nobody: blocked, or held by more than one person has or a family is."""
    weak = ~graph.strong
    seen = np.unique(np.stack([graph.left, graph.right]), axis=1)
    once = replace(graph, left=seen[0], right=seen[1])
    among = weak[once.left] & weak[once.right] & (once.left != once.right)
    ends = np.concatenate([once.left[among], once.right[among]])
    crowded = np.bincount(ends, minlength=graph.size) > settings.max_device_links
    _, held = once.strong_to_weak()
    desks = np.bincount(held, minlength=graph.size) > settings.max_contact_holders
    blocked = np.zeros(graph.size, dtype=np.bool_)
    names = pa.array(sorted(decisions.blocked), pa.large_string())
    places = graph.places(names)
    blocked[places[places >= 0]] = True
    found: Flags = (weak & crowded) | (graph.contact & desks) | blocked
    return found


def _strong_owners(
    graph: Graph, evidence: Evidence, settings: IdentitySettings
) -> tuple[Numbers, Flags, list[Kept]]:
    """Owner of every strong node, -1 for a weak one; what is shared; and what was kept apart.

    The owner is the smallest strong node of its person.
    """
    both = graph.strong[graph.left] & graph.strong[graph.right]
    component = array_components(graph.left[both], graph.right[both], graph.size)
    shared = np.zeros(graph.size, dtype=np.bool_)
    kept: list[Kept] = []
    person = component
    if evidence.matches is not None:
        person, shared, kept = _matched(graph, component, evidence, settings)
    strong, weak = graph.strong_to_weak()
    holders = pd.DataFrame({"person": person[strong], "contact": weak})
    holders = holders[graph.contact[weak]].drop_duplicates()
    held_by = holders.groupby("contact")["person"].transform("size")
    contested = holders[held_by >= 2]
    label = np.arange(graph.size)
    if evidence.matches is None:
        bearers = _bearers(graph, person, evidence.traits)
        label = _by_traits(contested, bearers, graph.size)
    else:
        # Who has records was told apart by all that they tell; the others are accounts.
        records = np.flatnonzero(_among(graph.types, (RECORD,)))
        bearers = pd.DataFrame({"person": person[records], "first": True, "birth": True})
    label = _unnamed(contested, bearers, label)
    person = label[person]
    owner = np.full(graph.size, -1, dtype=np.int64)
    mine = np.flatnonzero(graph.strong)
    owner[mine] = _least(person[mine], mine, graph.size)[person[mine]]
    return owner, shared, kept


def _matched(
    graph: Graph, component: Numbers, evidence: Evidence, settings: IdentitySettings
) -> tuple[Numbers, Flags, list[Kept]]:
    """Person of every node as a label, by what the records tell; shared ones; what is kept apart.

    What a source says of who is who (one login, one number) is evidence like any other, only
    strong: where records speak against it by more, each goes by what it matches, and what they
    have in common is shared.
    """
    assert evidence.matches is not None
    records = np.flatnonzero(_among(graph.types, (RECORD,)))
    number = np.full(graph.size, -1, dtype=np.int64)
    number[records] = np.arange(len(records))
    edges, contradicting = _record_edges(graph, number, evidence.matches)
    own = component[records]
    tied = own[edges.left] == own[edges.right]
    weight = edges.weight.copy()
    weight[tied] += _strength(graph, number, edges, tied, settings) * WEIGHT_UNIT
    against = tied & (weight <= 0)
    together, apart = (
        _decided(graph, number, component, pairs)
        for pairs in (evidence.decisions.together, evidence.decisions.apart)
    )
    contested = np.zeros(graph.size, dtype=np.bool_)
    contested[own[edges.left[against]]] = True
    contested[[own[a] for a, b in apart if own[a] == own[b]]] = True
    loose = contested[own]
    numbers = np.arange(len(records))
    group = np.where(loose, numbers, _least(own, numbers, graph.size)[own])
    if together:
        ends = np.asarray(together, dtype=np.int64)
        group = array_components(
            np.concatenate([numbers, ends[:, 0]]),
            np.concatenate([group, ends[:, 1]]),
            len(records),
        )
    wanted = settings.matching
    linkage = Linkage(
        accept=wanted.accept,
        mean_share=wanted.mean_share,
        unscored=wanted.unscored,
        review=wanted.review,
        contradicting=wanted.contradicting,
        most_records=wanted.most_records,
    )
    done = clusters(
        Edges(edges.left, edges.right, weight),
        len(records),
        linkage,
        Given(group, apart, contradicting),
    )
    person = component.copy()
    of_record = records[done.label]
    # A component that nothing speaks against goes with its records, which are one person.
    head = np.full(graph.size, -1, dtype=np.int64)
    head[own[~loose]] = of_record[~loose]
    person = np.where(head[component] >= 0, head[component], person)
    person[records] = of_record
    shared = _split(graph, records, contested[component], person)
    kept = [
        Kept(int(records[k.left]), int(records[k.right]), k.weight, k.reason)
        for k in done.kept_apart
    ]
    for place in np.flatnonzero(against):
        a, b = records[edges.left[place]], records[edges.right[place]]
        if person[a] != person[b]:
            kept.append(Kept(int(a), int(b), int(weight[place]), CONTRADICTING))
    return person, shared, kept


def _record_edges(graph: Graph, number: Numbers, matches: pa.Table) -> tuple[Edges, Flags]:
    """Pairs of records that are nodes, and whether they contradict each other."""
    ends = [np.where(place >= 0, number[place], -1) for place in _record_places(graph, matches)]
    weight = np.asarray(matches.column("weight").to_numpy(zero_copy_only=False), dtype=float)
    there = (ends[0] >= 0) & (ends[1] >= 0) & ~np.isnan(weight)
    bits = np.rint(weight[there] * WEIGHT_UNIT).astype(np.int64)
    flags = matches.column("contradicting").fill_null(False).to_numpy(zero_copy_only=False)
    low = np.minimum(ends[0][there], ends[1][there])
    high = np.maximum(ends[0][there], ends[1][there])
    order = np.lexsort((high, low))
    return Edges(low[order], high[order], bits[order]), flags[there][order].astype(np.bool_)


def _record_places(graph: Graph, matches: pa.Table) -> tuple[Numbers, Numbers]:
    """Nodes of the records of either side; -1 for those that there are not."""
    prefix = pa.scalar(f"{RECORD}:", pa.large_string())
    empty = pa.scalar("", pa.large_string())
    one, other = (
        graph.places(
            pc.binary_join_element_wise(prefix, matches.column(side).cast(pa.large_string()), empty)
        )
        for side in ("left_id", "right_id")
    )
    return one, other


def _strength(
    graph: Graph, number: Numbers, edges: Edges, tied: Flags, settings: IdentitySettings
) -> Numbers:
    """Bits that speak for pairs of records of one component: of the strongest they both hold.

    Those that hold none in common, as of a login and a number that an order has joined, have that
    of the weakest.
    """
    left, right = edges.left[tied], edges.right[tied]
    found = np.full(len(left), min(settings.strength.values()), dtype=np.int64)
    for kind, bits in settings.strength.items():
        of_kind = _among(graph.types, (kind,))
        one, other = graph.left, graph.right
        rows = np.concatenate([number[one], number[other]])
        columns = np.concatenate([other, one])
        held = (rows >= 0) & of_kind[columns]
        shape = (int(number.max(initial=-1)) + 1, graph.size)
        holds = csr_array(
            (np.ones(int(held.sum()), dtype=np.int8), (rows[held], columns[held])), shape=shape
        )
        in_common = np.asarray(holds[left].multiply(holds[right]).sum(axis=1)).ravel() > 0
        found[in_common] = np.maximum(found[in_common], bits)
    return found


def _decided(
    graph: Graph, number: Numbers, component: Numbers, pairs: Mapping[tuple[str, str], str]
) -> Sequence[tuple[int, int]]:
    """Pairs of records that a decision is about; of a login, those that hold it."""
    if not pairs:
        return []
    names = sorted({name for pair in pairs for name in pair})
    place = dict(zip(names, graph.places(pa.array(names)).tolist(), strict=True))
    found = set()
    for one, other in pairs:
        if place[one] < 0 or place[other] < 0:
            continue
        sides = (_records_of(graph, number, component, place[name]) for name in (one, other))
        found |= {(min(p), max(p)) for p in product(*sides) if p[0] != p[1]}
    return sorted(found)


def _records_of(graph: Graph, number: Numbers, component: Numbers, node: int) -> list[int]:
    if number[node] >= 0:
        return [int(number[node])]
    beside = np.concatenate([graph.right[graph.left == node], graph.left[graph.right == node]])
    direct = number[beside]
    found = direct[direct >= 0]
    if not len(found):
        of_component = number[component == component[node]]
        found = of_component[of_component >= 0]
    return sorted(set(found.tolist()))


def _split(graph: Graph, records: Numbers, contested: Flags, person: Numbers) -> Flags:
    """Give the numbers of contested records to the one person that holds them; or to none."""
    shared = np.zeros(graph.size, dtype=np.bool_)
    is_record = np.zeros(graph.size, dtype=np.bool_)
    is_record[records] = True
    free = contested & graph.strong & ~is_record
    if not free.any():
        return shared
    one, other = (
        np.concatenate([graph.left, graph.right]),
        np.concatenate([graph.right, graph.left]),
    )
    beside = free[one] & is_record[other]
    low = _least(one[beside], person[other[beside]], graph.size)
    high = -_least(one[beside], -person[other[beside]], graph.size)
    held = low < graph.size
    shared[free & held & (low != high)] = True
    alone = free & ~(held & (low == high))
    person[free] = low[free]
    person[alone] = np.flatnonzero(alone)
    return shared


def _bearers(graph: Graph, person: Numbers, traits: pa.Table) -> pd.DataFrame:
    """``person``, ``trait`` (numbered), ``first``, ``birth``: who bears which trait."""
    place = graph.places(traits.column("node"))
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
            "person": person[place],
            "trait": trait,
            "first": first[trait],
            "birth": birth[trait],
        }
    ).drop_duplicates()


def _by_traits(contested: pd.DataFrame, bearers: pd.DataFrame, size: int) -> Numbers:
    """Join persons who hold one contact and bear one trait there; a label for every node.

    So a family behind one address stays apart, and who is "Robert" in one system and "Bob" in the
    next is one by the birthday.
    """
    borne = contested.merge(bearers, on="person")
    # A trait at a contact is a node of its own, so links grow with holders, not with their pairs.
    place = size + np.asarray(borne.groupby(["contact", "trait"]).ngroup(), dtype=np.int64)
    bearer = np.asarray(borne["person"], dtype=np.int64)
    return array_components(bearer, place, size + len(borne))[:size]


def _unnamed(contested: pd.DataFrame, bearers: pd.DataFrame, group: Numbers) -> Numbers:
    """Put who tells no first name with the one named it could be; a label for every node."""
    size = len(group)
    first, birth = np.zeros((2, size), dtype=np.bool_)
    first[group[bearers.loc[bearers["first"], "person"]]] = True
    birth[group[bearers.loc[bearers["birth"], "person"]]] = True
    held = contested.assign(group=group[contested["person"]])[["contact", "group"]]
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


def _weak_owners(graph: Graph, owner: Numbers) -> tuple[Numbers, Flags]:
    """Owner of every node, and whether it is shared; a shared one is its own owner."""
    weak = ~graph.strong
    node, touched = graph.strong_to_weak()
    low = _least(touched, owner[node], graph.size)
    high = -_least(touched, -owner[node], graph.size)
    held = low < graph.size
    among = weak[graph.left] & weak[graph.right] & (graph.left != graph.right)
    shared = weak & held & (low != high)
    private = among & ~shared[graph.left] & ~shared[graph.right]
    known = np.where(held & ~shared, low, -1)
    free = _attached(graph.left[private], graph.right[private], known)
    own = np.where(shared, np.arange(graph.size), np.where(held, low, free))
    return np.where(weak, own, owner), shared


def _attached(left: Numbers, right: Numbers, owner: Numbers) -> Numbers:
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


def _kept_apart(graph: Graph, kept: Sequence[Kept]) -> pa.Table:
    """Write down pairs that were kept apart, each once, the smaller node left."""
    best = {(k.left, k.right): k for k in sorted(kept, key=_telling)}
    rows = [best[pair] for pair in sorted(best)]
    named = [
        graph.nodes.take(pa.array([getattr(k, side) for k in rows], pa.int64())).cast(pa.string())
        for side in ("left", "right")
    ]
    weights = pa.array([k.weight / WEIGHT_UNIT for k in rows], pa.float64())
    reasons = pa.array([k.reason for k in rows], pa.string())
    return pa.table([*named, weights, reasons], schema=KEPT_APART)


def _telling(kept: Kept) -> tuple[bool, int, str]:
    """Order what is said of one pair by how much it tells: that nothing is decided is the least."""
    return kept.reason != UNDECIDED, kept.weight, kept.reason


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
