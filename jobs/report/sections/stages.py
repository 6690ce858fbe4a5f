"""Stages: what each stage and job took, beside what it usually takes."""

from __future__ import annotations

from jobs.report.amounts import NONE, counted, signed, span
from jobs.report.durations import Duration
from jobs.report.facts import Facts
from jobs.report.markup import Html, el
from jobs.report.plots import spark
from jobs.report.sections.frame import section
from jobs.report.tables import table


def stages(facts: Facts) -> Html:
    """Return the section."""
    former = counted(max(len(facts.nights) - 1, 0), "earlier night")
    rows = [
        (d.job or d.stage, span(d.last), span(d.usual), _slower(d), spark(d.seconds, span))
        for d in facts.durations
    ]
    listed = table(
        "Last night." if not facts.nights[:-1] else f"Usual is the median of {former}.",
        [
            ("Stage and job", ""),
            ("Last night", "n"),
            ("Usual", "n"),
            ("Difference", "n"),
            ("History", "sp"),
        ],
        rows,
        ["part" if d.job else "whole" for d in facts.durations],
    )
    lead = "Jobs of a stage may run side by side, so they add up to more than their stage."
    return section("stages", "Stages", el("p", lead, class_="lead"), listed)


def _slower(d: Duration) -> str:
    if d.last is None or d.usual is None:
        return NONE
    return signed(round(d.last - d.usual, 1), span)
