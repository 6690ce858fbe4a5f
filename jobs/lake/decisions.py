"""Decisions that people take about a night: what failed is let pass, and who said so."""

from __future__ import annotations

import getpass
import uuid
from datetime import UTC, date, datetime

from jobs.lake.run import Run
from jobs.lake.store import Lake
from jobs.lake.tables.ops import DECISIONS


def released(run: Run, subject: str, rule: str) -> bool:
    """Whether somebody let this rule of this table or feed pass for this night."""
    rows = run.lake.rows(
        DECISIONS,
        [("kind", "=", "release"), ("subject", "=", subject), ("as_of", "=", run.as_of)],
        ["rule"],
    )
    return any(named in (None, rule) for named in rows.column("rule").to_pylist())


def release(lake: Lake, subject: str, as_of: date, why: str, rule: str | None = None) -> str:
    """Record that a table or feed may pass on one night; return the decision's id."""
    decision = uuid.uuid4().hex[:12]
    lake.append_rows(
        DECISIONS,
        [
            {
                "decision_id": decision,
                "kind": "release",
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
