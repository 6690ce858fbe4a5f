"""Segments: their sizes, and how they changed."""

from __future__ import annotations

from collections.abc import Sequence

from jobs.report.amounts import change, count, counted, share
from jobs.report.facts import Facts
from jobs.report.markup import Html, el
from jobs.report.plots import spark
from jobs.report.sections.frame import section
from jobs.report.segments import Segment
from jobs.report.tables import table


def segments(facts: Facts) -> Html:
    """Return the section."""
    if not facts.segments:
        return section("segments", "Segments", el("p", "There are none yet.", class_="lead"))
    kinds = ", ".join(f"{count(n)} {kind}" for kind, n in facts.kinds.items())
    lead = f"{count(sum(facts.kinds.values()))} persons: {kinds}." if kinds else None
    families = dict.fromkeys(segment.family for segment in facts.segments)
    parts = [
        el(
            "div",
            el("h3", {"rfm": "RFM", "cluster": "Clusters"}.get(family, family)),
            _family([s for s in facts.segments if s.family == family]),
        )
        for family in families
    ]
    return section("segments", "Segments", el("p", lead, class_="lead") if lead else None, *parts)


def _family(of: Sequence[Segment]) -> Html:
    total = sum(s.sizes[-1] or 0 for s in of)
    rows = []
    for segment in of:
        now = segment.sizes[-1]
        night, week = (_before(segment.sizes, back) for back in (1, 7))
        rows.append(
            (
                segment.name,
                count(now),
                share((now or 0) / total if total else None),
                change(now, night),
                change(now, week),
                spark(segment.sizes, count),
            )
        )
    heads = ("Persons", "Share", "Since the night before", "Since 7 nights before")
    return table(
        f"{count(total)} persons in {counted(len(of), 'segment')}.",
        [("Segment", ""), *[(h, "n") for h in heads], ("History", "sp")],
        rows,
    )


def _before(sizes: Sequence[int | None], back: int) -> int | None:
    return sizes[-1 - back] if len(sizes) > back else None
