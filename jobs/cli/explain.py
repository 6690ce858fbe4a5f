"""Why two identifiers are, or are not, one person: what the lake and the identity model tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jobs.cli.dossier import find
from jobs.identity.chains import CERTAIN, Link, chain, skeleton
from jobs.identity.decided import MERGE, SPLIT, Decisions
from jobs.identity.nodes import RECORD, STRONG
from jobs.identity.settings import IdentitySettings
from jobs.lake.errors import BespokeError
from jobs.lake.folders import Folder
from jobs.lake.query import records

_GOES_BY = """
    SELECT DISTINCT identifier, person_id FROM identity.identifiers
    WHERE identifier = $1 OR ends_with(identifier, concat(':', $1)) ORDER BY 1
"""
_MEMBERS = """
    SELECT DISTINCT identifier, person_id FROM identity.identifiers
    JOIN (SELECT unnest($1) AS person_id) USING (person_id) ORDER BY 1
"""
_LINKS = """
    WITH own AS (SELECT unnest($1) AS node)
    SELECT l.left_id, l.right_id, l.evidence FROM identity.links l
    JOIN own a ON a.node = l.left_id JOIN own b ON b.node = l.right_id
    WHERE l.left_id <> l.right_id ORDER BY 1, 2
"""
_MATCHES = """
    WITH own AS (SELECT unnest($1) AS record_id)
    SELECT m.left_id, m.right_id, m.weight, m.comparison, m.contradicting
    FROM identity.matches m
    JOIN own a ON a.record_id = m.left_id JOIN own b ON b.record_id = m.right_id
    WHERE m.weight IS NOT NULL AND m.model = (SELECT max(model) FROM identity.matches)
    ORDER BY m.weight DESC, 1, 2
"""
_WEIGHED_BY = "SELECT max(model) AS model FROM identity.matches"
_REVIEW = """
    SELECT left_id, right_id, weight, comparison, reason FROM identity.review
    WHERE left_person IN ($1, $2) AND right_person IN ($1, $2) ORDER BY weight DESC, 1, 2
