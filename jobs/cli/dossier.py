"""The dossier of a person: what the lake knows, and why; nothing that only the vault may tell."""

from __future__ import annotations

from typing import Any

from jobs.cli.logs import terminal
from jobs.cli.output import show_rows
from jobs.cli.shown import in_force, recommended
from jobs.lake.errors import BespokeError
from jobs.lake.folders import Folder
from jobs.lake.query import records

_MATCHES = """
    SELECT DISTINCT person_id FROM identity.identifiers
    WHERE person_id = $1 OR identifier = $1 OR ends_with(identifier, concat(':', $1))
    ORDER BY 1
"""
_IDENTIFIERS = """
    SELECT identifier, shared, first_seen, last_seen, valid_from, valid_to
    FROM identity.identifiers
    WHERE person_id = $1 ORDER BY type = 'record', identifier, valid_from
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
    JOIN identity.identifiers i ON i.identifier = l.identifier
        AND (i.valid_from IS NULL OR i.valid_from <= l.ordered_at)
        AND (i.valid_to IS NULL OR l.ordered_at < i.valid_to)
    LEFT JOIN silver.products p ON p.product_id = l.product_id
    WHERE i.person_id = $1 ORDER BY l.ordered_at DESC, l.line_id LIMIT 10
"""
_LINKS = """
    WITH own AS (SELECT identifier FROM identity.identifiers WHERE person_id = $1)
    SELECT l.left_id, l.right_id, l.evidence, l.first_seen, l.last_seen
    FROM identity.links l
    WHERE l.left_id IN (FROM own) AND l.right_id IN (FROM own) AND l.left_id <> l.right_id
    ORDER BY l.first_seen, l.left_id, l.right_id
"""
_EVENTS = """
    SELECT e.occurred_at, e.type, e.product_id, p.name, e.query, e.page, e.dwell_ms, e.device_kind
    FROM silver.events e
    JOIN identity.identifiers i ON i.identifier = e.identifier
        AND (i.valid_from IS NULL OR i.valid_from <= e.occurred_at)
        AND (i.valid_to IS NULL OR e.occurred_at < i.valid_to)
    LEFT JOIN silver.products p ON p.product_id = e.product_id
    WHERE i.person_id = $1 ORDER BY e.occurred_at DESC, e.event_id LIMIT 10
"""
_MESSAGES = """
    SELECT m.sent_at, m.channel, m.campaign_id, m.subject, m.message_id,
        bool_or(e.type = 'email_open') IS TRUE AS opened,
        bool_or(e.type = 'email_click') IS TRUE AS clicked
    FROM silver.messages m
    JOIN identity.identifiers i USING (identifier)
    LEFT JOIN silver.events e ON e.message_id = m.message_id
    WHERE i.person_id = $1 GROUP BY ALL ORDER BY m.sent_at DESC, m.message_id LIMIT 10
"""
_FEEDBACK = """
    SELECT f.written_at, f.product_id, p.name, f.rating, f.text
    FROM silver.feedback f
    JOIN identity.identifiers i USING (identifier)
    LEFT JOIN silver.products p ON p.product_id = f.product_id
    WHERE i.person_id = $1 ORDER BY f.written_at DESC, f.feedback_id LIMIT 10
"""
_CONSENTS = """
    WITH own AS (SELECT identifier FROM identity.identifiers WHERE person_id = $1),
    -- Addresses of the person's records, also those that others use too.
    addresses AS (
        SELECT l.left_id AS node FROM identity.links l JOIN own ON own.identifier = l.right_id
        UNION SELECT l.right_id FROM identity.links l JOIN own ON own.identifier = l.left_id
        UNION SELECT identifier FROM own
    )
    SELECT c.occurred_at, c.purpose, c.channel, c.status, c.basis,
        c.identifier NOT IN (SELECT identifier FROM own) AS by_address
    FROM silver.consents c
    WHERE c.identifier IN (SELECT identifier FROM own)
        OR concat('email:', c.email_token) IN (SELECT node FROM addresses)
        OR concat('phone:', c.phone_token) IN (SELECT node FROM addresses)
    ORDER BY c.occurred_at DESC, c.consent_id LIMIT 10
"""


class WhoError(BespokeError):
    """Nobody, or more than one person, goes by what was asked for."""


def find(lake: Folder, who: str) -> str:
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


def dossier(lake: Folder, who: str) -> dict[str, Any]:
    """Gather what is known of a person.

    Returns
    -------
    dict
        ``person``, ``profile``, ``rfm`` (each a dict, empty when there is none), and lists:
        ``segments``, ``identifiers``, ``links`` (which rows of which feeds joined them),
        ``consents``, ``last_orders``, ``last_events``, ``last_messages``, ``feedback``, and
        ``recommendations``, which are those of the night in force, ``shown_since``.
    """
    person = find(lake, who)
    shown = in_force(lake)

    def first(query: str) -> dict[str, Any]:
        return next(iter(records(query, lake, [person])), {})

    return {
        "person": first("SELECT * FROM identity.persons WHERE person_id = $1")
        or {"person_id": person},
        "profile": first(_PROFILE),
        "rfm": first(_RFM),
        "segments": records(_SEGMENTS, lake, [person]),
        "identifiers": records(_IDENTIFIERS, lake, [person]),
        "links": records(_LINKS, lake, [person]),
        "consents": records(_CONSENTS, lake, [person]),
        "last_orders": records(_ORDERS, lake, [person]),
        "last_events": records(_EVENTS, lake, [person]),
        "last_messages": records(_MESSAGES, lake, [person]),
        "feedback": records(_FEEDBACK, lake, [person]),
        "shown_since": shown.night if shown else None,
        "recommendations": recommended(lake, person, shown) if shown else [],
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
    lists = f"Recommendations, night of {found['shown_since']}"
    for title, part in (
        ("Segments", "segments"),
        ("Identifiers and records", "identifiers"),
        ("What joined them", "links"),
        ("Last 10 consents", "consents"),
        ("Last 10 order lines", "last_orders"),
        ("Last 10 events", "last_events"),
        ("Last 10 messages", "last_messages"),
        ("Last 10 reviews", "feedback"),
        (lists, "recommendations"),
    ):
        console.print(f"[bold]{title}[/bold]")
        show_rows(found[part], as_json=False, nothing="none")
        console.print()
