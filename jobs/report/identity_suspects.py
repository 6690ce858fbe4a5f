"""Suspects: persons who may be two, by what inside them speaks against one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from jobs.identity.settings import IdentitySettings
from jobs.lake.folders import Folder
from jobs.lake.query import records

LISTED = 10
_SURE = 6.0
"""Bits from which on a link is no cause for suspicion: 64 to 1."""
_USUAL = 8
"""Records that a person may well have: two or three in each of three or four systems."""
_CONTRADICTION, _DIFFERENT, _MORE = 4.0, 2.0, 1.0
"""What a contradicting pair, a second date of birth, and a third number of a kind count."""
_MOST = 3
"""Contradicting pairs that count: many records with two birthdays have many such pairs."""
_NUMBERS = {"customer_no": "customer numbers", "login": "logins", "loyalty_no": "loyalty numbers"}

_EDGES = """
    WITH strength AS (SELECT unnest($1) AS kind, unnest($2) AS bits),
    own AS (
        SELECT DISTINCT i.identifier, substr(i.identifier, 8) AS record_id, i.person_id, p.records
        FROM identity.identifiers i JOIN identity.persons p USING (person_id)
        WHERE i.type = 'record' AND p.records > 1
    ), named AS (
        SELECT left_id AS record, right_id AS number FROM identity.links
        WHERE starts_with(left_id, 'record:')
        UNION SELECT right_id, left_id FROM identity.links WHERE starts_with(right_id, 'record:')
    ), held AS (
        SELECT o.record_id, o.person_id, n.number, s.bits FROM own o
        JOIN named n ON n.record = o.identifier
        JOIN strength s ON s.kind = split_part(n.number, ':', 1)
    ), tied AS (
        SELECT a.person_id, a.record_id AS l, b.record_id AS r, max(a.bits) AS bits FROM held a
        JOIN held b ON a.number = b.number AND a.person_id = b.person_id
        WHERE a.record_id < b.record_id GROUP BY ALL
    ), weighed AS (
        SELECT a.person_id, m.left_id AS l, m.right_id AS r, m.weight, m.contradicting
        FROM identity.matches m
        JOIN own a ON a.record_id = m.left_id
        JOIN own b ON b.record_id = m.right_id AND b.person_id = a.person_id
        WHERE m.weight IS NOT NULL AND m.model = (SELECT max(model) FROM identity.matches)
    ), edges AS (
        SELECT person_id, l, r, coalesce(w.weight, 0) + coalesce(t.bits, 0) AS bits,
            coalesce(w.contradicting, false) AS contradicting
        FROM weighed w FULL JOIN tied t USING (person_id, l, r)
    ), ends AS (
        SELECT person_id, l AS record_id, bits FROM edges
        UNION ALL SELECT person_id, r, bits FROM edges
    ), best AS (SELECT person_id, record_id, max(bits) AS bits FROM ends GROUP BY ALL),
    -- Of three records a weak link leaves one alone with it: only of more is the whole wanted.
    wanted AS (
        SELECT person_id FROM best GROUP BY 1 HAVING min(bits) < $3 OR count(*) > 3
        UNION SELECT person_id FROM edges WHERE contradicting
    )
    SELECT * FROM edges
    WHERE person_id IN (
        SELECT e.person_id FROM edges e JOIN wanted USING (person_id)
        GROUP BY 1 HAVING min(e.bits) < $3 OR bool_or(e.contradicting)
    )
    ORDER BY 1, 2, 3
"""
_SIZES = "SELECT person_id, records FROM identity.persons WHERE records > 1"
_HELD = """
    SELECT person_id, type, count(DISTINCT identifier) AS n FROM identity.identifiers
    WHERE list_contains($1, type) AND NOT shared GROUP BY 1, 2 HAVING count(DISTINCT identifier) > 2
"""
_DIFFERING = """
    SELECT person_id, attribute, distinct_values AS n FROM identity.golden
    WHERE attribute = 'birth_date' AND distinct_values > 1
