"""Decisions of people about who is who, and what of them stands."""

from __future__ import annotations

import getpass
import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import product
from typing import TYPE_CHECKING, Any

from jobs.lake.tables.matching import DECISIONS
from jobs.privacy.audit import IDENTITY, Act, note

if TYPE_CHECKING:
    from jobs.lake.run import Record, Run
    from jobs.lake.store import Lake

MERGE, SPLIT, BLOCK, WITHDRAW = "merge", "split", "block", "withdraw"

Pairs = Mapping[tuple[str, str], str]
"""Two identifiers, in order, to the decision about them."""


@dataclass(frozen=True)
class Decisions:
    """What stands of the decisions.

    Attributes
    ----------
    together, apart : mapping
        Pairs of identifiers that are one person, or two, to the decision that says so. Of two that
        contradict each other the later one stands.
    blocked : frozenset of str
        Identifiers that mean nobody.
    said_of_values : mapping of str to int
        Value of an identifier to how many decisions were ever taken about it.
    once_together : frozenset of (str, str)
        Pairs that were ever decided to be one person.
    """

    together: Pairs = field(default_factory=dict)
    apart: Pairs = field(default_factory=dict)
    blocked: frozenset[str] = frozenset()
    said_of_values: Mapping[str, int] = field(default_factory=dict)
    once_together: frozenset[tuple[str, str]] = frozenset()

    @property
    def blocked_values(self) -> frozenset[str]:
        """Values of the blocked identifiers."""
        return frozenset(identifier.partition(":")[2] for identifier in self.blocked)

    @classmethod
    def of(cls, run: Run, record: Record) -> Decisions:
        """Read those of a lake, and note the version that was read."""
        record.inputs[DECISIONS.id] = run.lake.version(DECISIONS)
        return cls.among(run.lake.rows(DECISIONS).to_pylist())

    @classmethod
    def among(cls, rows: Iterable[Mapping[str, Any]]) -> Decisions:
        """Find out what stands of rows of ``identity.decisions``."""
        ordered = sorted(rows, key=lambda row: (row["recorded_at"], row["decision_id"]))
        gone = {row["withdraws"] for row in ordered if row["kind"] == WITHDRAW}
        kinds = {row["decision_id"]: row for row in ordered}
        pairs: dict[str, dict[tuple[str, str], str]] = {MERGE: {}, SPLIT: {}}
        blocked: set[str] = set()
        said: Counter[str] = Counter()
        once = {
            (min(pair), max(pair))
            for row in ordered
            if row["kind"] == MERGE
            for pair in product(row["left_ids"], row["right_ids"])
        }
        for row in ordered:
            of_block = kinds.get(row["withdraws"], row)
            if of_block["kind"] == BLOCK:
                said.update(i.partition(":")[2] for i in of_block["left_ids"])
            if row["decision_id"] in gone or row["kind"] == WITHDRAW:
                continue
            if row["kind"] == BLOCK:
                blocked.update(row["left_ids"])
                continue
            other = pairs[SPLIT if row["kind"] == MERGE else MERGE]
            for one, two in product(row["left_ids"], row["right_ids"]):
                pair = (min(one, two), max(one, two))
                other.pop(pair, None)
                pairs[row["kind"]][pair] = row["decision_id"]
        return cls(pairs[MERGE], pairs[SPLIT], frozenset(blocked), dict(said), frozenset(once))


def decide(
    lake: Lake,
    kind: str,
    left: Collection[str],
    right: Collection[str] = (),
    *,
    why: str,
    withdraws: str | None = None,
) -> str:
    """Record a decision; return its id.

    Parameters
    ----------
    lake : Lake
        The lake.
    kind : str
        ``merge`` (both sides are one person), ``split`` (they are two), ``block`` (the identifiers
        on the left mean nobody) or ``withdraw``.
    left, right : collection of str
        Identifiers on either side.
    why : str
        The reason.
    withdraws : str, optional
        The decision that is taken back.
    """
    decision = uuid.uuid4().hex[:12]
    row: dict[str, Any] = {
        "decision_id": decision,
        "kind": kind,
        "left_ids": _ordered(left),
        "right_ids": _ordered(right),
        "withdraws": withdraws,
        "why": why,
        "decided_by": getpass.getuser(),
        "recorded_at": datetime.now(UTC),
    }
    about = ", ".join([*row["left_ids"], *row["right_ids"], *filter(None, [withdraws])])
    note(lake, Act(IDENTITY, about, why, details={"kind": kind, "decision": decision}))
    lake.append_rows(DECISIONS, [row])
    return decision


def _ordered(identifiers: Collection[str]) -> Sequence[str]:
    return sorted(set(identifiers))
