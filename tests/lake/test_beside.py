"""Work side by side."""

from __future__ import annotations

import pytest

from jobs.lake.beside import side_by_side
from jobs.lake.faults import StoppedError


def test_all_comes_to_its_end_and_in_order() -> None:
    assert side_by_side([lambda n=n: n for n in range(5)], at_once=2) == [0, 1, 2, 3, 4]
    assert side_by_side([]) == []


def test_a_failure_is_not_lost_behind_a_stop(caplog: pytest.LogCaptureFixture) -> None:
    done = []

    def stop() -> None:
        raise StoppedError("stopped")

    def fail() -> None:
        raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"):
        side_by_side([stop, fail, lambda: done.append(1)])
    assert done == [1]
    assert "failed beside another: stopped" in caplog.text
