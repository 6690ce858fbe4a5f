"""Chains: what holds two identifiers together that are one person, link by link."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

CERTAIN = 1_000.0
"""Strength of what a person has decided: more than anything weighs."""


@dataclass(frozen=True)
class Link:
    """A reason to take two identifiers for one person.

    Attributes
    ----------
    left, right : str
        Identifiers as ``<type>:<value>``.
    strength : float
        Log2 odds that it stands for; ``CERTAIN`` for a decision.
    why : str
        Where it comes from, in words.
    """

    left: str
    right: str
    strength: float
    why: str


def chain(links: Iterable[Link], start: str, end: str) -> list[Link]:
    """Return the way from one to the other whose weakest link is strongest, the shortest such.

    Returns
    -------
    list of Link
        From ``start`` on, each with its left end towards it; empty where no way leads there.
    """
    beside = _beside(links)
    widest = _widest(beside, start).get(end)
    if widest is None or start == end:
        return []
    came: dict[str, Link] = {}
    reached, edge = {start}, [start]
    while edge and end not in reached:
        further = []
        for name in edge:
            for link in sorted(beside.get(name, ()), key=lambda to: (-to.strength, to.right)):
                if link.strength >= widest and link.right not in reached:
                    reached.add(link.right)
                    came[link.right] = link
                    further.append(link.right)
        edge = further
    found = []
    while end != start:
        found.append(came[end])
        end = came[end].left
    return found[::-1]


def skeleton(links: Iterable[Link]) -> list[Link]:
    """Return the strongest links that hold all together, the weakest first: none can be spared."""
    head: dict[str, str] = {}

    def of(name: str) -> str:
        while head.setdefault(name, name) != name:
            head[name] = name = head[head[name]]
        return name

    found = []
    for link in sorted(links, key=lambda to: (-to.strength, to.left, to.right)):
        one, other = of(link.left), of(link.right)
        if one != other:
            head[one] = other
            found.append(link)
    return found[::-1]


def _beside(links: Iterable[Link]) -> Mapping[str, Sequence[Link]]:
    """Links from each end of them, the strongest of two between the same."""
    best: dict[tuple[str, str], Link] = {}
    for link in links:
        for one, other in ((link.left, link.right), (link.right, link.left)):
            known = best.get((one, other))
            if one != other and (known is None or known.strength < link.strength):
                best[one, other] = Link(one, other, link.strength, link.why)
    found: dict[str, list[Link]] = {}
    for (one, _), link in sorted(best.items()):
        found.setdefault(one, []).append(link)
    return found


def _widest(beside: Mapping[str, Sequence[Link]], start: str) -> dict[str, float]:
    """How strong the weakest link is of the best way to each."""
    widest: dict[str, float] = {}
    waiting = [(-CERTAIN, start)]
    while waiting:
        strength, name = heapq.heappop(waiting)
        if name in widest:
            continue
        widest[name] = -strength
        for link in beside.get(name, ()):
            if link.right not in widest:
                heapq.heappush(waiting, (-min(-strength, link.strength), link.right))
    return widest
