"""The page on two: one person or not, with the picture of how their weight comes about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from jobs.cli.explain import Known, across
from jobs.cli.explain_pair import Pair
from jobs.identity.chains import CERTAIN, Link
from jobs.report.identity_page import document, hero, tiles
from jobs.report.identity_steps import Row, rows, spoken
from jobs.report.identity_verdict import (
    APART,
    CHAINED,
    JOINED,
    REFUSED,
    REVIEW,
    Verdict,
    bits,
    likely,
    odds,
)
from jobs.report.markup import Html, el, inner
from jobs.report.sections.frame import section
from jobs.report.tables import table

TONES = {JOINED: "good", CHAINED: "good", REVIEW: "warn", REFUSED: "bad", APART: "bad"}
SIGNS = {JOINED: "= One", CHAINED: "= One", REVIEW: "? In review", REFUSED: "≠ Two", APART: "≠ Two"}
LISTED = 10
"""Pairs between two persons that are listed."""
_WIDTH, _GUTTER, _RIGHT, _TOP, _STEP = 900, 318, 124, 34, 40
_BAR = 18


def page(
    found: Known,
    pair: Pair | None,
    way: Sequence[Link],
    said: Verdict,
    source: str | None,
    made_at: datetime,
) -> str:
    """Return the page as HTML.

    Parameters
    ----------
    found : Known
        What the lake tells of the two.
    pair : Pair or None
        The pair whose weight is taken apart.
    way : sequence of Link
        What holds them together, if they are one.
    said : Verdict
        What became of them.
    source : str or None
        The source set.
    made_at : datetime
        When it was made (UTC).
    """
    names = dict.fromkeys((found.left.name, found.right.name))
    who = el("p", " and ".join(names), class_="lead id")
    top = hero(TONES[said.state], SIGNS[said.state], said.headline, who, *_sentences(said))
    parts = [
        _weight(found, pair) if pair else _no_weight(),
        _chain(way) if way else None,
        _between(found) if found.left.person != found.right.person else None,
    ]
    shown = bool(pair and pair.values)
    foot = el(
        "footer",
        "Personal values stand on this page: pass it on to nobody who may not read them."
        if shown
        else "No personal value stands on this page; names of records and numbers are those of "
        "the sources.",
    )
    return document(said.headline, source, made_at, top, el("main", parts), foot)


def picture(told: Sequence[Row], weight: float, accept: float) -> Html:
    """Return the waterfall: a bar a step, from the weight before it to the weight after it."""
    starts = [0.0, *(row.after for row in told)]
    low, high = min(*starts, weight, accept, 0.0), max(*starts, weight, accept, 0.0)
    spread = (high - low) or 1.0
    inner_width = _WIDTH - _GUTTER - _RIGHT

    def at(value: float) -> float:
        return _GUTTER + (value - low) / spread * inner_width

    height = _TOP + _STEP * (len(told) + 1) + 10
    bottom = height - 10
    marks = [
        el("path", d=f"M{_px(at(0))} {_TOP - 6}V{bottom}", class_="axis") if accept else Html(""),
        el("path", d=f"M{_px(at(accept))} {_TOP - 6}V{bottom}", class_="mark"),
        *_above(at(0), at(accept), accept),
    ]
    for place, row in enumerate(told):
        y = _TOP + _STEP * place
        marks += _bar(
            (row.what, row.how),
            (at(starts[place]), at(row.after)),
            y,
            ("start" if place == 0 else "up" if row.bits > 0 else "down", bits(row.bits)),
        )
        # From the end of one bar to the next one's beginning.
        marks.append(
            el("path", d=f"M{_px(at(row.after))} {y + _BAR + 8}v{_STEP - _BAR}", class_="grid")
        )
    total = ("In all", f"{odds(weight)}, {likely(weight)}")
    marks += _bar(total, (at(0), at(weight)), _TOP + _STEP * len(told), ("sum", bits(weight)))
    name, words = "How the weight comes about", f"In all {bits(weight)} bits, {odds(weight)}."
    drawn = el(
        "svg",
        el("title", name, id="waterfallt"),
        el("desc", words, id="waterfalld"),
        *marks,
        viewBox=f"0 0 {_WIDTH} {height}",
        role="img",
        aria_labelledby="waterfallt waterfalld",
    )
    caption = el(
        "figcaption",
        el("b", name),
        "Green speaks for one person, red against it. A bit more doubles the odds.",
    )
    figure = el("figure", caption, drawn, class_="wide")
    return el("div", figure, class_="box", role="region", aria_label=name, tabindex="0")


def _above(zero: float, line: float, accept: float) -> list[Html]:
    """Name the lines, the one of even odds left of it where both are near."""
    even = el("text", "even odds", x=_px(zero), y=_TOP - 14, text_anchor="middle", class_="t")
    joined = f"joined above {accept:g} bits"
    if abs(line - zero) < 1:
        text = f"even odds; {joined}"
        return [el("text", text, x=_px(zero), y=_TOP - 14, text_anchor="middle", class_="mt")]
    near = abs(line - zero) < 110
    anchor = "start" if near and line > zero else "end" if near else "middle"
    if near:
        other = "end" if line > zero else "start"
        even = el("text", "even odds", x=_px(zero), y=_TOP - 14, text_anchor=other, class_="t")
    return [even, el("text", joined, x=_px(line), y=_TOP - 14, text_anchor=anchor, class_="mt")]


def _bar(
    names: tuple[str, str], ends: tuple[float, float], y: float, how: tuple[str, str]
) -> list[Html]:
    left, right = min(ends), max(ends)
    kind, value = how
    what, words = names
    # At its end, unless that is at the page's.
    beside = right + 6
    return [
        el("text", what, x=_GUTTER - 14, y=_px(y + 13), text_anchor="end", class_="n0"),
        el("text", words, x=_GUTTER - 14, y=_px(y + 28), text_anchor="end", class_="n1")
        if words
        else Html(""),
        el(
            "rect",
            el("title", f"{what}: {value} bits"),
            x=_px(left),
            y=_px(y + 8),
            width=_px(max(right - left, 1)),
            height=_BAR,
            class_=kind,
        ),
        el("text", value, x=_px(beside), y=_px(y + 8 + 13), class_="v"),
    ]


def _weight(found: Known, pair: Pair) -> Html:
    told = rows(pair.explained)
    weight = pair.explained.weight
    accept = found.settings.matching.accept
    names = el(
        "p",
        "Records ",
        el("span", pair.left, class_="id"),
        " and ",
        el("span", pair.right, class_="id"),
        ".",
        class_="lead",
    )
    notes = [el("p", note, class_="muted") for note in pair.notes]
    heads = [("Step", ""), ("How alike", "long"), ("Bits", "n"), ("Odds so far", "n")]
    cells = [[row.what, row.how, bits(row.bits), odds(row.after)] for row in told]
    if pair.values:
        heads += [("The one", ""), ("The other", "")]
        for row, cell in zip(told, cells, strict=True):
            told_by = pair.values.get(row.field or "", ("", ""))
            cell += [el("span", value or "", class_="id") for value in told_by]
    more = [] if not pair.values else ["", ""]
    cells.append(["In all", likely(weight), bits(weight), odds(weight), *more])
    steps = table("The same in figures.", heads, cells, [*[""] * len(told), "whole"])
    untold = None
    if pair.explained.untold:
        fields = ", ".join(map(spoken, pair.explained.untold))
        untold = el("p", f"Says nothing, as not both tell it: {fields}.", class_="muted")
    return section(
        "weight",
        "Their records",
        names,
        tiles(
            [
                ("Weight", f"{bits(pair.weight)} bits", "log2 of the odds"),
                ("Odds that it is one person", odds(pair.weight), ""),
                ("Probability", likely(pair.weight), ""),
                ("Identity model", str(found.model), "version in MLflow"),
            ]
        ),
        *notes,
        picture(told, weight, accept),
        untold,
        steps,
    )


def _no_weight() -> Html:
    none = "No pair of their records was weighed, so there is no weight to take apart."
    return section("weight", "Their records", el("p", none, class_="lead"))


def _chain(way: Sequence[Link]) -> Html:
    listed = [
        (
            link.left,
            link.right,
            "decided" if link.strength >= CERTAIN else bits(link.strength),
            link.why,
        )
        for link in way
    ]
    heads = [("From", "w"), ("To", "w"), ("Bits", "n"), ("Why", "long")]
    return section("chain", "What holds them together", table("Link by link.", heads, listed))


def _between(found: Known) -> Html:
    reasons = {frozenset((row["left_id"], row["right_id"])): row["reason"] for row in found.review}
    listed = [
        (
            w.left,
            w.right,
            bits(w.weight),
            "yes" if w.contradicting else "",
            spoken(w.comparison),
            reasons.get(frozenset((f"record:{w.left}", f"record:{w.right}")), ""),
        )
        for w in across(found)[:LISTED]
    ]
    if not listed:
        return inner()
    heads = [
        ("Record", ""),
        ("Record", ""),
        ("Bits", "n"),
        ("How alike", "long"),
        ("Kept apart", ""),
    ]
    caption = "The likeliest pairs between the two, which were not enough."
    return section("between", "Pairs between them", table(caption, heads, listed))


def _sentences(said: Verdict) -> list[Html]:
    return [el("p", sentence) for sentence in said.sentences]


def _px(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
