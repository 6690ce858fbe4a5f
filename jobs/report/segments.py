"""Segments: how many persons were in each on each night."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from jobs.lake.folders import Folder
from jobs.lake.query import records

# Spans are half-open: a person is counted from valid_from on, and no more from valid_to on.
_MOVES = """
    SELECT family, segment, on_day, sum(n)::BIGINT AS n FROM (
        SELECT family, segment, valid_from AS on_day, 1 AS n FROM gold.segments
        UNION ALL
        SELECT family, segment, valid_to, -1 FROM gold.segments WHERE valid_to IS NOT NULL)
    GROUP BY ALL ORDER BY on_day
"""


@dataclass(frozen=True)
class Segment:
    """One segment.

    Attributes
    ----------
    family : str
        rfm or cluster.
    name : str
        The segment.
    sizes : tuple of int or None
        Persons on each night, None before the first span of the family.
    """

    family: str
    name: str
    sizes: tuple[int | None, ...]


def read_segments(lake: Folder, nights: Sequence[date]) -> list[Segment]:
    """Return every segment that held somebody on one of these nights, largest first."""
    moves: dict[tuple[str, str], list[tuple[date, int]]] = defaultdict(list)
    for row in records(_MOVES, lake):
        moves[row["family"], row["segment"]].append((row["on_day"], row["n"]))
    first = {
        family: min(m[0][0] for (f, _), m in moves.items() if f == family)
        for family in {family for family, _ in moves}
    }
    found = [
        Segment(family, name, tuple(_size(m, n) if n >= first[family] else None for n in nights))
        for (family, name), m in moves.items()
    ]
    held = [segment for segment in found if any(segment.sizes)]
    # RFM first, which every shop has; then by size.
    return sorted(held, key=lambda s: (s.family != "rfm", s.family, -(s.sizes[-1] or 0), s.name))


def _size(moves: Sequence[tuple[date, int]], night: date) -> int:
    return sum(n for on_day, n in moves if on_day <= night)
