"""Feeds: rows of every feed, and why some were refused."""

from __future__ import annotations

from jobs.report.amounts import count, share
from jobs.report.facts import Facts
from jobs.report.markup import Html, el
from jobs.report.plots import spark
from jobs.report.sections.frame import section
from jobs.report.tables import table


def feeds(facts: Facts) -> Html:
    """Return the section."""
    rows = []
    for feed in facts.feeds:
        now = {name: values[-1] for name, values in feed.rows.items()}
        rows.append(
            (
                feed.name,
                *[count(now[c]) for c in ("read", "accepted", "quarantined", "duplicate")],
                share(feed.bad),
                share(feed.usual_bad),
                spark(feed.rows["read"], count),
                spark(feed.rows["quarantined"], count),
            )
        )
    heads = ("Read", "Accepted", "Refused", "Known", "Share refused", "Usual share")
    listed = table(
        "Rows of the last night. Read is accepted, refused and known together.",
        [("Feed", ""), *[(h, "n") for h in heads], ("Rows read", "sp"), ("Rows refused", "sp")],
        rows,
    )
    if not rows:
        return section("feeds", "Feeds", el("p", "No feed has been read yet.", class_="lead"))
    return section("feeds", "Feeds", listed, _reasons(facts))


def _reasons(facts: Facts) -> Html | None:
    told = [(feed.name, why, n) for feed in facts.feeds for why, n in feed.reasons]
    if not told:
        return None
    most = sorted(told, key=lambda row: (-row[2], row[0], row[1]))[:10]
    caption = (
        "Why rows were refused in the last night, most often first"
        f"{f'; 10 of {len(told)} reasons' if len(told) > 10 else ''}. "
        "A row may have several reasons."
    )
    return el(
        "div",
        el("h3", "Refused rows"),
        table(
            caption,
            [("Feed", ""), ("Reason", "long"), ("Rows", "n")],
            [(name, why, count(n)) for name, why, n in most],
        ),
    )
