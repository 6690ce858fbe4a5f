"""Plots of the identity page: columns over classes, a histogram with marks, and bars with words."""

from __future__ import annotations

from collections.abc import Sequence

from jobs.report.markup import Html, el
from jobs.report.plots import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Written, _figure, _px, _ticks

_BASE = HEIGHT - BOTTOM
_INNER = WIDTH - LEFT - RIGHT
_LABELS = 14
"""Names that have room below the columns."""
_ROW, _GUTTER, _END = 24, 150, 62
_LETTERS = 22
"""Letters of a name that fit beside its bar."""


def classes(
    names: Sequence[str],
    values: Sequence[float],
    *,
    title: str,
    words: str,
    written: Written,
    below: str,
) -> Html:
    """Return a figure of one column a class, in their order.

    Parameters
    ----------
    names : sequence of str
        Of the classes, short.
    values : sequence of float
        One a class.
    title, words : str
        What it shows, and what it says.
    written : callable
        How a value is written.
    below : str
        What the classes are.
    """
    ticks = _ticks(max(values), None)
    top = max(max(values), ticks[-1])
    slot = _INNER / len(names)
    width = min(slot * 0.8, 36)
    marks = []
    for place, (name, value) in enumerate(zip(names, values, strict=True)):
        middle = LEFT + slot * (place + 0.5)
        marks.append(_column(middle - width / 2, width, value / top, f"{name}: {written(value)}"))
        if len(names) <= _LABELS:
            marks.append(_below(middle, name))
    if len(names) > _LABELS:
        marks += [_below(LEFT + slot / 2, names[0]), _below(WIDTH - RIGHT - slot / 2, names[-1])]
    return _figure(title, f"{words} Below: {below}.", [*_grid(ticks, top, written), *marks])


def histogram(
    lows: Sequence[float],
    width: float,
    counts: Sequence[int],
    *,
    title: str,
    words: str,
    written: Written,
    marks: Sequence[tuple[float, str]] = (),
) -> Html:
    """Return a figure of how often values of a scale come up.

    Parameters
    ----------
    lows : sequence of float
        Lower end of each column.
    width : float
        What a column is wide.
    counts : sequence of int
        One a column.
    title, words : str
        What it shows, and what it says.
    written : callable
        How a count is written.
    marks : sequence of (float, str)
        Places on the scale that are marked, at most two, and what they are called.
    """
    low, high = lows[0], lows[-1] + width
    ticks = _ticks(max(counts), None)
    top = max(max(counts), ticks[-1])

    def at(value: float) -> float:
        return LEFT + (value - low) / (high - low) * _INNER

    drawn = [
        _column(
            at(start) + 0.5,
            at(start + width) - at(start) - 1,
            count / top,
            f"{start:g} to {start + width:g}: {written(count)}",
        )
        for start, count in zip(lows, counts, strict=True)
    ]
    step = next(s for s in (5, 10, 20, 50, 100) if (high - low) / s <= 8)
    first = int(low // step) * step
    scale = [value for value in range(first, int(high) + 1, step) if low <= value <= high]
    drawn += [_below(at(value), f"{value}".replace("-", "\N{MINUS SIGN}")) for value in scale]
    for place, (value, name) in enumerate(marks):
        if not low <= value <= high:
            continue
        x = at(value)
        said = el("title", name)
        line = f"M{_px(x)} {TOP - 8}V{_BASE}"
        drawn.append(el("path", said, d=line, class_=f"mark m{place}"))
    return _figure(title, words, [*_grid(ticks, top, written), *drawn], _keys(marks))


def bars(
    names: Sequence[str],
    values: Sequence[float],
    *,
    title: str,
    words: str,
    written: Written,
    whole: float | None = None,
) -> Html:
    """Return a figure of one bar a name, in their order, each with its value.

    Parameters
    ----------
    names : sequence of str
        What each is of.
    values : sequence of float
        One a name.
    title, words : str
        What it shows, and what it says.
    written : callable
        How a value is written.
    whole : float, optional
        What the longest bar could be; by default the greatest value is.
    """
    if not names:
        return el("figure", el("figcaption", el("b", title), " ", words), class_="plot")
    most = whole or max(values) or 1.0
    room = WIDTH - _GUTTER - _END
    height = _ROW * len(names) + 8
    marks = []
    for place, (name, value) in enumerate(zip(names, values, strict=True)):
        y = 4 + _ROW * place
        long = max(value / most * room, 1 if value else 0)
        short = name if len(name) <= _LETTERS else f"{name[: _LETTERS - 1]}…"
        marks += [
            el("text", short, x=_GUTTER - 8, y=y + 16, text_anchor="end", class_="t"),
            el(
                "rect",
                el("title", f"{name}: {written(value)}"),
                x=_GUTTER,
                y=y + 4,
                width=_px(long),
                height=_ROW - 8,
                class_="c",
            ),
            el("text", written(value), x=_px(_GUTTER + long + 6), y=y + 16, class_="t"),
        ]
    picture = el(
        "svg",
        el("title", title),
        *marks,
        viewBox=f"0 0 {WIDTH} {height}",
        role="img",
        aria_label=f"{title}. {words}",
    )
    caption = el("figcaption", el("b", title), " ", el("span", words))
    return el("figure", caption, picture, class_="plot short")


def _column(x: float, width: float, part: float, said: str) -> Html:
    height = part * (_BASE - TOP)
    return el(
        "rect",
        el("title", said),
        x=_px(x),
        y=_px(_BASE - height),
        width=_px(width),
        height=_px(max(height, 0.5 if part else 0)),
        class_="c",
    )


def _below(x: float, name: str) -> Html:
    return el("text", name, x=_px(x), y=HEIGHT - 6, text_anchor="middle", class_="t")


def _grid(ticks: Sequence[float], top: float, written: Written) -> list[Html]:
    found = []
    for tick in ticks:
        y = _BASE - tick / top * (_BASE - TOP)
        found += [
            el("path", d=f"M{LEFT} {_px(y)}H{WIDTH - RIGHT}", class_="grid"),
            el("text", written(tick), x=LEFT - 6, y=_px(y + 4), text_anchor="end", class_="t"),
        ]
    return found


def _keys(marks: Sequence[tuple[float, str]]) -> Html | None:
    if not marks:
        return None
    keys = [
        el("span", el("i", class_=f"key s{place + 1}", aria_hidden="true"), name)
        for place, (_, name) in enumerate(marks)
    ]
    return el("div", keys, class_="legend")
