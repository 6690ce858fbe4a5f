"""The pointer: which night is shown, after nights in order, out of order, and gone back from."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from jobs.lake.errors import DataError
from jobs.lake.store import Lake
from jobs.lake.tables.serving import RECOMMENDATIONS
from jobs.publish import pointer

FIRST, SECOND, THIRD = (date(2026, 3, day) for day in (1, 2, 3))
NEXT_YEAR = date(2027, 3, 3)


class Readers:
    """A lake with lists of some nights, and what those see who read it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.lake = Lake(home / "lake")
        pointer.export_folder(home).mkdir(parents=True)

    def publish(self, night: date) -> bool:
        self.lake.append_rows(
            RECOMMENDATIONS,
            [
                {
                    "person_id": "p1",
                    "rank": 1,
                    "product_id": "A",
                    "score": 1.0,
                    "strategy": "popular",
                    "reason": "Popular with our customers",
                    "model_version": "popularity",
                    "as_of": night,
                }
            ],
        )
        return pointer.publish(self.lake, self.home, night, f"nightly:{night}")

    def go_back(self, to: date | None = None) -> None:
        pointer.go_back(self.lake, self.home, pointer.earlier(self.lake, to))

    def see(self) -> date | None:
        moves = pointer.switches(self.lake)
        shown = moves[-1]["as_of"] if moves else None
        latest = pointer.export_folder(self.home) / "latest"
        assert shown is None or latest.readlink().name == str(shown)
        return shown


@pytest.fixture
def readers(tmp_path: Path) -> Readers:
    return Readers(tmp_path)


def test_a_past_night_done_again_leaves_todays(readers: Readers) -> None:
    assert readers.see() is None
    assert readers.publish(FIRST)
    assert readers.publish(SECOND)
    assert not readers.publish(FIRST)
    assert readers.see() == SECOND
    assert readers.publish(SECOND), "today's done again has new lists"


def test_going_back_is_to_what_was_shown_before(readers: Readers) -> None:
    with pytest.raises(DataError, match="no earlier night"):
        readers.go_back()
    readers.publish(FIRST)
    with pytest.raises(DataError, match="no earlier night"):
        readers.go_back()
    readers.publish(SECOND)
    readers.go_back()
    assert readers.see() == FIRST
    # Somebody went back from the second, so the night before the third is the first.
    readers.publish(THIRD)
    readers.go_back()
    assert readers.see() == FIRST


def test_a_night_gone_back_from_is_shown_again_once_it_is_mended(readers: Readers) -> None:
    readers.publish(FIRST)
    readers.publish(SECOND)
    readers.go_back()
    assert not readers.publish(FIRST - timedelta(days=1))
    assert readers.see() == FIRST
    assert readers.publish(SECOND)
    assert readers.see() == SECOND


def test_after_going_back_from_a_wrong_night_of_the_future_the_next_ones_are_shown(
    readers: Readers,
) -> None:
    readers.publish(FIRST)
    readers.publish(NEXT_YEAR)
    assert not readers.publish(SECOND), "nobody has gone back yet"
    readers.go_back()
    assert readers.publish(SECOND)
    readers.go_back()
    assert readers.see() == FIRST


def test_a_night_without_lists_cannot_be_gone_back_to(readers: Readers) -> None:
    readers.publish(FIRST)
    readers.publish(SECOND)
    with pytest.raises(DataError, match="2020-01-01 are not there; nights published before: 2026"):
        readers.go_back(date(2020, 1, 1))
    assert readers.see() == SECOND
