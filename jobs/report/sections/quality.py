"""Quality: how many rules held, and which did not."""

from __future__ import annotations

from jobs.report.amounts import count, counted, day
from jobs.report.facts import Facts
from jobs.report.markup import Child, Html, el
from jobs.report.sections.frame import LISTED, section, sign
from jobs.report.tables import table


def quality(facts: Facts) -> Html:
    """Return the section."""
    checked = facts.quality.nights
    lead = "No table has been checked yet."
    if checked:
        last = checked[-1]
        lead = (
            f"{day(last.night)}: {counted(last.rules, 'rule')} checked, {count(last.held)} held, "
            f"{count(last.warned)} warned, {count(last.released)} let pass by a person, "
            f"{count(last.failed)} failed."
        )
    recent = {n.night for n in facts.nights[-LISTED:]}
    broken = [b for b in facts.quality.broken if b.night in recent]
    parts: list[Html] = [el("p", lead, class_="lead")]
    if broken:
        rows = [
            (b.night.isoformat(), sign(b.outcome), b.table, b.rule, _found(b.observed, b.why))
            for b in broken[:40]
        ]
        more = f", 40 of {len(broken)}" if len(broken) > 40 else ""
        parts.append(
            table(
                f"Rules that did not hold in the last {counted(len(recent), 'night')}{more}.",
                [("Night", "w"), ("Outcome", "w"), ("Table", ""), ("Rule", ""), ("Found", "long")],
                rows,
            )
        )
    elif checked:
        parts.append(el("p", f"Every rule held in the last {counted(len(recent), 'night')}."))
    return section("quality", "Quality", *parts)


def _found(observed: str, why: str | None) -> Child:
    """Return what was found and why it was let pass."""
    return (
        observed if why is None else [observed, el("br"), el("span", f"Why: {why}", class_="muted")]
    )
