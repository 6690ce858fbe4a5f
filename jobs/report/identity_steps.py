"""Steps of a weight as people read them: on the terminal, on the page and in its picture."""

from __future__ import annotations

from dataclasses import dataclass

from jobs.identity.explained import FIELD, MOVED, PRIOR, RARITY, RELATED, Explained, Step

_SMALL = 0.005
"""Kinds of pairs that change a weight by less are told together."""
_TELLING = 0.5
"""Bits of rarity from which on it is said."""


@dataclass(frozen=True)
class Row:
    """One step.

    Attributes
    ----------
    field : str or None
        The field it is of.
    what, how : str
        What it is about, and how alike the two are.
    bits, after : float
        What it adds, and what the weight is then.
    """

    field: str | None
    what: str
    how: str
    bits: float
    after: float


def rows(explained: Explained) -> list[Row]:
    """Return the steps, with what they add up to so far."""
    found: list[Row] = []
    after, small = 0.0, 0.0
    for step in explained.steps:
        if step.kind in (MOVED, RELATED) and abs(step.bits) < _SMALL:
            small += step.bits
            continue
        after += step.bits
        what, how = _words(step)
        found.append(Row(step.name if step.kind == FIELD else None, what, how, step.bits, after))
    if abs(small) >= _SMALL:
        after += small
        found.append(Row(None, "Or otherwise related", "two persons may be as alike", small, after))
    return found


def spoken(name: str) -> str:
    """Return a field's name without underscores."""
    return name.replace("_", " ")


def _words(step: Step) -> tuple[str, str]:
    if step.kind == PRIOR:
        return "Before looking", "any two records"
    if step.kind == RARITY:
        return "How rare these values are", "a rare value says more than a common one"
    if step.kind == MOVED:
        return "Or moved house", "one person may have two addresses"
    if step.kind == RELATED:
        return f"Or {step.name}", "two persons may be as alike"
    how = step.words
    if step.rarity >= _TELLING:
        how += f", and rare (+{step.rarity:.1f})"
    elif step.rarity <= -_TELLING:
        how += f", but common (\N{MINUS SIGN}{-step.rarity:.1f})"
    return spoken(step.name).capitalize(), how
