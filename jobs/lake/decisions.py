"""Decisions that people take: what failed is let pass, a night is given up; and who said so."""

from __future__ import annotations

import getpass
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from jobs.lake.errors import DataError
from jobs.lake.tables.ops import DECISIONS
from jobs.privacy.audit import NIGHT as NIGHT_DECIDED
from jobs.privacy.audit import RELEASE as LET_PASS
from jobs.privacy.audit import Act, note

if TYPE_CHECKING:
    from jobs.lake.run import Run
    from jobs.lake.store import Lake

RELEASE, ABANDON, RESUME = "release", "abandon", "resume"
NIGHT = "night"
"""What a decision about a whole night is about."""


class GivenUpError(DataError):
    """The night was given up by a recorded decision."""


def released(run: Run, subject: str, rule: str) -> bool:
    """Whether somebody let this rule of this table or feed pass for this night."""
    rows = run.lake.rows(
        DECISIONS,
        [("kind", "=", RELEASE), ("subject", "=", subject), ("as_of", "=", run.as_of)],
        ["rule"],
    )
    return any(named in (None, rule) for named in rows.column("rule").to_pylist())


def given_up(lake: Lake) -> dict[date, str]:
    """Return the nights that are given up, each with the reason."""
    if not lake.exists(DECISIONS):
        return {}
    rows = lake.rows(DECISIONS, [("subject", "=", NIGHT)]).to_pylist()
    return in_force(rows)


def in_force(rows: Iterable[Mapping[str, Any]]) -> dict[date, str]:
    """Return of decisions about nights those that stand: one that was taken back does not."""
    latest = {row["as_of"]: row for row in sorted(rows, key=lambda row: row["recorded_at"])}
    return {night: row["why"] for night, row in latest.items() if row["kind"] == ABANDON}


def refuse_given_up(run: Run) -> None:
    """Raise GivenUpError where the run's night is given up."""
    why = given_up(run.lake).get(run.as_of)
    if why is not None:
        raise GivenUpError(
            f"the night of {run.as_of} was given up ({why}). To run it, take that back first: "
            f'bespoke abandon --date {run.as_of} --take-back --why "…"'
        )


def decide(
    lake: Lake, kind: str, subject: str, as_of: date, why: str, rule: str | None = None
) -> str:
    """Record a decision about a night; return its id.

    Parameters
    ----------
    lake : Lake
        The lake.
    kind : str
        ``release``, ``abandon`` or ``resume``.
    subject : str
        Table or feed that may pass, or :data:`NIGHT`.
    as_of : date
        The night.
    why : str
        The reason.
    rule : str, optional
        The rule that is released; None for all of the subject.
    """
    decision = uuid.uuid4().hex[:12]
    action = LET_PASS if kind == RELEASE else NIGHT_DECIDED
    about = f"{subject} of {as_of}" + (f": {rule}" if rule else "")
    note(lake, Act(action, about, why, details={"kind": kind, "decision": decision}))
    lake.append_rows(
        DECISIONS,
        [
            {
                "decision_id": decision,
                "kind": kind,
                "as_of": as_of,
                "subject": subject,
                "rule": rule,
                "decided_by": getpass.getuser(),
                "why": why,
                "recorded_at": datetime.now(UTC),
            }
        ],
    )
    return decision


def release(lake: Lake, subject: str, as_of: date, why: str, rule: str | None = None) -> str:
    """Record that a table or feed may pass on one night; return the decision's id."""
    return decide(lake, RELEASE, subject, as_of, why, rule)
