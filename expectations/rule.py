"""Rules: what must hold of a row, and of a table as a whole.

Every rule comes down to one Spark SQL aggregate whose value must lie between two bounds, so that
all rules of a suite are measured in one pass over the table; some prepare a column for it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from expectations.context import CheckContext

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

Severity = Literal["stop", "warn"]
Unit = Literal["rows", "groups", "share", "days", "number"]


@dataclass(frozen=True)
class RowRule:
    """What must hold of each row: on the way into silver, a row that breaks it is quarantined.

    Attributes
    ----------
    name : str
        Short name, one word with underscores.
    condition : str
        Spark SQL over the table's columns, true for a good row; null counts as broken. Most
        suites end one with ``IS NOT FALSE``, for a missing value is another rule's matter. It
        must not raise: ``try_divide`` and its like where a value can be odd.
    message : str
        What is wrong with a row that breaks it.
    """

    name: str
    condition: str
    message: str


@dataclass(frozen=True)
class Measure:
    """An aggregate and the closed interval that its value must lie in.

    Attributes
    ----------
    aggregate : str
        Spark SQL aggregate; a null value (nothing to judge) passes.
    low, high : float or None
        Bounds; None leaves the side open.
    note : str
        What a reader of the result should know of the bounds.
    """

    aggregate: str
    low: float | None = None
    high: float | None = None
    note: str = ""

    def holds(self, value: float | None) -> bool:
        """Whether the value lies between the bounds; NaN does not."""
        if value is None:
            return True
        above = self.low is None or value >= self.low
        below = self.high is None or value <= self.high
        return above and below and value == value


@dataclass(frozen=True)
class TableRule(ABC):
    """What must hold of a table; subclasses say how it is measured.

    Attributes
    ----------
    name : str
        Short name, unique in the suite: decisions and results go by it.
    message : str
        What is wrong when it fails.
    severity : {'stop', 'warn'}
        Whether a failure keeps the table from being published.
    """

    name: str
    message: str
    severity: Severity = "stop"

    @property
    def unit(self) -> Unit:
        """What the measured value counts."""
        return "rows"

    @property
    def reads(self) -> tuple[str, ...]:
        """Ids of other tables that the rule looks at."""
        return ()

    def prepare(self, frame: DataFrame, context: CheckContext) -> DataFrame:
        """Add the columns that the aggregate needs beside those of the table."""
        del context
        return frame

    @abstractmethod
    def measure(self, context: CheckContext) -> Measure:
        """Return what is measured, and its bounds on that night."""


def dated(sql: str, context: CheckContext) -> str:
    """Put the night in the place of ``{as_of}``."""
    return sql.replace("{as_of}", f"DATE'{context.as_of.isoformat()}'")


def one_of(column: str, *values: str) -> str:
    """Condition: the column holds one of these values, or nothing."""
    listed = ", ".join(f"'{value}'" for value in values)
    return f"{column} IS NULL OR {column} IN ({listed})"


def given(*columns: str) -> str:
    """Condition: at least one of these columns holds something."""
    return " OR ".join(f"{column} IS NOT NULL" for column in columns)
