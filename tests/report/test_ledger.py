"""The latest rows of a ledger, whatever files they lie in."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from jobs.lake.store import Lake
from jobs.lake.tables.ops import RUNS
from jobs.report.ledger import recent
from tests.report.shop import NIGHT, night

NIGHTS = "SELECT DISTINCT as_of FROM ledger ORDER BY 1 DESC"


def nights(lake: Path, **wanted: Any) -> list[int]:
    return [(NIGHT - row["as_of"]).days for row in recent(lake, RUNS, NIGHTS, **wanted)]


@pytest.mark.parametrize("wanted", [{"nights": 3}, {"since": NIGHT - timedelta(days=2)}])
def test_files_of_older_nights_are_not_opened(lake: Lake, wanted: dict[str, Any]) -> None:
    for back in range(6):
        night(lake, NIGHT - timedelta(days=back))
    assert nights(lake.root, **wanted) == [0, 1, 2]


def test_a_merged_file_gives_at_least_the_nights_that_are_wanted(lake: Lake) -> None:
    for back in range(6, 1, -1):
        night(lake, NIGHT - timedelta(days=back))
    lake.delta(RUNS).optimize.compact()
    night(lake)
    assert nights(lake.root, nights=3) == [0, 2, 3, 4, 5, 6]


def test_a_ledger_that_is_not_made_has_no_rows(tmp_path: Path) -> None:
    assert recent(tmp_path, RUNS, NIGHTS, nights=3) == []
