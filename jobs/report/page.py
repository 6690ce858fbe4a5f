"""The page: one HTML file that needs nothing but itself."""

from __future__ import annotations

from pathlib import Path

from jobs.report.amounts import count, counted, moment, share, short_day, span
from jobs.report.durations import usual
from jobs.report.facts import Facts
from jobs.report.markup import Html, el, inner
from jobs.report.nights import Trouble
from jobs.report.sections.exports import exports
from jobs.report.sections.feeds import feeds
from jobs.report.sections.model import model
from jobs.report.sections.nights import nights
from jobs.report.sections.quality import quality
from jobs.report.sections.segments import segments
from jobs.report.sections.stages import stages
from jobs.report.sections.storage import storage
from jobs.report.style import STYLE

SIGNS = {"good": "✓ Sound", "warn": "! Look at it", "bad": "✕ Not published", "none": "Nothing yet"}
# No script, no picture, nothing from anywhere: what a table may hold cannot change that.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def page(facts: Facts, home: Path) -> str:
    """Return the page as HTML.

    Parameters
    ----------
    facts : Facts
        What it says.
    home : Path
        Folder of all data, for the links to what lies in it; the page is in a folder of it.
    """
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        el("title", f"Bespoke: {facts.verdict.headline}"),
        # Our own sheet: the one text that is not escaped.
        el("style", Html(STYLE)),
    )
    body = el(
        "body", el("div", _top(facts), el("main", _parts(facts)), _end(facts, home), class_="wrap")
    )
    return f"<!DOCTYPE html>\n{el('html', head, body, lang='en')}\n"


def _top(facts: Facts) -> Html:
    said = facts.verdict
    notes = [el("li", el("b", "Warning: "), text) for text in said.warnings]
    # Those of a sound night are among the warnings.
    broken = facts.nights and not facts.nights[-1].sound
    troubles = facts.nights[-1].troubles if broken else ()
    failed = [
        el("li", el("b", f"{t.source or t.job} {t.state}: "), _plainly(t))
        for t in troubles
        if t.state != "succeeded"
    ]
    listed = [*failed, *notes]
    hero = el(
        "div",
        el("span", SIGNS[said.tone], class_="state"),
        el("h1", said.headline),
        el("p", " ".join(said.sentences)),
        el("ul", listed, class_="notes") if listed else None,
        _commands(said.commands) if said.commands else None,
        class_=f"hero {said.tone}",
    )
    source = f"Bespoke · {facts.source}" if facts.source else "Bespoke"
    made = f"Made {moment(facts.made_at)} UTC. All times are UTC."
    return el("header", el("div", el("span", source), el("span", made), class_="top"), hero)


def _plainly(trouble: Trouble) -> str:
    """Return what a job said; what stops a night is written for people, without its class."""
    kind, _, text = trouble.text.partition(": ")
    return text if trouble.state == "stopped" and kind.endswith("Error") else trouble.text


def _parts(facts: Facts) -> Html:
    if not facts.nights:
        return inner(storage(facts)) if facts.storage else inner()
    named = (nights, stages, feeds, quality, segments, model, exports, storage)
    names = [*(make.__name__ for make in named), "more"]
    links = [el("a", name.capitalize(), href=f"#{name}") for name in names]
    return inner(
        _tiles(facts),
        el("nav", links, aria_label="Parts of the page"),
        [make(facts) for make in named],
    )


def _tiles(facts: Facts) -> Html:
    last = facts.nights[-1]
    middle = usual([n.seconds for n in facts.nights[:-1] if n.sound])
    read, bad = last.rows.get("read"), last.rows.get("quarantined")
    export = next((e for e in facts.exports if e.night == last.night), None)
    checked = next((c for c in facts.quality.nights if c.night == last.night), None)
    tiles = (
        ("Shown to people", short_day(facts.shown), ""),
        ("Time at work", span(last.seconds), f"usual {span(middle)}" if middle else ""),
        ("Rows read", count(read), ""),
        ("Rows refused", count(bad), share(bad / read) if read and bad is not None else ""),
        (
            "Rules held",
            count(checked.held if checked else None),
            f"of {checked.rules:,}" if checked else "",
        ),
        ("Persons", count(last.persons), ""),
        ("Recipients", count(export.rows if export else None), "of the email export"),
    )
    return el(
        "dl",
        [
            el(
                "div",
                el("dt", name),
                el("dd", value, el("small", note) if note else None),
                class_="tile",
            )
            for name, value, note in tiles
        ],
        class_="tiles",
    )


def _end(facts: Facts, home: Path) -> Html:
    links = [
        (name, path)
        for name, path in (
            ("What was checked (Data Docs)", "quality/site/index.html"),
            ("Logs", "logs"),
            ("Exports", "exports/email"),
        )
        if (home / path).exists()
    ]
    commands = (
        ("What ran, with its counts", "bespoke runs"),
        ("Refused rows, with file and line", "bespoke quarantine list"),
        ("What is wrong with this machine", "bespoke doctor"),
        ("Any question to the tables", 'bespoke sql "SELECT * FROM ops.runs LIMIT 5"'),
        ("This page again", "bespoke report --open"),
    )
    return inner(
        el(
            "section",
            el("h2", "More", id="h-more"),
            el("p", [[el("a", name, href=f"../{path}"), " "] for name, path in links])
            if links
            else None,
            _commands(commands),
            id="more",
            aria_labelledby="h-more",
        ),
        el("footer", _footer(facts)),
    )


def _footer(facts: Facts) -> str:
    seen = f"{counted(len(facts.nights), 'night')} looked at. " if facts.nights else ""
    return (
        f"{seen}Counts and figures only: no row of a person, no address, no value that was refused."
    )


def _commands(commands: tuple[tuple[str, str], ...]) -> Html:
    rows = [[el("dt", why), el("dd", el("code", command))] for why, command in commands]
    return el("dl", rows, class_="do")
