"""Feeds: what was refused of each, and why."""

from __future__ import annotations

from jobs.lake.store import Lake
from jobs.lake.tables import TABLES
from jobs.report import feeds
from jobs.report.ledger import recent
from tests.report.conftest import Gather
from tests.report.shop import NIGHT, night


def test_refused_rows_are_counted_by_rule_before_they_leave_the_database(
    lake: Lake, facts: Gather
) -> None:
    night(lake)
    told = [
        *(f"quantity: not a bigint: '{n} o'clock\n'" for n in range(40)),
        *(f"ordered_at: too old: 19{n}-01-01 00:00" for n in range(50, 80)),
        *(f"currency: no rate for 'X{n:02}' on that day" for n in range(20)),
        *["file: a.csv lacks the till's column: at"] * 10,
    ]
    bad = [
        {
            "row_id": f"f:{line}",
            "source": "demo.orders",
            "file": "a.csv",
            "file_id": "f",
            "line": line,
            "reasons": [reason],
            "loaded_on": NIGHT,
            "run_id": "r",
        }
        for line, reason in enumerate(told)
    ]
    lake.append_rows(TABLES["ops.quarantine"], bad)
    groups = recent(lake.root, TABLES["ops.quarantine"], feeds._REASONS, [NIGHT])
    assert sorted(row["n"] for row in groups) == [10, 20, 30, 40]
    assert facts().feeds[0].reasons == (
        ("quantity: not a bigint", 40),
        ("ordered_at: too old", 30),
        ("currency: no rate for … on that day", 20),
        ("file: a.csv lacks the till's column: at", 10),
    )
