"""What every section has: its frame, and signs of how something went."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from jobs.report.markup import Child, Html, el
from jobs.report.nights import Night

LISTED = 14
"""Nights that stand in a table; plots go further back."""
SIGNS = {
    "published": ("good", "✓ published"),
    "failed": ("bad", "✕ failed"),
    "stopped": ("bad", "■ stopped"),
    "given up": ("warn", "○ given up"),
    "unfinished": ("warn", "… unfinished"),
    "warned": ("warn", "! warned"),
    "released": ("warn", "! let pass"),
}


def section(name: str, title: str, *parts: Child) -> Html:
    """Return a section with a heading; the name is what links lead to."""
    heading = el("h2", title, id=f"h-{name}")
    return el("section", heading, *parts, id=name, aria_labelledby=f"h-{name}")


def sign(state: str) -> Html:
    """Return how something went: in words, with a mark and a colour."""
    tone, text = SIGNS[state]
    return el("span", text, class_=f"state {tone}")


def days_of(past: Sequence[Night]) -> list[date]:
    """Return the days of nights."""
    return [night.night for night in past]
