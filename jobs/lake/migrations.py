"""Migrations: what has to be done to a lake of an earlier release, once, in this order.

A column that may be null is added without one, and so is a table: see `jobs.lake.opening`. For
anything else a contract's change comes with a migration at the end of :data:`MIGRATIONS`; one that
was released is never changed, and none is ever taken out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from jobs.lake.contract import ContractError
from jobs.lake.steps import AddColumn, ChangeKey, Step, TellApart


@dataclass(frozen=True)
class Migration:
    """Steps that belong together.

    Attributes
    ----------
    id : str
        Never used before: the day and a few words, as ``2026-11-22-orders-by-feed``.
    why : str
        One sentence.
    steps : tuple of Step
        In order.
    """

    id: str
    why: str
    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        """Refuse an id that could not stand in a commit or on the command line."""
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", self.id):
            raise ContractError(f"migration {self.id!r}: small letters, digits and dashes")


_TOUCHED = (
    "identifier",
    "product_id",
    "message_id",
    "kind",
    "occurred_on",
    "known_from",
    "loaded_on",
)

MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        "2026-11-22-links-by-version",
        "Links made before they had a version would never be widened by a later row.",
        (
            AddColumn(
                "identity.links",
                "version",
                "string",
                # Before any version of that night, as text is ordered.
                "CAST(loaded_on AS VARCHAR)",
                "Grows with the night, the span and the evidence; the greatest is kept.",
                nullable=True,
            ),
        ),
    ),
    Migration(
        "2026-11-23-identifiers-by-time",
        "A device or a cookie may have one row a span; touchpoints are told apart by session.",
        (
            AddColumn(
                "identity.identifiers",
                "valid_from",
                "timestamp",
                "NULL",
                "From when on it is the person's (UTC); null where nothing bounds it.",
                nullable=True,
            ),
            ChangeKey("identity.identifiers", ("identifier",), ("identifier", "valid_from")),
            TellApart("identity.identifiers", ("identifier",), ("valid_from",)),
            AddColumn(
                "gold.touchpoints",
                "session_id",
                "string",
                "NULL",
                "Session; null for events of none.",
                nullable=True,
            ),
            ChangeKey(
                "gold.touchpoints",
                _TOUCHED,
                ("identifier", "session_id", *_TOUCHED[1:]),
            ),
            TellApart("gold.touchpoints", _TOUCHED, ("session_id",), sums=("times",)),
        ),
    ),
)
