"""Blocked values: addresses, numbers and devices that mean nobody, by decision or by list."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from jobs.identity.decided import BLOCK, WITHDRAW, decide
from jobs.identity.nodes import COLUMN_TYPES, CONTACTS
from jobs.lake.errors import DataError
from jobs.lake.tables.matching import DECISIONS

if TYPE_CHECKING:
    from jobs.lake.run import Run
    from jobs.privacy.keyring import Keyring

LISTED = "listed in identity.blocked"
"""The reason of a decision that the settings have taken."""


class BlockedError(DataError):
    """What is to be blocked is no identifier."""


def node_of(identifier: str, country: str, ring: Callable[[], Keyring]) -> str:
    """Return the node of an identifier that is named by its value.

    Parameters
    ----------
    identifier : str
        ``<type>:<value>``; of an email or phone the value itself, or its token.
    country : str
        Whose numbers are written without a country code (ISO 3166).
    ring : callable
        Reads the keys, from which tokens follow; asked for only where it is needed.

    Raises
    ------
    BlockedError
        It is of no known type, or no address or number at all.
    KeyringError
        The keys cannot be read.
    """
    from jobs.ingest.normalise import normaliser

    kind, _, value = identifier.partition(":")
    if kind not in COLUMN_TYPES.values() or not value:
        raise BlockedError(
            f"{identifier!r}: name it as <type>:<value>, such as email:desk@shop.com; types are "
            f"{', '.join(COLUMN_TYPES.values())}"
        )
    is_token = len(value) == 32 and set(value) <= set("0123456789abcdef")
    if kind not in CONTACTS or is_token:
        return identifier
    plain = normaliser(kind, country)(value)
    if plain is None:
        raise BlockedError(f"{value!r} is no {kind}, and so joins nobody already")
    return f"{kind}:{ring().token(kind, plain)}"


def keep_to_list(run: Run, country: str, ring: Callable[[], Keyring]) -> None:
    """Record as decisions what the settings list, and take back what they list no more."""
    wanted = {node_of(value, country, ring) for value in run.settings.identity.blocked}
    rows = run.lake.rows(DECISIONS).to_pylist()
    withdrawn = {row["withdraws"] for row in rows}
    standing = {
        row["left_ids"][0]: row["decision_id"]
        for row in rows
        if row["kind"] == BLOCK and row["why"] == LISTED and row["decision_id"] not in withdrawn
    }
    for node in sorted(wanted - standing.keys()):
        decide(run.lake, BLOCK, [node], why=LISTED)
    for node in sorted(standing.keys() - wanted):
        decide(run.lake, WITHDRAW, [], why=LISTED, withdraws=standing[node])
