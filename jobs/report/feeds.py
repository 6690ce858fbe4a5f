"""Feeds: rows and refused rows of each, and files that something was wrong with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from jobs.lake.folders import Folder
from jobs.lake.tables.ops import FILES, QUARANTINE
from jobs.report.discreet import discreet, reason
from jobs.report.durations import usual
from jobs.report.ledger import recent
from jobs.report.nights import COUNTED, Night

# Without the values that were found: they differ from row to row, and there may be millions.
_REASONS = r"""
    SELECT source, count(*) AS n, regexp_replace(
        regexp_replace(reason, '(?s)(^|\W)''.*''', '\1…'),
        '(?s)\b(too old|in the future): .*', '\1'
    ) AS reason FROM (SELECT source, unnest(reasons) AS reason FROM ledger WHERE loaded_on = ?)
    GROUP BY ALL
"""
# The latest row of a file is its state.
_FILES = """
    SELECT source, state, reason, new_columns FROM ledger WHERE loaded_on = ?
    QUALIFY row_number() OVER (PARTITION BY source, file, file_id ORDER BY recorded_at DESC) = 1
"""


@dataclass(frozen=True)
class Feed:
    """One feed over the nights.

    Attributes
    ----------
    name : str
        ``<set>.<feed>``.
    rows : dict of str to tuple
        Rows read, accepted, quarantined and duplicate by night; None where it was not read.
    bad, usual_bad : float or None
        Share of refused rows in the last night, and its median before.
    reasons : tuple of tuple of str and int
        Why rows were refused in the last night, most often first.
    refused_files : tuple of str
        Why files of the last night were refused.
    new_columns : tuple of str
        Columns of the last night's files that the catalogue does not know.
    """

    name: str
    rows: dict[str, tuple[int | None, ...]]
    bad: float | None
    usual_bad: float | None
    reasons: tuple[tuple[str, int], ...]
    refused_files: tuple[str, ...]
    new_columns: tuple[str, ...]


def read_feeds(lake: Folder, nights: Sequence[Night]) -> list[Feed]:
    """Return every feed that was read on one of these nights, by name."""
    if not nights:
        return []
    last = nights[-1].night
    reasons: dict[str, Counter[str]] = {}
    for row in recent(lake, QUARANTINE, _REASONS, [last], since=last):
        reasons.setdefault(row["source"], Counter())[reason(row["reason"])] += row["n"]
    refused, columns = _files(lake, last)
    names = {name for night in nights for name in night.feeds} | refused.keys() | columns.keys()
    found = []
    for name in sorted(names):
        rows = {c: tuple(night.feeds.get(name, {}).get(c) for night in nights) for c in COUNTED}
        shares = [_share(q, r) for q, r in zip(rows["quarantined"], rows["read"], strict=True)]
        told = sorted(reasons.get(name, Counter()).items(), key=lambda item: (-item[1], item[0]))
        found.append(
            Feed(
                name,
                rows,
                shares[-1],
                usual(shares[:-1]),
                tuple(told),
                tuple(refused.get(name, ())),
                tuple(sorted(columns.get(name, ()))),
            )
        )
    return found


def _files(lake: Folder, night: date) -> tuple[dict[str, list[str]], dict[str, set[str]]]:
    """Return why files were refused, and columns that nobody declared, both by feed."""
    refused: dict[str, list[str]] = {}
    columns: dict[str, set[str]] = {}
    for row in recent(lake, FILES, _FILES, [night], since=night):
        if row["state"] == "refused":
            refused.setdefault(row["source"], []).append(discreet(row["reason"] or "no reason"))
        elif row["new_columns"]:
            columns.setdefault(row["source"], set()).update(row["new_columns"])
    return refused, columns


def _share(part: int | None, whole: int | None) -> float | None:
    return part / whole if part is not None and whole else None