"""


@dataclass(frozen=True)
class Suspect:
    """A person who may be two.

    Attributes
    ----------
    person_id : str
        Who.
    records : int
        How many.
    score : float
        The higher, the more speaks against one person; see :func:`score`.
    reasons : tuple of str
        What does.
    """

    person_id: str
    records: int
    score: float
    reasons: tuple[str, ...]


def suspects(lake: Folder, settings: IdentitySettings, most: int = LISTED) -> list[Suspect]:
    """Return the persons who are most likely two, the likeliest first."""
    sizes = {row["person_id"]: row["records"] for row in records(_SIZES, lake)}
    if not sizes:
        return []
    strength = settings.identifiers.strengths
    edges = records(_EDGES, lake, [list(strength), list(strength.values()), _SURE])
    weakest = weakest_links(edges)
    against: dict[str, int] = {}
    for edge in edges:
        against[edge["person_id"]] = against.get(edge["person_id"], 0) + edge["contradicting"]
    held: dict[str, dict[str, int]] = {}
    for row in records(_HELD, lake, [list(_NUMBERS)]):
        held.setdefault(row["person_id"], {})[row["type"]] = row["n"]
    born = {row["person_id"]: row["n"] for row in records(_DIFFERING, lake)}
    found = [
        suspect(
            person,
            size,
            weakest.get(person),
            against.get(person, 0),
            held.get(person, {}),
            born.get(person, 0),
        )
        for person, size in sizes.items()
    ]
    ranked = sorted((s for s in found if s.score > 0), key=lambda s: (-s.score, s.person_id))
    return ranked[:most]


def suspect(
    person: str,
    size: int,
    weakest: float | None,
    contradictions: int,
    numbers: Mapping[str, int],
    birthdays: int,
) -> Suspect:
    """Judge one person.

    The score adds: how far the weakest link that holds the person together is below six bits; four
    for each of up to three pairs of records that contradict each other; two for each date of birth
    beyond the first; one for each number of a kind beyond the second; and how many records it has
    beyond eight, in doublings.

    Examples
    --------
    >>> suspect("p", 3, 2.0, 1, {"login": 4}, 0).score
    10.0
    """
    score, reasons = 0.0, []
    if contradictions:
        score += _CONTRADICTION * min(contradictions, _MOST)
        pairs = "pair of records contradicts" if contradictions == 1 else "pairs contradict"
        reasons.append(f"{contradictions} {pairs} each other")
    if weakest is not None and weakest < _SURE:
        score += _SURE - weakest
        reasons.append(f"its weakest link has {weakest:.1f} bits".replace("-", "\N{MINUS SIGN}"))
    if birthdays > 1:
        score += _DIFFERENT * (birthdays - 1)
        reasons.append(f"{birthdays} dates of birth")
    for kind, count in sorted(numbers.items()):
        if count > 2:
            score += _MORE * (count - 2)
            reasons.append(f"{count} {_NUMBERS.get(kind, kind)}")
    if size > _USUAL:
        score += float(np.log2(size / _USUAL))
        reasons.append(f"{size} records")
    return Suspect(person, size, score, tuple(reasons))


def weakest_links(edges: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Return the weakest of the strongest links that hold each person together.

    Parameters
    ----------
    edges : sequence of mapping
        ``person_id``, ``l``, ``r`` (records), ``bits``.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import minimum_spanning_tree

    if not edges:
        return {}
    bits = np.array([float(edge["bits"]) for edge in edges])
    names = sorted({edge[side] for edge in edges for side in ("l", "r")})
    number = {name: place for place, name in enumerate(names)}
    left, right = (np.array([number[edge[side]] for edge in edges]) for side in ("l", "r"))
    # A tree of least costs, which are above zero and fall with the bits.
    costs = bits.max() + 1 - bits
    shape = (len(names), len(names))
    tree = minimum_spanning_tree(coo_array((costs, (left, right)), shape=shape).tocsr()).tocoo()
    person = {edge[side]: edge["person_id"] for edge in edges for side in ("l", "r")}
    found: dict[str, float] = {}
    for row, cost in zip(tree.row, tree.data, strict=True):
        of = person[names[row]]
        weight = float(bits.max() + 1 - cost)
        found[of] = min(weight, found.get(of, weight))
    return found
