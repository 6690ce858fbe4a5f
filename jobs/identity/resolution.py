"""Resolution: every identifier is given to one person.

Over arrays (``graph.py``); ``distributed.py`` has Spark call it for parts of the graph that nothing
joins. The steps:

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

import numpy as np
import pyarrow as pa

from jobs.identity.bearers import by_contacts
from jobs.identity.components import array_components
from jobs.identity.decided import Decisions
from jobs.identity.graph import Flags, Graph, Numbers, Weighed, attached, least
from jobs.identity.grouped import grouped
from jobs.identity.matching.clustering import UNDECIDED, Kept
from jobs.identity.matching.scoring import WEIGHT_UNIT
from jobs.identity.nodes import RECORD
from jobs.identity.settings import IdentitySettings

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
    first, last = graph.seen(links)
    public = _public(graph, evidence.decisions, settings)
    graph = graph.without(public)
    weighed = None if evidence.matches is None else graph.weighed(evidence.matches)
    owner, shared, kept = _strong_owners(graph, evidence, weighed, settings)
    owner, also = _weak_owners(graph, owner)
    # Strong before weak, then the earliest, then the smallest name.
    order = np.lexsort((np.arange(graph.size), first, ~graph.strong, owner))
    _, heads, sizes = np.unique(owner[order], return_index=True, return_counts=True)
    representative = np.empty(graph.size, dtype=np.int64)
    representative[order] = np.repeat(order[heads], sizes)
    moment = links.schema.field("first_seen").type
    identifiers = pa.table(
        {
            "identifier": graph.nodes,
            "type": graph.types,
            "representative": graph.nodes.take(pa.array(representative)),
            "shared": shared | also | public,
            "first_seen": pa.array(first).cast(moment),
            "last_seen": pa.array(last).cast(moment),
            "part": pa.array(_parts(graph, evidence, weighed, settings)),
        }
    )
    return Resolution(identifiers, _kept_apart(graph, kept))


def _parts(
    graph: Graph,
    evidence: Evidence,
    weighed: Weighed | None,
    settings: IdentitySettings,
) -> Numbers:
    """Part of every node, as a hash of the name of its smallest: all that may come to be one."""
    left, right = [graph.left], [graph.right]
    if weighed is not None:
        near = weighed.weight > min(settings.matching.accept, settings.matching.review)
        left.append(weighed.left[near])
        right.append(weighed.right[near])
    decided = sorted({*evidence.decisions.together, *evidence.decisions.apart})
    for ends, side in ((left, 0), (right, 1)):
        ends.append(graph.places(pa.array([pair[side] for pair in decided], pa.large_string())))
    one, other = np.concatenate(left), np.concatenate(right)
    there = (one >= 0) & (other >= 0)
    component = array_components(one[there], other[there], graph.size)
    smallest = np.flatnonzero(component == np.arange(graph.size))
    names = graph.nodes.take(pa.array(smallest)).to_pylist()
    number = np.empty(graph.size, dtype=np.int64)
    number[smallest] = [int(hashlib.sha256(n.encode()).hexdigest()[:15], 16) for n in names]
    found: Numbers = number[component]
    return found


def _public(graph: Graph, decisions: Decisions, settings: IdentitySettings) -> Flags:
    """Nodes that join nobody: blocked, or held by more than one person has or a family is."""
    weak = ~graph.strong
    # Sorted: NumPy's own would hash them, which takes several times as long.
    pairs = np.sort(graph.left * graph.size + graph.right)
    left, right = np.divmod(pairs[np.diff(pairs, prepend=-1) > 0], graph.size)
    once = replace(graph, left=left, right=right)
    among = weak[once.left] & weak[once.right] & (once.left != once.right)
    ends = np.concatenate([once.left[among], once.right[among]])
    limits = settings.identifiers
    crowded = _above(graph, np.bincount(ends, minlength=graph.size), limits.max_links)
    _, held = once.strong_to_weak()
    desks = _above(graph, np.bincount(held, minlength=graph.size), limits.max_holders)
    records = graph.of_type(RECORD)
    of_records = np.where(records[once.left], once.right, once.left)
    given = np.bincount(of_records[records[once.left] != records[once.right]], minlength=graph.size)
    everybodys = _above(graph, given, limits.max_records)
    blocked = np.zeros(graph.size, dtype=np.bool_)
    names = pa.array(sorted(decisions.blocked), pa.large_string())
    places = graph.places(names)
    blocked[places[places >= 0]] = True
    found: Flags = crowded | desks | everybodys | blocked
    return found


def _above(graph: Graph, counts: Numbers, limits: Mapping[str, int]) -> Flags:
    """Nodes of which there are more than their type may have."""
    found = np.zeros(graph.size, dtype=np.bool_)
    for most in set(limits.values()):
        types = [name for name, limit in limits.items() if limit == most]
        found |= graph.of_type(*types) & (counts > most)
    return found


def _strong_owners(
    graph: Graph,
    evidence: Evidence,
    weighed: Weighed | None,
    settings: IdentitySettings,
) -> tuple[Numbers, Flags, list[Kept]]:
    """Owner of every strong node, -1 for a weak one; what is shared; and what was kept apart.

    The owner is the smallest strong node of its person.
    """
    both = graph.strong[graph.left] & graph.strong[graph.right]
    component = array_components(graph.left[both], graph.right[both], graph.size)
    shared = np.zeros(graph.size, dtype=np.bool_)
    kept: list[Kept] = []
    person = component
    if weighed is not None:
        person, shared, kept = grouped(graph, component, weighed, evidence.decisions, settings)
    traits = evidence.traits if weighed is None else None
    person = by_contacts(graph, person, traits)[person]
    owner = np.full(graph.size, -1, dtype=np.int64)
    mine = np.flatnonzero(graph.strong)
    owner[mine] = least(person[mine], mine, graph.size)[person[mine]]
    return owner, shared, kept


def _weak_owners(graph: Graph, owner: Numbers) -> tuple[Numbers, Flags]:
    """Owner of every node, and whether it is shared; a shared one is its own owner."""
    weak = ~graph.strong
    node, touched = graph.strong_to_weak()
    low = least(touched, owner[node], graph.size)
    high = -least(touched, -owner[node], graph.size)
    held = low < graph.size
    among = weak[graph.left] & weak[graph.right] & (graph.left != graph.right)
    shared = weak & held & (low != high)
    private = among & ~shared[graph.left] & ~shared[graph.right]
    known = np.where(held & ~shared, low, -1)
    free = attached(graph.left[private], graph.right[private], known)
    own = np.where(shared, np.arange(graph.size), np.where(held, low, free))
    return np.where(weak, own, owner), shared


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
