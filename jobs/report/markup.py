"""Markup that cannot be forgotten to be escaped: only this file makes HTML out of text."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any, TypeAlias

_EMPTY = frozenset({"meta", "br"})


class Html(str):
    """Text that is markup already; any other text is escaped where it is put in."""

    __slots__ = ()


Child: TypeAlias = "str | Iterable[Child] | None"


def el(tag: str, /, *children: Child, **attributes: Any) -> Html:
    """Return an element.

    Parameters
    ----------
    tag : str
        Name of the element.
    *children : str, iterable or None
        Text, which is escaped, other elements, or lists of both; None is nothing.
    **attributes
        ``class_`` is ``class``, ``aria_label`` is ``aria-label``; None and False leave one out.

    Examples
    --------
    >>> el("td", "<b>", class_="n")
    '<td class="n">&lt;b&gt;</td>'
    """
    said = "".join(_attribute(key, value) for key, value in attributes.items())
    end = "" if tag in _EMPTY else f"{inner(*children)}</{tag}>"
    return Html(f"<{tag}{said}>{end}")


def inner(*children: Child) -> Html:
    """Return elements and texts, one after the other."""
    return Html("".join(_piece(child) for child in children))


def _piece(child: Child) -> str:
    if child is None:
        return ""
    if isinstance(child, Html):
        return child
    if isinstance(child, str):
        return escape(child)
    return inner(*child)


def _attribute(key: str, value: Any) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'
