"""The dossier of a person: what the lake knows, and why; nothing that only the vault may tell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jobs.cli.logs import terminal
from jobs.cli.output import show_rows
from jobs.cli.query import records
from jobs.cli.shown import night_in_force, recommended
from jobs.lake.errors import BespokeError

_MATCHES = """
    SELECT DISTINCT person_id FROM identity.identifiers
    WHERE person_id = $1 OR identifier = $1 OR ends_with(identifier, concat(':', $1))
    ORDER BY 1
"""
_IDENTIFIERS = """
    SELECT identifier, shared, first_seen, last_seen FROM identity.identifiers
    WHERE person_id = $1 ORDER BY type = 'record', identifier
"""
_SEGMENTS = """
    SELECT family, segment, valid_from AS since FROM gold.segments
    WHERE person_id = $1 AND valid_to IS NULL ORDER BY family DESC
"""
_PROFILE = """
    SELECT * FROM gold.profiles WHERE person_id = $1 ORDER BY as_of DESC LIMIT 1
"""
_RFM = """
    SELECT as_of, recency_days, frequency, monetary, r_score, f_score, m_score, segment
    FROM gold.rfm WHERE person_id = $1 ORDER BY as_of DESC LIMIT 1
"""
_ORDERS = """
    SELECT l.order_date, l.order_id, l.kind, l.product_id, p.name, l.quantity, l.amount_base
    FROM silver.order_lines l
    JOIN identity.identifiers i USING (identifier)
    LEFT JOIN silver.products p ON p.product_id = l.product_id
    WHERE i.person_id = $1 ORDER BY l.ordered_at DESC, l.line_id LIMIT 10
"""
_CONSENTS = """
    SELECT c.occurred_at, c.purpose, c.channel, c.status, c.basis
    FROM silver.consents c JOIN identity.identifiers i USING (identifier)
    WHERE i.person_id = $1 ORDER BY c.occurred_at DESC LIMIT 10
"""


class WhoError(BespokeError):
    """Nobody, or more than one person, goes by what was asked for."""


def find(lake: Path, who: str) -> str:
    """Return the person_id of a person_id, an identifier, or an identifier's value.

    Raises
    ------
    WhoError
        Nobody goes by it, or several do; the message names them.
    """
    found = [row["person_id"] for row in records(_MATCHES, lake, [who])]
    if not found:
        raise WhoError(
            f"nobody goes by {who!r}: give a person_id, an identifier such as customer_no:17850, "
            "or the number itself"
        )
    if len(found) > 1:
        raise WhoError(f"{who!r} is {len(found)} persons: {', '.join(found[:10])}")
    return str(found[0])


def dossier(lake: Path, who: str) -> dict[str, Any]:
    """Gather what is known of a person.

    Returns
    -------
    dict
        ``person``, ``profile``, ``rfm`` (each a dict, empty when there is none), and lists:
        ``segments``, ``identifiers``, ``consents``, ``last_orders``, ``recommendations``, which are
        those of the night in force, ``shown_since``.
    """
    person = find(lake, who)
    night = night_in_force(lake)

    def first(query: str) -> dict[str, Any]:
        return next(iter(records(query, lake, [person])), {})

    return {
        "person": first("SELECT * FROM identity.persons WHERE person_id = $1")
        or {"person_id": person},
        "profile": first(_PROFILE),
        "rfm": first(_RFM),
        "segments": records(_SEGMENTS, lake, [person]),
        "identifiers": records(_IDENTIFIERS, lake, [person]),
        "consents": records(_CONSENTS, lake, [person]),
        "last_orders": records(_ORDERS, lake, [person]),
        "shown_since": night,
        "recommendations": recommended(lake, person, night) if night else [],
    }


def show(found: dict[str, Any]) -> None:
    """Print a dossier for people."""
    console = terminal()
    for title, part in (("Person", "person"), ("Profile", "profile"), ("RFM", "rfm")):
        console.print(f"[bold]{title}[/bold]")
        known = {k: v for k, v in found[part].items() if v is not None}
        show_rows(
            [{"what": name, "value": str(value)} for name, value in known.items()],
            as_json=False,
            nothing="nothing is known yet",
        )
        console.print()
    shown = f"Recommendations, night of {found['shown_since']}"
    for title, part in (
        ("Segments", "segments"),
        ("Identifiers and records", "identifiers"),
        ("Consents, latest first", "consents"),
        ("Last order lines", "last_orders"),
        (shown, "recommendations"),
    ):
        console.print(f"[bold]{title}[/bold]")
        show_rows(found[part], as_json=False, nothing="none")
        console.print()
