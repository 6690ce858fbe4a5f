"""What the pages of identity have in common: one HTML file each that needs nothing but itself."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from jobs.report.amounts import moment
from jobs.report.markup import Child, Html, el
from jobs.report.style import STYLE

# No script, no picture, nothing from anywhere: what a table may hold cannot change that.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_MORE = """
.up{fill:var(--good)}.down{fill:var(--bad)}.sum{fill:var(--s0)}.start{fill:var(--soft)}
.n0{font-size:13px;fill:var(--ink);font-weight:600}.n1{font-size:12px;fill:var(--soft)}
.v{font-size:13px;fill:var(--ink);font-variant-numeric:tabular-nums;stroke:var(--card);
stroke-width:4px;stroke-linejoin:round;paint-order:stroke}
.axis{stroke:var(--soft);fill:none}
.mark{stroke:var(--s1);stroke-dasharray:5 4;stroke-width:1.5;fill:none}
.mark.m1{stroke:var(--s2);stroke-dasharray:2 4}
.mt{font-size:12px;fill:var(--s1)}.mt.m1{fill:var(--s2)}
.wide{margin:0;min-width:600px;max-width:920px}.wide svg{display:block;width:100%;height:auto}
.wide figcaption{max-width:min(100%,78vw);font-size:.875rem;color:var(--soft);margin-bottom:6px}
.wide figcaption b{display:block;color:var(--ink);font-size:.9375rem}
.plot.short svg{margin-top:6px}
.id{overflow-wrap:anywhere}
"""


def document(title: str, source: str | None, made_at: datetime, *body: Child) -> str:
    """Return a page as HTML.

    Parameters
    ----------
    title : str
        Of the window.
    source : str or None
        The source set.
    made_at : datetime
        When it was made (UTC).
    *body : str or Html
        What stands on it.
    """
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        el("title", f"Bespoke: {title}"),
        # Our own sheet: the one text that is not escaped.
        el("style", Html(STYLE + _MORE)),
    )
    named = f"Bespoke · {source}" if source else "Bespoke"
    made = f"Made {moment(made_at)} UTC. All times are UTC."
    top = el("div", el("span", named), el("span", made), class_="top")
    whole = el("body", el("div", top, *body, class_="wrap"))
    return f"<!DOCTYPE html>\n{el('html', head, whole, lang='en')}\n"


def hero(tone: str, state: str, headline: str, *more: Child) -> Html:
    """Return what a page says first."""
    return el(
        "div",
        el("span", state, class_="state"),
        el("h1", headline),
        *more,
        class_=f"hero {tone}",
    )


def tiles(told: list[tuple[str, str, str]]) -> Html:
    """Return figures side by side: name, value and a note."""
    return el(
        "dl",
        [
            el(
                "div",
                el("dt", name),
                el("dd", value, el("small", note) if note else None),
                class_="tile",
            )
            for name, value, note in told
        ],
        class_="tiles",
    )


def written(text: str, path: Path) -> Path:
    """Write a page in one step: a reader sees the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        scratch.write_text(text, encoding="utf-8")
        os.replace(scratch, path)
    finally:
        scratch.unlink(missing_ok=True)
    return path
