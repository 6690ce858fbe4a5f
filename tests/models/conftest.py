"""Small interaction frames for the tests of the models."""

from collections.abc import Callable
from datetime import date

import pandas as pd
import pytest

from models.columns import INTERACTION_COLUMNS

Row = tuple[str, str, str, float, date]
Frame = Callable[..., pd.DataFrame]


@pytest.fixture
def interactions() -> Frame:
    """Interactions from hand-written rows of (person, product, kind, quantity, day)."""

    def frame(*rows: Row) -> pd.DataFrame:
        return pd.DataFrame(list(rows), columns=list(INTERACTION_COLUMNS))

    return frame


@pytest.fixture
def two_tastes() -> pd.DataFrame:
    """Forty persons of two tastes, ten products each; everybody lacks two of their own taste."""
    rows = []
    for person in range(40):
        taste = "tea" if person < 20 else "tools"
        rows += [
            (f"person-{person:02}", f"{taste}-{product}", "purchase", 1.0, date(2024, 1, 1))
            for product in range(10)
            if (person + product) % 5 != 0
        ]
    return pd.DataFrame(rows, columns=list(INTERACTION_COLUMNS))
