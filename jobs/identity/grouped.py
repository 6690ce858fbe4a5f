"""Records grouped into persons by how they match, and what they hold going with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np
import pyarrow as pa
from scipy.sparse import csr_array

from jobs.identity.components import array_components
from jobs.identity.decided import Decisions
from jobs.identity.graph import Flags, Graph, Numbers, Weighed, least
from jobs.identity.matching.clustering import CONTRADICTING, Given, Kept, Linkage, clusters
from jobs.identity.matching.scoring import WEIGHT_UNIT, Edges
from jobs.identity.nodes import RECORD
from jobs.identity.settings import IdentitySettings


def grouped(
    graph: Graph,
    component: Numbers,
    weighed: Weighed,
    decisions: Decisions,
    settings: IdentitySettings,
) -> tuple[Numbers, Flags, list[Kept]]:
    """Person of every node as a label, by what the records tell; shared ones; what is kept apart.

    What a source says of who is who (one login, one number) is evidence like any other, only
    strong: where records speak against it by more, each goes by what it matches, and what they
    have in common is shared.
    """
    records = np.flatnonzero(graph.of_type(RECORD))
    number = np.full(graph.size, -1, dtype=np.int64)
    number[records] = np.arange(len(records))
    edges, contradicting = _record_edges(number, weighed)
    own = component[records]
    tied = own[edges.left] == own[edges.right]
    weight = edges.weight.copy()
    weight[tied] += _strength(graph, number, edges, tied, settings) * WEIGHT_UNIT
    against = tied & (weight <= 0)
    together, apart = (
        _decided(graph, number, component, pairs) for pairs in (decisions.together, decisions.apart)
    )
    contested = np.zeros(graph.size, dtype=np.bool_)
    contested[own[edges.left[against]]] = True
    contested[[own[a] for a, b in apart if own[a] == own[b]]] = True
    loose = contested[own]
    numbers = np.arange(len(records))
    group = np.where(loose, numbers, least(own, numbers, graph.size)[own])
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


def _record_edges(number: Numbers, weighed: Weighed) -> tuple[Edges, Flags]:
    """Pairs of records by their numbers, in order, and whether they contradict each other."""
    ends = number[weighed.left], number[weighed.right]
    low, high = np.minimum(*ends), np.maximum(*ends)
    bits = np.rint(weighed.weight * WEIGHT_UNIT).astype(np.int64)
    order = np.lexsort((high, low))
    return Edges(low[order], high[order], bits[order]), weighed.contradicting[order]


def _strength(
    graph: Graph, number: Numbers, edges: Edges, tied: Flags, settings: IdentitySettings
) -> Numbers:
    """Bits that speak for pairs of records of one component: of the strongest they both hold.

    Those that hold none in common, as of a login and a number that an order has joined, have that
    of the weakest.
    """
    left, right = edges.left[tied], edges.right[tied]
    found = np.full(len(left), min(settings.identifiers.strengths.values()), dtype=np.int64)
    for kind, bits in settings.identifiers.strengths.items():
        of_kind = graph.of_type(kind)
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
    low = least(one[beside], person[other[beside]], graph.size)
    high = -least(one[beside], -person[other[beside]], graph.size)
    held = low < graph.size
    shared[free & held & (low != high)] = True
    alone = free & ~(held & (low == high))
    person[free] = low[free]
    person[alone] = np.flatnonzero(alone)
    return shared
