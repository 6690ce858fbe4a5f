"""What a check is told of the night beside the frame itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@dataclass(frozen=True)
class CheckContext:
    """The night that a frame is checked for.

    Attributes
    ----------
    as_of : date
        Business day of the run.
    history : sequence of int
        Rows that the table was given on each former night, oldest first. A night without rows
        counts as 0.
    references : mapping of str to DataFrame
        Tables that :attr:`expectations.suite.Suite.references` names, by id. Of a table that is
        replaced by date only the rows of ``as_of`` are looked at.
    last_loaded_on : date or None
        Last night before this one that brought rows: what freshness goes by when this night
        brought none. None where there was none.
    volume_low, volume_high : float
        A night's rows must lie between these multiples of the median of ``history``.
    nights_needed : int
        Nights below which volume is not judged: a median of two nights says nothing, and a shop
        that closes on one day of the week shows it within seven.
    late_days, stale_days : int
        Days without news after which a feed is late (a warning), or stale (the run stops).
        Fourteen, because shops close between the years.
    rows : int or None
        Rows of the frame where the caller knows them: a small frame is then checked in one
        partition, without a shuffle.
    folder : Path or None
        Where results are kept for the Data Docs; None keeps none.
    """

    as_of: date
    history: Sequence[int] = ()
    references: Mapping[str, DataFrame] = field(default_factory=dict)
    last_loaded_on: date | None = None
    volume_low: float = 0.3
    volume_high: float = 5.0
    nights_needed: int = 7
    late_days: int = 3
    stale_days: int = 14
    rows: int | None = None
    folder: Path | None = None
