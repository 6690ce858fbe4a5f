"""The identity page: how well records are put together to persons, and what to look at."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.report import identity_sections as sections
from jobs.report.amounts import NONE, count, counted, day, share
from jobs.report.identity_facts import IdentityFacts, gather
from jobs.report.identity_page import document, hero, tiles, written
from jobs.report.markup import Html, el

if TYPE_CHECKING:
    from jobs.lake.run import Run

log = logging.getLogger("bespoke")


def identity_report(run: Run) -> None:
    """Make the page at the end of a night, however the night went."""
    from jobs.lake.runner import recorded

    with recorded(run, "identity_report"):
        path = write(gather(run.home, datetime.now(UTC), run.settings), default_path(run.home))
    log.info("identity report: %s", path)


def default_path(home: Path) -> Path:
    """Return where the page lies: ``<home>/reports/identity.html``."""
    return home / "reports" / "identity.html"


def write(facts: IdentityFacts, path: Path) -> Path:
    """Write the page."""
    return written(page(facts), path)


def headline(facts: IdentityFacts) -> str:
    """Say in one line how many persons there are."""
    if facts.now is None:
        return "No records have been put together yet"
    return f"{counted(facts.now.records, 'record')} are {counted(facts.now.persons, 'person')}"


def warnings(facts: IdentityFacts) -> list[str]:
    """Return what to look at."""
    found = []
    model, now = facts.model, facts.now
    if facts.models is None:
        found.append("MLflow does not answer, so the model is missing; bespoke doctor says why.")
    elif now is not None and model is None:
        found.append(
            "There is no identity model yet: records are joined by an address or number and a name "
            f"in common. It is trained from {facts.limits.matching.train_from:,} records on."
        )
    if model is not None and now is not None and sections.outgrown(facts):
        found.append(
            f"There are {now.records:,} records, and the model has learnt from "
            f"{model.trained_on or 0:,}. To train anew: {sections.TRAIN}"
        )
    drift = facts.weights.drift
    if drift is not None and sum(facts.weights.last) >= sections.FEW and drift > sections.SHIFTED:
        found.append(
            f"The weights of the last night's pairs are others than before (PSI {drift:.2f}): look "
            "at what came, or train anew."
        )
    return found


def page(facts: IdentityFacts) -> str:
    """Return the page as HTML."""
    told = warnings(facts)
    tone = "none" if facts.now is None else "warn" if told else "good"
    state = {"none": "Nothing yet", "warn": "! Look at it", "good": "✓ Sound"}[tone]
    said = [el("li", el("b", "Look: "), text) for text in told]
    lead = (
        el("p", f"As the night of {day(facts.as_of)} found them.")
        if facts.as_of
        else el("p", "To make persons of records: ", el("code", "bespoke run"))
    )
    top = hero(tone, state, headline(facts), lead, el("ul", said, class_="notes") if said else None)
    parts: list[Html | None] = []
    if facts.now is not None:
        parts = [
            _tiles(facts),
            sections.persons(facts),
            sections.weights(facts),
            sections.suspects(facts),
            sections.review(facts),
            sections.identifiers(facts),
            sections.changed(facts),
            sections.model(facts),
        ]
    foot = el("footer", "Counts and figures only, and the ids of persons: no name, no address.")
    return document("who is who", facts.source, facts.made_at, top, el("main", parts), foot)


def _tiles(facts: IdentityFacts) -> Html:
    now = facts.now
    assert now is not None
    used = sum(events for _, events, _ in facts.activity)
    known = sum(events for _, _, events in facts.activity)
    waiting = dict(facts.review).get("undecided", 0)
    return tiles(
        [
            ("Records", count(now.records), ""),
            ("Persons with records", count(now.persons), ""),
            ("Match rate", share(now.match_rate), "of the records are not alone"),
            ("Records a person", f"{now.mean:.2f}" if now.mean else NONE, ""),
            ("For a person to say", count(waiting), "pairs in review"),
            (
                "Anonymous activity known",
                share(known / used) if used else NONE,
                "of what is done without a login",
            ),
            ("Identity model", str(facts.model.version) if facts.model else NONE, ""),
        ]
    )
