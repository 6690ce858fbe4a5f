"""How many rows a night may have, judged by the nights before it."""

from __future__ import annotations

from math import sqrt
from statistics import median

from expectations.context import CheckContext

# Counts scatter by about their root even when nothing is wrong: four times that is let through,
# or a table of three rows a night would stop the run whenever it has sixteen.
SCATTER = 4.0


def bounds(context: CheckContext) -> tuple[float | None, float | None, str]:
    """Return the least and the most rows that the night may have, and a note on them.

    The median is that of the nights that had rows, so a first night that caught up with years
    does not move it, nor does a weekly day of rest.

    Returns
    -------
    low, high : float or None
        Closed interval; None where the history is too short to judge by.
    note : str
        The median, or why there is none.
    """
    nights = len(context.history)
    usual = [rows for rows in context.history if rows > 0]
    if nights < context.nights_needed or not usual:
        return None, None, f"not judged: {nights} of {context.nights_needed} nights known"
    middle = float(median(usual))
    scatter = SCATTER * sqrt(middle)
    low = min(context.volume_low * middle, middle - scatter)
    high = max(context.volume_high * middle, middle + scatter + SCATTER)
    return max(low, 1.0), high, f"median of {len(usual)} nights: {middle:g}"


def rests(context: CheckContext) -> bool:
    """Whether the table has had nights without any row, so that one more is no surprise."""
    return 0 in context.history
