"""Nights: how each went, how long it took and what it read."""

from __future__ import annotations

from collections.abc import Sequence

from jobs.report.amounts import brief, count, counted, day, moment, share, span
from jobs.report.durations import usual
from jobs.report.facts import Facts
from jobs.report.markup import Html, el
from jobs.report.nights import Night
from jobs.report.plots import TIMES, columns
from jobs.report.sections.frame import LISTED, days_of, section, sign
from jobs.report.tables import table


def nights(facts: Facts) -> Html:
    """Return the section."""
    past = facts.nights
    recipients = {export.night: export.rows for export in facts.exports}
    rows = [
        (
            el("span", n.night.isoformat(), class_="w"),
            sign(n.state),
            moment(n.started_at),
            span(n.seconds),
            *[count(n.rows.get(c)) for c in ("read", "accepted", "quarantined", "duplicate")],
            count(n.persons),
            count(recipients.get(n.night)),
        )
        for n in reversed(past[-LISTED:])
    ]
    heads = ("Time at work", "Read", "Accepted", "Refused", "Known", "Persons", "Recipients")
    listed = table(
        f"{_latest(past, len(rows))}; started is in UTC. Known: rows that were there already, or "
        "came again.",
        [("Night", ""), ("State", "w"), ("Started", "w"), *[(h, "n") for h in heads]],
        rows,
    )
    return section("nights", "Nights", _night_plots(past), listed)


def _night_plots(past: Sequence[Night]) -> Html:
    days, last = days_of(past), past[-1]
    middle = usual([n.seconds for n in past[:-1] if n.sound])
    dashed = "" if middle is None else f" Dashed: the median before it, {span(middle)}."
    failed = [not n.sound for n in past]
    red = " Red: nights that did not go through." if any(failed) else ""
    read = [n.rows.get("read") for n in past]
    bad = [_share(n) for n in past]
    return el(
        "div",
        columns(
            days,
            [n.seconds for n in past],
            title="How long each night took",
            words=f"{day(last.night)}: {span(last.seconds)}.{dashed}{red}",
            written=span,
            usual=middle,
            bad=failed,
            steps=TIMES,
        ),
        columns(
            days,
            read,
            title="Rows read",
            words=f"{day(last.night)}: {count(read[-1])}.",
            written=count,
            ticked=brief,
        ),
        columns(
            days,
            bad,
            title="Share of rows refused",
            words=f"{day(last.night)}: {share(bad[-1])}.",
            written=share,
        ),
        class_="plots",
    )


def _latest(past: Sequence[Night], listed: int) -> str:
    return (
        f"The last {listed} of {len(past)} nights"
        if listed < len(past)
        else f"{counted(listed, 'night')}"
    )


def _share(night: Night) -> float | None:
    read = night.rows.get("read")
    return night.rows["quarantined"] / read if read else None
