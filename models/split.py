"""Splits by time: learn from the past, choose on the recent past, judge on the untouched end."""

from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from models.columns import KIND, OCCURRED_ON, PERSON, PRODUCT, PURCHASE


@dataclass(frozen=True)
class Window:
    """Days ``[start, end)`` in UTC: the first day is in, the last is not.

    Raises
    ------
    ValueError
        When it holds no day.
    """

    start: date
    end: date

    def __post_init__(self) -> None:
        """Refuse an empty window."""
        if self.start >= self.end:
            raise ValueError(f"the window [{self.start}, {self.end}) holds no day")


@dataclass(frozen=True)
class TimeSplit:
    """Two adjoining windows at the end of the data; each is preceded by all its training data.

    Attributes
    ----------
    validation : Window
        Settings are chosen on it, trained on what came before its start.
    test : Window
        Figures are taken from it once, trained on what came before its start.
    """

    validation: Window
    test: Window


def time_split(end_exclusive: date, *, days: int = 28) -> TimeSplit:
    """Split off the last ``days`` before a date as test, and as many before as validation.

    28 days hold every weekday equally often.

    Example: ``time_split(date(2011, 12, 10))`` has the validation window
    [2011-10-15, 2011-11-12) and the test window [2011-11-12, 2011-12-10).
    """
    cut = end_exclusive - timedelta(days=days)
    return TimeSplit(Window(cut - timedelta(days=days), cut), Window(cut, end_exclusive))


@dataclass(frozen=True, eq=False)
class Holdout:
    """What was bought within a window, and by whom.

    Attributes
    ----------
    window : Window
        Its days.
    bought : DataFrame
        ``person_id``, ``product_id``: distinct pairs purchased within the window.
    new : DataFrame
        Those of ``bought`` that the person had never purchased before the window.
    warm : frozenset of str
        Persons of ``bought`` with any purchase before the window; the others are cold.
    """

    window: Window
    bought: pd.DataFrame
    new: pd.DataFrame
    warm: frozenset[str]


def before(interactions: pd.DataFrame, cut: date) -> pd.DataFrame:
    """Interactions of ``(-inf, cut)``; the input is left as it was."""
    return interactions[pd.to_datetime(interactions[OCCURRED_ON]) < pd.Timestamp(cut)]


def holdout(interactions: pd.DataFrame, window: Window) -> Holdout:
    """Take the purchases of a window apart from all before it.

    Parameters
    ----------
    interactions : DataFrame
        As in `models.interactions.weigh`.
    window : Window
        Days to hold out.
    """
    purchases = interactions[interactions[KIND] == PURCHASE]
    occurred = pd.to_datetime(purchases[OCCURRED_ON])
    within = (occurred >= pd.Timestamp(window.start)) & (occurred < pd.Timestamp(window.end))
    bought = _pairs(purchases[within])
    earlier = _pairs(purchases[occurred < pd.Timestamp(window.start)])
    marked = bought.merge(earlier, on=[PERSON, PRODUCT], how="left", indicator=True)
    new = marked.loc[marked["_merge"] == "left_only", [PERSON, PRODUCT]].reset_index(drop=True)
    warm = frozenset(bought[PERSON]) & frozenset(earlier[PERSON])
    return Holdout(window, bought, new, warm)


def _pairs(purchases: pd.DataFrame) -> pd.DataFrame:
    return (
        purchases[[PERSON, PRODUCT]]
        .drop_duplicates()
        .sort_values([PERSON, PRODUCT])
        .reset_index(drop=True)
    )
