"""Quality: how many rules held, and which did not, from ``ops.quality``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from jobs.lake.folders import Folder
from jobs.lake.query import records
from jobs.lake.tables.ops import QUALITY
from jobs.report.discreet import discreet
from jobs.report.ledger import recent

# A rule that was checked again on the same night counts as it was found last.
_LATEST = """
    SELECT as_of, "table", rule, passed, coalesce(released, false) AS released, observed, severity
    FROM ledger WHERE as_of >= ?
    QUALIFY row_number() OVER (PARTITION BY as_of, "table", rule ORDER BY recorded_at DESC) = 1
"""
_OUTCOME = """
    CASE WHEN passed THEN 'held' WHEN released THEN 'released'
        WHEN severity = 'warn' THEN 'warned' ELSE 'failed' END
"""
_COUNTS = f"SELECT as_of, {_OUTCOME} AS outcome, count(*) AS n FROM ({_LATEST}) GROUP BY ALL"  # noqa: S608
_BROKEN = f"""
    SELECT as_of AS night, "table", rule, {_OUTCOME} AS outcome, observed FROM ({_LATEST})
    WHERE NOT passed ORDER BY as_of DESC, outcome, "table", rule
"""  # noqa: S608 - no user's text
_WHY = """
    SELECT as_of, subject, rule, why FROM ops.decisions
    WHERE kind = 'release' AND as_of >= ? ORDER BY recorded_at
"""


@dataclass(frozen=True)
class Broken:
    """A rule that did not hold.

    Attributes
    ----------
    night : date
        Business day.
    table, rule : str
        What was checked.
    outcome : str
        failed: it stopped the night; warned: it only says so; released: somebody let it pass.
    observed : str
        What was found.
    why : str or None
        Why it was let pass.
    """

    night: date
    table: str
    rule: str
    outcome: str
    observed: str
    why: str | None = None


@dataclass(frozen=True)
class Checked:
    """How many rules were checked on a night, by what came out (see :class:`Broken`)."""

    night: date
    held: int = 0
    warned: int = 0
    released: int = 0
    failed: int = 0

    @property
    def rules(self) -> int:
        """All of them."""
        return self.held + self.warned + self.released + self.failed


@dataclass(frozen=True)
class Quality:
    """Rules of the last nights.

    Attributes
    ----------
    nights : tuple of Checked
        Oldest first.
    broken : tuple of Broken
        Those that did not hold, latest night first.
    """

    nights: tuple[Checked, ...] = ()
    broken: tuple[Broken, ...] = ()


def read_quality(lake: Folder, since: date) -> Quality:
    """Return what was checked from a night on."""
    counts: dict[date, dict[str, int]] = {}
    for row in recent(lake, QUALITY, _COUNTS, [since], since=since):
        counts.setdefault(row["as_of"], {})[row["outcome"]] = row["n"]
    why = {
        (row["as_of"], row["subject"], row["rule"]): discreet(row["why"])
        for row in records(_WHY, lake, [since])
    }
    broken = tuple(
        Broken(
            row["night"],
            row["table"],
            row["rule"],
            row["outcome"],
            discreet(row["observed"] or ""),
            why.get((row["night"], row["table"], row["rule"]))
            or why.get((row["night"], row["table"], None)),
        )
        for row in recent(lake, QUALITY, _BROKEN, [since], since=since)
    )
    return Quality(tuple(Checked(n, **counts[n]) for n in sorted(counts)), broken)