"""
_DECISIONS = "SELECT * FROM identity.decisions"


class ExplainError(BespokeError):
    """Two cannot be held against each other; the message says what to give."""


@dataclass(frozen=True)
class Side:
    """One of the two that were asked about.

    Attributes
    ----------
    asked : str
        As it was given.
    person : str
        Its person_id.
    node : str or None
        The identifier that was meant; None for a person as a whole.
    members : tuple of str
        All identifiers of the person.
    """

    asked: str
    person: str
    node: str | None
    members: tuple[str, ...]

    @property
    def records(self) -> tuple[str, ...]:
        """Records of the person; of an identifier that is a record, that one."""
        wanted = (self.node,) if self.node and _is_record(self.node) else self.members
        return tuple(_bare(node) for node in wanted if _is_record(node))

    @property
    def all_records(self) -> tuple[str, ...]:
        """All records of the person."""
        return tuple(_bare(node) for node in self.members if _is_record(node))

    @property
    def name(self) -> str:
        """What it is called in an answer."""
        return self.node or self.person


@dataclass(frozen=True)
class Weighed:
    """Two records and their weight, as ``identity.matches`` has it."""

    left: str
    right: str
    weight: float
    comparison: str
    contradicting: bool


@dataclass(frozen=True)
class Known:
    """All that the lake tells of the two.

    Attributes
    ----------
    left, right : Side
        Who was asked about.
    links : tuple of Link
        What speaks for one person among their identifiers, strongest first.
    weighed : tuple of Weighed
        Pairs of their records, the likeliest first.
    review : tuple of mapping
        Rows of ``identity.review`` between the two.
    decisions : Decisions
        What stands of them.
    settings : IdentitySettings
        Limits.
    model : int or None
        Version that weighed the pairs.
    """

    left: Side
    right: Side
    links: tuple[Link, ...]
    weighed: tuple[Weighed, ...]
    review: tuple[Mapping[str, Any], ...]
    decisions: Decisions
    settings: IdentitySettings
    model: int | None


def known(lake: Folder, one: str, other: str, settings: IdentitySettings) -> Known:
    """Read what is known of two.

    Raises
    ------
    WhoError
        Nobody, or more than one person, goes by one of them.
    ExplainError
        Both are one identifier.
    """
    named = [_named(lake, who) for who in (one, other)]
    persons = sorted({person for person, _ in named})
    rows = records(_MEMBERS, lake, [persons])
    left, right = (
        Side(
            who,
            person,
            node,
            tuple(row["identifier"] for row in rows if row["person_id"] == person),
        )
        for who, (person, node) in zip((one, other), named, strict=True)
    )
    if left.node is not None and left.node == right.node:
        raise ExplainError(f"{one} and {other} are the same: give two identifiers, or two persons")
    own = sorted({*left.all_records, *right.all_records})
    weighed = tuple(
        Weighed(r["left_id"], r["right_id"], r["weight"], r["comparison"], bool(r["contradicting"]))
        for r in records(_MATCHES, lake, [own])
    )
    decisions = Decisions.among(records(_DECISIONS, lake))
    seen = records(_LINKS, lake, [sorted({*left.members, *right.members})])
    model = next((row["model"] for row in records(_WEIGHED_BY, lake)), None)
    return Known(
        left,
        right,
        tuple(_links(seen, weighed, decisions, settings, {*left.members, *right.members})),
        weighed,
        tuple(records(_REVIEW, lake, [left.person, right.person])),
        decisions,
        settings,
        model,
    )


def telling_pair(found: Known, way: Sequence[Link]) -> tuple[str, str] | None:
    """Choose the pair of records whose weight says most about the two.

    Two records, if that is what was asked for; of one person the weakest pair on the way between
    the two; of two persons the likeliest pair.
    """
    ours, theirs = found.left.records, found.right.records
    if len(ours) == len(theirs) == 1 and ours != theirs:
        return min(ours[0], theirs[0]), max(ours[0], theirs[0])
    if found.left.person == found.right.person:
        pairs = [link for link in way if _is_record(link.left) and _is_record(link.right)]
        weights = {(w.left, w.right): w.weight for w in found.weighed}
        ends = [tuple(sorted((_bare(link.left), _bare(link.right)))) for link in pairs]
        told = [(weights[end], end) for end in ends if end in weights]
        return min(told)[1] if told else None
    asked = {*ours, *theirs}
    return next(
        ((w.left, w.right) for w in across(found) if {w.left, w.right} <= asked),
        None,
    )


def way(found: Known) -> list[Link]:
    """Return what holds the two together: of two identifiers the strongest way between them.

    Of a person as a whole all links that cannot be spared, the weakest first; of two persons none.
    """
    if found.left.person != found.right.person:
        return []
    if found.left.node is None or found.right.node is None:
        return skeleton(_of_records(found))
    return chain(found.links, found.left.node, found.right.node)


def _of_records(found: Known) -> list[Link]:
    """Leave out what hangs on one record only: it joins no two."""
    beside: dict[str, set[str]] = {}
    for link in found.links:
        beside.setdefault(link.left, set()).add(link.right)
        beside.setdefault(link.right, set()).add(link.left)
    strong = {node for node in beside if _type(node) in STRONG}
    kept = {node for node in strong if _is_record(node) or len(beside[node] & strong) > 1}
    return [link for link in found.links if {link.left, link.right} <= kept]


def across(found: Known) -> list[Weighed]:
    """Pairs of records between the two persons, the likeliest first."""
    ours, theirs = set(found.left.all_records), set(found.right.all_records)
    return [
        w
        for w in found.weighed
        if (w.left in ours and w.right in theirs) or (w.left in theirs and w.right in ours)
    ]


def _named(lake: Folder, who: str) -> tuple[str, str | None]:
    """Return the person, and the identifier if one was named: a record before a number."""
    person = find(lake, who)
    names = [row["identifier"] for row in records(_GOES_BY, lake, [who])]
    if person == who or not names:
        return person, None
    kinds = [RECORD, *STRONG]
    order = {kind: place for place, kind in enumerate(kinds)}
    return person, min(names, key=lambda n: (n != who, order.get(_type(n), len(kinds)), n))


def _links(
    seen: Sequence[Mapping[str, Any]],
    weighed: Sequence[Weighed],
    decisions: Decisions,
    settings: IdentitySettings,
    own: set[str],
) -> list[Link]:
    """Gather what speaks for one person, strongest first."""
    weakest = min(settings.identifiers.strengths.values())
    found = []
    for row in seen:
        kinds = {_type(row["left_id"]), _type(row["right_id"])}
        strength = 0.0
        if kinds <= set(STRONG):
            bits = [float(b) for kind, b in settings.identifiers.strengths.items() if kind in kinds]
            strength = min(bits, default=float(weakest))
        why = f"seen together in {row['evidence']}"
        found.append(Link(row["left_id"], row["right_id"], strength, why))
    found += [
        Link(
            f"{RECORD}:{w.left}", f"{RECORD}:{w.right}", w.weight, f"alike: {_spaced(w.comparison)}"
        )
        for w in weighed
        if w.weight > 0
    ]
    found += [
        Link(one, other, CERTAIN, f"decision {decision}")
        for (one, other), decision in decisions.together.items()
        if one in own and other in own
    ]
    return sorted(found, key=lambda link: (-link.strength, link.left, link.right))


def in_common(found: Known, ends: tuple[str, str]) -> list[str]:
    """Logins and numbers that sources give to both records."""
    nodes = [_node(end) for end in ends]
    held: list[set[str]] = [set(), set()]
    for link in found.links:
        for one, other in ((link.left, link.right), (link.right, link.left)):
            if one in nodes and _type(other) in found.settings.identifiers.strengths:
                held[nodes.index(one)].add(other)
    return sorted(held[0] & held[1])


def decided(found: Known) -> list[tuple[str, str]]:
    """Decisions about the two sides: whether ``merge`` or ``split``, and the decision's id."""
    ours = {found.left.node} if found.left.node else set(found.left.members)
    theirs = {found.right.node} if found.right.node else set(found.right.members)
    return sorted(
        {
            (kind, decision)
            for kind, pairs in ((MERGE, found.decisions.together), (SPLIT, found.decisions.apart))
            for (one, other), decision in pairs.items()
            if (one in ours and other in theirs) or (one in theirs and other in ours)
        }
    )


def group_weight(found: Known) -> float | None:
    """Weigh the two persons as wholes, as ``matching/clustering.py`` does; None without a pair."""
    from jobs.identity.matching.clustering import Linkage

    wanted = found.settings.matching
    ours, theirs = found.left.all_records, found.right.all_records
    sides = (set(ours), set(theirs))
    weights = [
        max(-Linkage.most, min(Linkage.most, w.weight))
        for w in found.weighed
        if (w.left in sides[0]) != (w.right in sides[0])
    ]
    if not weights:
        return None
    pairs = len(ours) * len(theirs)
    mean = (sum(weights) + wanted.unscored * (pairs - len(weights))) / pairs
    return wanted.mean_share * mean + (1 - wanted.mean_share) * max(weights)


def _type(node: str) -> str:
    return node.partition(":")[0]


def _is_record(node: str) -> bool:
    return _type(node) == RECORD


def _node(record: str) -> str:
    return f"{RECORD}:{record}"


def _bare(node: str) -> str:
    return node.partition(":")[2]


def _spaced(words: str) -> str:
    return words.replace("_", " ")
