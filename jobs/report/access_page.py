"""The page of an access package: what is held about a person, for that person to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from jobs.report.identity_page import document
from jobs.report.markup import Child, Html, el
from jobs.report.tables import table

MOST = 200
"""Rows of a table that the page shows; the JSON file has all."""
_FIRST = (
    "vault.contacts",
    "gold.profiles",
    "gold.segments",
    "serving.recommendations",
    "silver.consents",
    "silver.order_lines",
    "silver.events",
    "silver.messages",
    "silver.feedback",
)
"""What a reader looks for, in this order; the others follow."""


def access_page(package: Mapping[str, Any], source: str) -> str:
    """Return the page as HTML, one file that needs nothing but itself.

    Parameters
    ----------
    package : mapping
        From :func:`jobs.privacy.access.gathered`.
    source : str
        The source set.
    """
    held = package["held"]
    order = [name for name in _FIRST if name in held]
    order += [name for name in held if name not in order]
    count = sum(len(part["rows"]) for part in held.values())
    intro = el(
        "div",
        el("h1", "What we hold about you"),
        el(
            "p",
            f"{count:,} rows in {len(held)} tables. Each table says what it is for, how long it is "
            "kept and who answers for it. The file data.json beside this page has all of it, for "
            "machines to read.",
            class_="lead",
        ),
        class_="hero",
    )
    links = el("nav", [el("a", name, href=f"#{name}") for name in order])
    return document(
        "access package",
        source,
        datetime.fromisoformat(package["made_at"]),
        intro,
        links,
        _known_by(package["identifiers"]),
        _from(package["sources"]),
        _sent(package["recipients"]),
        [_part(name, held[name]) for name in order],
    )


def _known_by(rows: Sequence[Mapping[str, Any]]) -> Html:
    cells = [
        (
            str(row["identifier"]),
            "others use it too" if row.get("shared") else "",
            _text(row.get("valid_from")),
            _text(row.get("valid_to")),
        )
        for row in rows
    ]
    columns = [("Identifier", "long"), ("Shared", ""), ("From", "w"), ("Until", "w")]
    return el(
        "section",
        el("h2", "By what we know you"),
        el("p", "Addresses and telephone numbers stand here as codes.", class_="lead"),
        table("Identifiers", columns, cells),
        id="identifiers",
    )


def _from(rows: Sequence[Mapping[str, str]]) -> Html:
    cells = [(r["source"], r["system"], r["owner"], r["description"]) for r in rows]
    columns = [("Source", ""), ("System", ""), ("Who answers for it", ""), ("What", "long")]
    return el("section", el("h2", "Where it comes from"), table("Sources", columns, cells))


def _sent(rows: Sequence[Mapping[str, Any]]) -> Html:
    said: list[Child] = [el("h2", "Who was given some of it")]
    if not rows:
        said.append(el("p", "No export that is still kept has anything of yours."))
    else:
        cells = [(row["export"], row["night"], _text(row["sent"])) for row in rows]
        columns = [("Recipients", ""), ("Night", "w"), ("What was sent", "long")]
        said.append(table("Exports", columns, cells))
    return el("section", said)


def _part(name: str, part: Mapping[str, Any]) -> Html:
    rows = part["rows"]
    told = [c for c in part["columns"] if any(row.get(c) is not None for row in rows)]
    cells = [[_text(row.get(column)) for column in told] for row in rows[:MOST]]
    more = f"; the first {MOST:,} of {len(rows):,}" if len(rows) > MOST else ""
    meaning = [[column, part["columns"][column]] for column in told]
    if len(rows) == 1:
        # One row reads better from top to bottom.
        lines = [[c, _text(rows[0].get(c)), part["columns"][c]] for c in told]
        columns = [("Column", ""), ("Value", "long"), ("Meaning", "long")]
        shown = [table(name, columns, lines)]
    else:
        shown = [
            table(f"{name}{more}", [(column, "long") for column in told], cells),
            el(
                "details",
                el("summary", "What the columns mean"),
                table("Columns", [("Column", ""), ("Meaning", "long")], meaning),
            ),
        ]
    return el(
        "section",
        el("h2", name),
        el("p", part["what"], class_="lead"),
        el("p", f"Kept: {part['kept']}. Who answers for it: {part['answers']}.", class_="muted"),
        shown,
        id=name,
    )


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    if isinstance(value, Mapping):
        return "; ".join(f"{k}: {_text(v)}" for k, v in value.items() if v not in (None, ""))
    if isinstance(value, list | tuple):
        return ", ".join(_text(one) for one in value)
    return str(value)
