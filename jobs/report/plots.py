"""Plots as inline SVG: columns, lines and sparklines, each with a title and words for it.

Made by hand: matplotlib takes four seconds to be imported, and its pictures know neither the
reader's colours nor the width of a telephone.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from statistics import quantiles

from jobs.report.amounts import NONE
from jobs.report.markup import Html, el

Written = Callable[[float | None], str]

WIDTH, HEIGHT = 400, 170
LEFT, RIGHT, TOP, BOTTOM = 62, 10, 14, 24
_INNER = WIDTH - LEFT - RIGHT
_BASE = HEIGHT - BOTTOM
_TALL = _BASE - TOP

TIMES = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400)
"""Steps of an axis of seconds."""
BEYOND = 3.0
"""A night this many times as high as nearly all others is cut off, or the others were flat."""

RECENT = 30
"""Nights of a sparkline; more are a blur at its size."""

_names = itertools.count(1)


def columns(
    days: Sequence[date],
    values: Sequence[float | None],
    *,
    title: str,
    words: str,
    written: Written,
    usual: float | None = None,
    bad: Sequence[bool] = (),
    steps: Sequence[float] | None = None,
    ticked: Written | None = None,
) -> Html:
    """Return a figure of one column a night.

    Parameters
    ----------
    days : sequence of date
        Nights, oldest first.
    values : sequence of float or None
        One a night.
    title, words : str
        What it shows, and what it says of the last night.
    written : callable
        How a value is written.
    usual : float, optional
        Drawn as a dashed line.
    bad : sequence of bool, optional
        Nights that are marked.
    steps : sequence of float, optional
        Steps of the axis; by default 1, 2 and 5 and their tens.
    ticked : callable, optional
        How the axis is written, if not as the values.
    """
    there = [value for value in values if value is not None]
    if not there:
        return _nothing(title)
    ceiling, beyond = _ceiling(there)
    ticks = _ticks(ceiling, steps)
    top = max(ceiling, ticks[-1])
    slot = _INNER / len(days)
    width = min(slot * 0.8, 36)
    marks = []
    for i, value in enumerate(values):
        if value is None:
            continue
        height = min(value / top, 1) * _TALL if top else 0
        x = LEFT + slot * (i + 0.5)
        wrong = bool(bad) and bad[i]
        said = f"{days[i].isoformat()}: {written(value)}{', did not go through' if wrong else ''}"
        marks.append(
            el(
                "rect",
                el("title", said),
                x=_px(x - width / 2),
                y=_px(_BASE - height),
                width=_px(width),
                height=_px(max(height, 0.5 if value else 0)),
                class_="c bad" if wrong else "c",
            )
        )
        if value > top:
            marks.append(_cut(x, width))
    if usual is not None and usual <= top:
        marks.append(_level(usual / top if top else 0))
    note = f"{words} {_beyond(days, values, top, written)}" if beyond else words
    return _figure(title, note, [_axes(days, ticks, top, ticked or written), *marks])


def lines(
    days: Sequence[date],
    series: Mapping[str, Sequence[float | None]],
    *,
    title: str,
    words: str,
    written: Written,
    names: Sequence[str] = (),
    ticked: Written | None = None,
) -> Html:
    """Return a figure of one line a series, from zero up.

    Parameters
    ----------
    days : sequence of date
        Of the points.
    series : mapping of str to sequence
        Name to values; None is a gap. At most three.
    title, words, written
        As of :func:`columns`.
    names : sequence of str, optional
        What stands below the axis in the place of the days.
    ticked : callable, optional
        How the axis is written, if not as the values.
    """
    there = [v for values in series.values() for v in values if v is not None]
    if not there:
        return _nothing(title)
    ticks = _ticks(max(there), None)
    top = max(max(there), ticks[-1])
    slot = _INNER / max(len(days), 1)
    marks = []
    for number, (name, values) in enumerate(series.items()):
        points = [
            None
            if v is None
            else (LEFT + slot * (i + 0.5), _BASE - (v / top if top else 0) * _TALL)
            for i, v in enumerate(values)
        ]
        marks.append(el("path", d=_path(points), class_=f"l s{number}"))
        last = next((p for p in reversed(points) if p is not None), None)
        if last is not None:
            dot = el(
                "title", f"{name}: {written(next(v for v in reversed(values) if v is not None))}"
            )
            marks.append(
                el("circle", dot, cx=_px(last[0]), cy=_px(last[1]), r=3, class_=f"d s{number}")
            )
    legend = _legend(list(series)) if len(series) > 1 else None
    return _figure(
        title, words, [_axes(days, ticks, top, ticked or written, names), *marks], legend
    )


def spark(values: Sequence[float | None], written: Written) -> str:
    """Return a small line for a cell of a table; nothing when there is nothing to compare."""
    values = values[-RECENT:]
    there = [value for value in values if value is not None]
    if len(there) < 2:
        return NONE
    low, high = min(there), _ceiling(there)[0]
    said = (
        f"{len(there)} nights: {written(low)} to {written(max(there))}, last {written(there[-1])}"
    )
    points = [
        None
        if v is None
        else (
            3 + 94 * i / (len(values) - 1),
            # What never changes is a line in the middle.
            20 - 16 * ((min(v, high) - low) / (high - low) if high > low else 0.5),
        )
        for i, v in enumerate(values)
    ]
    last = next(p for p in reversed(points) if p is not None)
    return el(
        "svg",
        el("title", said),
        el("path", d=_path(points), class_="l s0"),
        el("circle", cx=_px(last[0]), cy=_px(last[1]), r=2.4, class_="d s0"),
        viewBox="0 0 100 24",
        class_="spark",
        role="img",
        aria_label=said,
    )


def _figure(title: str, words: str, marks: Sequence[Html], legend: Html | None = None) -> Html:
    name = f"plot{next(_names)}"
    picture = el(
        "svg",
        el("title", title, id=f"{name}t"),
        el("desc", words, id=f"{name}d"),
        *marks,
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        aria_labelledby=f"{name}t {name}d",
    )
    caption = el("figcaption", el("b", title), " ", el("span", words))
    return el("figure", caption, legend, picture, class_="plot")


def _nothing(title: str) -> Html:
    caption = el("figcaption", el("b", title), " ", el("span", "Nothing to show yet."))
    return el("figure", caption, class_="plot")


def _legend(names: Sequence[str]) -> Html:
    keys = [
        el("span", el("i", class_=f"key s{i}", aria_hidden="true"), name)
        for i, name in enumerate(names)
    ]
    return el("div", keys, class_="legend")


def _axes(
    days: Sequence[date],
    ticks: Sequence[float],
    top: float,
    written: Written,
    names: Sequence[str] = (),
) -> Html:
    grid = []
    for tick in ticks:
        y = _BASE - (tick / top if top else 0) * _TALL
        grid.append(el("path", d=f"M{LEFT} {_px(y)}H{WIDTH - RIGHT}", class_="grid"))
        grid.append(
            el("text", written(tick), x=LEFT - 6, y=_px(y + 4), text_anchor="end", class_="t")
        )
    return el("g", grid, *_below(days, names), aria_hidden="true")


def _below(days: Sequence[date], names: Sequence[str]) -> list[Html]:
    """Name the first, the middle and the last point; where there are few, all of them."""
    last = len(days) - 1
    slot = _INNER / max(len(days), 1)
    few = last < 4
    wanted = list(range(last + 1)) if few else sorted({0, last // 2, last})
    marks = []
    for i in wanted:
        anchor = "middle" if few or 0 < i < last else "start" if i == 0 else "end"
        x = {"middle": LEFT + slot * (i + 0.5), "start": LEFT, "end": WIDTH - RIGHT}[anchor]
        said = names[i] if names else f"{days[i].day} {days[i]:%b}"
        marks.append(el("text", said, x=_px(x), y=HEIGHT - 6, text_anchor=anchor, class_="t"))
    return marks


def _ceiling(values: Sequence[float]) -> tuple[float, bool]:
    """Return the highest value that is drawn whole, and whether some are higher."""
    high = max(values)
    if len(values) < 4:
        return high, False
    most = quantiles(values, n=10)[-1] if len(values) >= 10 else sorted(values)[-2]
    if most and high > BEYOND * most:
        return max(value for value in values if value <= BEYOND * most), True
    return high, False


def _beyond(
    days: Sequence[date], values: Sequence[float | None], top: float, written: Written
) -> str:
    cut = [(d, v) for d, v in zip(days, values, strict=True) if v is not None and v > top]
    if not cut:
        return ""
    told = ", ".join(f"{d.isoformat()} with {written(v)}" for d, v in cut[-3:])
    return f"Cut off: {told}{' and others' if len(cut) > 3 else ''}."


def _cut(x: float, width: float) -> Html:
    """Return a gap near the top of a column that goes beyond the plot."""
    half = max(width / 2 + 2, 4)
    return el("path", d=f"M{_px(x - half)} {TOP + 12}l{_px(2 * half)} -6", class_="cut")


def _level(part: float) -> Html:
    y = _px(_BASE - part * _TALL)
    return el("path", d=f"M{LEFT} {y}H{WIDTH - RIGHT}", class_="usual")


def _ticks(high: float, steps: Sequence[float] | None) -> list[float]:
    """Return two to four round values from zero to at least nearly the highest."""
    if high <= 0:
        return [0, 1]
    step = next((s for s in steps or () if high / s <= 4), None)
    if step is None:
        tens = 10.0 ** math.floor(math.log10(high))
        step = next(s * tens for s in (0.2, 0.5, 1, 2, 5) if high / (s * tens) <= 4)
    count = int(high / step)
    return [step * i for i in range(count + 1 if high - count * step < step * 0.15 else count + 2)]


def _path(points: Sequence[tuple[float, float] | None]) -> str:
    """Return a line through the points, broken where one is missing."""
    said, drawing = [], False
    for point in points:
        if point is not None:
            said.append(f"{'L' if drawing else 'M'}{_px(point[0])} {_px(point[1])}")
        drawing = point is not None
    return "".join(said)


def _px(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
