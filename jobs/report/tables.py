"""Tables of the page: a box of their own to scroll in, and numbers to the right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from jobs.report.amounts import NONE
from jobs.report.markup import Child, Html, el, inner

Column = tuple[str, str]
"""Heading and class of a column: ``n`` for numbers, ``sp`` for sparklines, ``long`` for texts."""


def table(
    caption: str,
    columns: Sequence[Column],
    rows: Iterable[Sequence[Child]],
    kinds: Sequence[str] = (),
) -> Html:
    """Return a table whose first cells name the rows; columns that are all empty are left out.

    Parameters
    ----------
    caption : str
        What it holds.
    columns : sequence of Column
        Headings.
    rows : iterable of sequence
        A cell a column.
    kinds : sequence of str, optional
        Class of each row.
    """
    listed = [list(row) for row in rows]
    # A column without a value, as all of history on the first night, is only noise.
    told = [i for i in range(len(columns)) if any(row[i] not in ("", NONE) for row in listed)]
    heads = [el("th", columns[i][0], class_=columns[i][1] or None, scope="col") for i in told]
    head = el("tr", heads)
    body = []
    for number, row in enumerate(listed):
        cells = [
            el(
                "td" if i else "th",
                row[i],
                class_=columns[i][1] or None,
                scope=None if i else "row",
            )
            for i in told
        ]
        body.append(el("tr", cells, class_=kinds[number] if kinds else None))
    whole = el("table", el("thead", head), el("tbody", body), aria_label=caption)
    # The caption stands outside: in the box it would be as wide as the table, and scroll away.
    box = el("div", whole, class_="box", role="region", aria_label=caption, tabindex="0")
    return inner(el("p", caption, class_="caption"), box)
