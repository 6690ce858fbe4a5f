"""The verdict on two: one person or two, by what, and in words that need no other page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jobs.cli.explain import Known, across, decided, group_weight, in_common
from jobs.cli.explain_pair import Pair
from jobs.identity.chains import CERTAIN, Link
from jobs.identity.decided import MERGE, SPLIT
from jobs.report.amounts import MINUS, counted, share

JOINED, CHAINED, REVIEW, REFUSED, APART = "joined", "chained", "in review", "refused", "apart"
_DECISION = "`bespoke identity decisions` tells by whom and why."


@dataclass(frozen=True)
class Verdict:
    """What became of two.

    Attributes
    ----------
    state : str
        joined (by their own pair or a decision), chained (through others), in review, refused (by
        a guard) or apart (too little speaks for one person).
    headline : str
        One line.
    sentences : tuple of str
        Why.
    """

    state: str
    headline: str
    sentences: tuple[str, ...]


def verdict(found: Known, pair: Pair | None, way: Sequence[Link]) -> Verdict:
    """Say what became of two, and why."""
    if found.left.person == found.right.person:
        return _one(found, pair, way)
    return _two(found)


def bits(value: float) -> str:
    """Return log2 odds as people read them.

    Examples
    --------
    >>> bits(2.5), bits(0)
    ('+2.50', '0.00')
    """
    sign = "+" if value > 0 else MINUS if value < 0 else ""
    return f"{sign}{abs(value):.2f}"


def odds(value: float) -> str:
    """Return the odds that log2 odds stand for.

    Examples
    --------
    >>> odds(3), odds(-10), odds(0.5), odds(40)
    ('8 to 1', '1 to 1,024', '1.4 to 1', 'over a billion to 1')
    """
    if abs(value) >= 30:
        return "over a billion to 1" if value > 0 else "1 to over a billion"
    times = 2 ** abs(value)
    number = f"{times:.1f}".removesuffix(".0") if times < 10 else f"{times:,.0f}"
    return f"{number} to 1" if value >= 0 else f"1 to {number}"


def likely(weight: float) -> str:
    """Return the probability that log2 odds stand for, never called certain.

    Examples
    --------
    >>> likely(3), likely(20), likely(-20)
    ('89%', 'over 99.99%', '<0.01%')
    """
    probability = 1 / (1 + 2.0**-weight)
    if probability > 0.9999:
        return "over 99.99%"
    return f"{probability:.2%}" if probability > 0.995 else share(probability)


def _one(found: Known, pair: Pair | None, way: Sequence[Link]) -> Verdict:
    said = []
    ruled = decided(found)
    for kind, decision in ruled:
        if kind == SPLIT:
            said.append(
                f"Decision {decision} says that they are two: the next night keeps to it. "
                f"{_DECISION}"
            )
    merged = [decision for kind, decision in ruled if kind == MERGE]
    if merged:
        said.append(f"Decision {merged[-1]} says that they are one. {_DECISION}")
        return Verdict(JOINED, "One person: somebody has decided it", tuple(said))
    own = _own_pair(found, pair)
    if own is not None:
        need, because = _needed(found, own)
        held = in_common(found, (own.left, own.right))
        extra = max(
            (
                b
                for kind, b in found.settings.identifiers.strengths.items()
                for n in held
                if n.startswith(f"{kind}:")
            ),
            default=0,
        )
        said.append(
            f"Their pair weighs {bits(own.weight)} bits, odds of {odds(own.weight)} "
            f"({likely(own.weight)}); joining takes more than {need:g}{because}."
        )
        if held:
            said.append(
                f"Their sources give both {', '.join(held)}, which counts for {extra} bits more."
            )
        if own.weight + extra > need:
            return Verdict(JOINED, "One person: what the two tell is enough", tuple(said))
        said.append("That alone is not enough; what else holds them together is below.")
    if found.left.node is None and len(found.left.all_records) < 2:
        has = counted(len(found.left.all_records), "record")
        said.append("No records had to be put together.")
        return Verdict(JOINED, f"One person, with {has}", tuple(said))
    if not way:
        said.append(
            "No link leads from one to the other: they were put together as the only person it "
            "could be."
        )
        return Verdict(CHAINED, "One person", tuple(said))
    weakest = min(link.strength for link in way)
    if found.left.node is None or found.right.node is None:
        said.append(
            f"{counted(len(way), 'link')} hold it together, of which none can be spared. The "
            f"weakest stands first: {_strength(weakest)}."
        )
        return Verdict(
            JOINED, f"One person, held together by {counted(len(way), 'link')}", _told(said)
        )
    said.append(
        f"The strongest way from one to the other has {counted(len(way), 'link')}; the weakest: "
        f"{_strength(weakest)}."
    )
    head = f"One person, through a chain of {counted(len(way), 'link')}"
    return Verdict(CHAINED if len(way) > 1 else JOINED, head, _told(said))


def _two(found: Known) -> Verdict:
    said = []
    ruled = decided(found)
    for kind, decision in ruled:
        if kind == MERGE:
            said.append(
                f"Decision {decision} says that they are one: the next night keeps to it. "
                f"{_DECISION}"
            )
    splits = [decision for kind, decision in ruled if kind == SPLIT]
    if splits:
        said.append(f"Decision {splits[-1]} says that they are two. {_DECISION}")
        return Verdict(REFUSED, "Two persons: somebody has decided it", tuple(said))
    reasons = list(dict.fromkeys(row["reason"] for row in found.review))
    said += [_reason(found, reason) for reason in reasons]
    if reasons:
        said += _as_wholes(found)
        only = reasons == ["undecided"]
        if only:
            said.append(
                "To say what they are: bespoke identity accept, or reject, "
                f"{found.review[0]['left_id']} {found.review[0]['right_id']}."
            )
        head = "In review: one person or two, for somebody to say" if only else _refused(reasons)
        return Verdict(REVIEW if only else REFUSED, head, tuple(said))
    best = next(iter(across(found)), None)
    if best is None:
        said.append(_nothing(found))
        return Verdict(APART, "Two persons: nothing speaks for one", tuple(said))
    said.append(
        f"The likeliest pair between them weighs {bits(best.weight)} bits, odds of "
        f"{odds(best.weight)}."
    )
    said += _as_wholes(found)
    wanted = found.settings.matching
    said.append(
        f"Joining takes more than {wanted.accept:g}, and to be shown to a person more than "
        f"{_number(wanted.review)}."
    )
    return Verdict(APART, "Two persons: too little speaks for one", tuple(said))


def _as_wholes(found: Known) -> list[str]:
    """Say what two persons weigh by all pairs between them, where there is more than one."""
    ours, theirs = len(found.left.all_records), len(found.right.all_records)
    weight = group_weight(found)
    if weight is None or ours * theirs < 2:
        return []
    said = (
        f"Persons are weighed as wholes: the {ours * theirs} pairs of their "
        f"{counted(ours, 'record')} and {counted(theirs, 'record')} weigh {bits(weight)} together."
    )
    against = next((w for w in across(found) if w.contradicting), None)
    if against is None:
        return [said]
    return [said, f"{against.left} and {against.right} contradict each other."]


def _own_pair(found: Known, pair: Pair | None) -> Pair | None:
    """Return the pair where it is the two that were asked about, not one on the way."""
    nodes = {f"record:{end}" for end in (pair.left, pair.right)} if pair else set()
    return pair if nodes == {found.left.node, found.right.node} else None


def _needed(found: Known, own: Pair) -> tuple[float, str]:
    wanted = found.settings.matching
    contradicting = any(
        w.contradicting for w in found.weighed if (w.left, w.right) == (own.left, own.right)
    )
    if contradicting:
        return wanted.contradicting, ", since they differ wholly in what a person has one of"
    return wanted.accept, ""


def _reason(found: Known, reason: str) -> str:
    wanted = found.settings.matching
    told = {
        "undecided": f"What speaks for one person is more than {_number(wanted.review)} bits, and "
        f"not more than the {wanted.accept:g} that joining takes.",
        "contradicting": "They differ wholly in what a person has one of, as a date of birth; then "
        f"joining takes more than {wanted.contradicting:g} bits, unless a number they share "
        "outweighs it.",
        "too large": f"Together they would have more than {wanted.most_records} records, as no "
        "person has.",
        "decided": f"A decision keeps records of theirs apart. {_DECISION}",
        "shared": "What they have in common is used by more than one person, and tells nobody.",
    }
    return told.get(reason, f"The night kept them apart: {reason}.")


def _refused(reasons: Sequence[str]) -> str:
    told = {
        "contradicting": "they contradict each other",
        "too large": "they would be too large",
        "decided": "somebody has decided it",
        "shared": "what they have in common is shared",
    }
    first = next(reason for reason in reasons if reason != "undecided")
    return f"Two persons: {told.get(first, first)}"


def _nothing(found: Known) -> str:
    if not (found.left.all_records and found.right.all_records):
        without = " and ".join(
            side.name for side in (found.left, found.right) if not side.all_records
        )
        return (
            f"There is no record of {without}: only what was seen together could join them, and "
            "nothing was, or what was is used by several."
        )
    return (
        "None of their records were worth a look: nothing that records are looked for by, as a "
        "name with a birthday, an email or a phone number, is the same in both."
    )


def _strength(value: float) -> str:
    if value >= CERTAIN:
        return "a decision"
    return f"{bits(value)} bits" if value else "seen together, no more"


def _is(kind: str, node: str) -> bool:
    return node.partition(":")[0] == kind


def _number(value: float) -> str:
    return f"{value:g}".replace("-", MINUS)


def _told(said: Sequence[str]) -> tuple[str, ...]:
    return (
        *said,
        "Persons are weighed as wholes, by all pairs between them; the links are the best of what "
        "speaks for one.",
    )
