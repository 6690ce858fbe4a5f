"""Time splits: half-open windows, warm and cold, repeats and new products."""

from collections.abc import Callable
from datetime import date

import pandas as pd
import pytest

from models.split import Window, before, holdout, time_split

Frame = Callable[..., pd.DataFrame]


def test_two_adjoining_windows() -> None:
    split = time_split(date(2011, 12, 10))
    assert split.validation == Window(date(2011, 10, 15), date(2011, 11, 12))
    assert split.test == Window(date(2011, 11, 12), date(2011, 12, 10))


def test_window_without_a_day_is_refused() -> None:
    with pytest.raises(ValueError, match="holds no day"):
        Window(date(2024, 1, 1), date(2024, 1, 1))


def test_holdout(interactions: Frame) -> None:
    frame = interactions(
        ("ann", "tea", "purchase", 1, date(2024, 1, 9)),
        ("ann", "tea", "purchase", 1, date(2024, 1, 10)),  # a repeat, on the first day
        ("ann", "cup", "purchase", 1, date(2024, 1, 19)),  # new, on the last day
        ("ann", "cup", "purchase", 1, date(2024, 1, 19)),
        ("ann", "pot", "purchase", 1, date(2024, 1, 20)),  # the day after
        ("ann", "jug", "product_view", 1, date(2024, 1, 12)),
        ("zoe", "tea", "purchase", 1, date(2024, 1, 12)),  # cold
        ("bob", "tea", "purchase", 1, date(2024, 1, 2)),  # bought nothing within
    ).sample(frac=1, random_state=2)
    kept = frame.copy(deep=True)
    held = holdout(frame, Window(date(2024, 1, 10), date(2024, 1, 20)))
    bought = [["ann", "cup"], ["ann", "tea"], ["zoe", "tea"]]
    assert held.bought.to_numpy().tolist() == bought
    assert held.new.to_numpy().tolist() == [["ann", "cup"], ["zoe", "tea"]]
    assert held.warm == {"ann"}
    past = before(frame, date(2024, 1, 10))
    assert sorted(past["person_id"]) == ["ann", "bob"]
    pd.testing.assert_frame_equal(frame, kept)
