"""How many rows a night may have."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from expectations.context import CheckContext
from expectations.kinds import Fresh, volume
from expectations.volume import bounds

NIGHT = CheckContext(as_of=date(2026, 3, 10))


def passes(rows: int, *history: int) -> bool:
    """Judge a night of so many rows, as the measured aggregate would be."""
    measure = volume().measure(replace(NIGHT, history=history))
    value = None if rows == 0 and measure.aggregate.startswith("NULLIF") else float(rows)
    return measure.holds(value)


@pytest.mark.parametrize("history", [(), (1000,) * 6, (0,) * 20])
def test_nothing_is_judged_on_too_short_or_empty_a_history(history: tuple[int, ...]) -> None:
    low, high, note = bounds(replace(NIGHT, history=history))
    assert (low, high) == (None, None)
    assert "not judged" in note


def test_a_night_far_from_the_median_fails() -> None:
    usual = (1000,) * 10
    assert [passes(n, *usual) for n in (0, 299, 300, 5000, 5001)] == [
        False,
        False,
        True,
        True,
        False,
    ]


def test_a_first_night_that_caught_up_with_years_moves_nothing() -> None:
    history = (2_000_000, *(1000,) * 6)
    assert bounds(replace(NIGHT, history=history))[:2] == (300.0, 5000.0)


def test_few_rows_a_night_may_scatter_more() -> None:
    assert passes(14, *(3,) * 10)
    assert passes(1, *(3,) * 10)
    assert not passes(40, *(3,) * 10)


def test_a_night_without_rows_passes_only_where_there_were_such_nights() -> None:
    assert not passes(0, *(3,) * 14)
    assert passes(0, *(1000,) * 6, 0, *(1000,) * 6)
    assert not passes(3, *(1000,) * 6, 0, *(1000,) * 6)


def test_an_empty_night_is_as_fresh_as_the_last_that_brought_rows() -> None:
    rule = Fresh("not_stale", "", "stop", column="order_date")
    assert (
        rule.measure(NIGHT).aggregate == "DATEDIFF(DATE'2026-03-10', MAX(CAST(order_date AS DATE)))"
    )
    context = replace(NIGHT, last_loaded_on=date(2026, 3, 1))
    assert rule.measure(context).aggregate == (
        "DATEDIFF(DATE'2026-03-10', COALESCE(MAX(CAST(order_date AS DATE)), DATE'2026-03-01'))"
    )
