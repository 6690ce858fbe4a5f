"""Exports: their rows and bytes."""

from __future__ import annotations

from jobs.report.amounts import brief, count, day, size
from jobs.report.facts import Facts
from jobs.report.markup import Html, el
from jobs.report.plots import columns
from jobs.report.sections.frame import LISTED, section, sign
from jobs.report.tables import table


def exports(facts: Facts) -> Html:
    """Return the section."""
    if not facts.exports:
        none = "Nothing has been exported yet."
        return section("exports", "Exports", el("p", none, class_="lead"))
    last = facts.exports[-1]
    rows = [
        (
            e.night.isoformat(),
            count(e.rows),
            size(e.bytes),
            "" if e.whole else sign("unfinished"),
            "latest" if e.latest else "",
        )
        for e in reversed(facts.exports[-LISTED:])
    ]
    plot = columns(
        [e.night for e in facts.exports],
        [e.rows for e in facts.exports],
        title="Recipients of the email export",
        words=f"{day(last.night)}: {count(last.rows)}.",
        written=count,
        ticked=brief,
    )
    listed = table(
        "One row a recipient; latest is where the link of that name leads.",
        [("Night", "w"), ("Rows", "n"), ("Size", "n"), ("", ""), ("", "")],
        rows,
    )
    plots = el("div", plot, class_="plots") if len(facts.exports) > 1 else None
    return section("exports", "Exports", plots, listed)
