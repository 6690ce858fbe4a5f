"""The kinds of table rules that a suite is written in."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from expectations.context import CheckContext
from expectations.rule import Measure, Severity, TableRule, Unit, dated
from expectations.volume import bounds, rests

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@dataclass(frozen=True)
class EveryRow(TableRule):
    """No row breaks the condition (Spark SQL; null breaks it; ``{as_of}`` is the night).

    ``at_least`` lowers that to a share of the rows, and ``among`` looks at some rows only.
    """

    condition: str = field(kw_only=True)
    at_least: float = field(default=1.0, kw_only=True)
    among: str = field(default="TRUE", kw_only=True)

    @property
    def unit(self) -> Unit:
        """Broken rows, or the share of good ones."""
        return "rows" if self.at_least == 1.0 else "share"

    def measure(self, context: CheckContext) -> Measure:
        """Count broken rows, or the share of good ones."""
        good = f"COALESCE({dated(self.condition, context)}, FALSE)"
        if self.at_least == 1.0:
            return Measure(f"COUNT_IF(({self.among}) AND NOT {good})", high=0)
        return Measure(f"AVG(IF({good}, 1D, 0D)) FILTER (WHERE {self.among})", low=self.at_least)


@dataclass(frozen=True)
class AcrossRows(TableRule):
    """No row breaks a condition that looks at its neighbours by window functions.

    Costs one sort by the window's partition, which rules of one suite share where they can.
    """

    condition: str = field(kw_only=True)

    def prepare(self, frame: DataFrame, context: CheckContext) -> DataFrame:
        """Add the condition as a column: an aggregate cannot hold a window function."""
        from pyspark.sql import functions as F

        condition = F.expr(dated(self.condition, context))
        return frame.withColumn(f"_{self.name}", F.coalesce(condition, F.lit(False)))

    def measure(self, context: CheckContext) -> Measure:
        """Count broken rows."""
        del context
        return Measure(f"COUNT_IF(NOT _{self.name})", high=0)


@dataclass(frozen=True)
class Grouped(TableRule):
    """What is counted over groups of rows; subclasses say what.

    Costs a pass over the columns that it names alone. As one more aggregate of the common pass it
    would group that by them, and carry the state of every other rule with every group.
    """

    @abstractmethod
    def broken(self, frame: DataFrame, per: tuple[str, ...] = ()) -> DataFrame:
        """Return what is counted as ``broken``: one row, or one for each value of ``per``."""

    def prepare(self, frame: DataFrame, context: CheckContext) -> DataFrame:
        """Add the number."""
        del context
        return frame.withColumn(f"_{self.name}", self.broken(frame).scalar())

    def measure(self, context: CheckContext) -> Measure:
        """Return the number."""
        del context
        return Measure(f"MAX(_{self.name})", high=0)


@dataclass(frozen=True)
class EveryGroup(Grouped):
    """No group of rows breaks a condition on its aggregates (Spark SQL; null breaks it)."""

    by: tuple[str, ...] = field(kw_only=True)
    condition: str = field(kw_only=True)

    @property
    def unit(self) -> Unit:
        """Broken groups."""
        return "groups"

    def broken(self, frame: DataFrame, per: tuple[str, ...] = ()) -> DataFrame:
        """Count groups that break it."""
        from pyspark.sql import functions as F

        good = F.coalesce(F.expr(self.condition), F.lit(False)).alias("_good")
        groups = frame.groupBy(*per, *self.by).agg(good)
        return groups.groupBy(*per).agg(F.count_if(~F.col("_good")).alias("broken"))


@dataclass(frozen=True)
class Unique(Grouped):
    """No two rows hold the same values in these columns; rows that lack one are left out."""

    columns: tuple[str, ...] = field(kw_only=True)

    def broken(self, frame: DataFrame, per: tuple[str, ...] = ()) -> DataFrame:
        """Count rows that repeat another."""
        from pyspark.sql import functions as F

        complete = " AND ".join(f"{name} IS NOT NULL" for name in self.columns)
        # Two hashes of 96 bits together stand for the values: among a billion rows, two that
        # differ are taken for one with a chance of 1e-11, and long texts are not shuffled.
        hashes = [F.xxhash64(*self.columns).alias("_one"), F.hash(*self.columns).alias("_other")]
        # Groups are counted, since COUNT(DISTINCT) takes half as long again.
        alike = frame.where(complete).select(*per, *hashes).groupBy(*per, "_one", "_other").count()
        repeated = F.coalesce(F.sum(F.col("count") - 1), F.lit(0))
        return alike.groupBy(*per).agg(repeated.alias("broken"))


@dataclass(frozen=True)
class Aggregate(TableRule):
    """The value of an aggregate lies between bounds; without rows to judge (null) it passes."""

    sql: str = field(kw_only=True)
    low: float | None = field(default=None, kw_only=True)
    high: float | None = field(default=None, kw_only=True)
    of: Unit = field(default="number", kw_only=True)

    @property
    def unit(self) -> Unit:
        """As declared."""
        return self.of

    def measure(self, context: CheckContext) -> Measure:
        """Return the aggregate as it is."""
        return Measure(dated(self.sql, context), self.low, self.high)


@dataclass(frozen=True)
class Volume(TableRule):
    """The night has about as many rows as former nights (see :mod:`expectations.volume`)."""

    def measure(self, context: CheckContext) -> Measure:
        """Count rows; the bounds come from the history.

        A night without rows is let through only if there were such nights before.
        """
        low, high, note = bounds(context)
        return Measure("NULLIF(COUNT(1), 0)" if rests(context) else "COUNT(1)", low, high, note)


@dataclass(frozen=True)
class Fresh(TableRule):
    """The latest value of a date or time is at most so many days before the night.

    Where the night brought no rows, the last night that did stands in for it.
    """

    column: str = field(kw_only=True)

    @property
    def unit(self) -> Unit:
        """Days behind."""
        return "days"

    def measure(self, context: CheckContext) -> Measure:
        """Count the days from the latest value to the night."""
        latest = f"MAX(CAST({self.column} AS DATE))"
        if context.last_loaded_on is not None:
            latest = f"COALESCE({latest}, DATE'{context.last_loaded_on.isoformat()}')"
        most = context.stale_days if self.severity == "stop" else context.late_days
        return Measure(dated(f"DATEDIFF({{as_of}}, {latest})", context), high=most)


def unique_key(columns: tuple[str, ...]) -> Unique:
    """Rule that the contract's key is one."""
    return Unique(
        name="unique_key",
        message=f"rows repeat another's {', '.join(columns)}",
        columns=columns,
    )


def not_null(column: str) -> EveryRow:
    """Rule that a column the contract wants is given."""
    return EveryRow(
        name=f"{column}_given", message=f"{column} is missing", condition=f"{column} IS NOT NULL"
    )


def volume(severity: Severity = "stop") -> Volume:
    """Rule that the night's rows are about as many as on former nights."""
    return Volume("volume", "far fewer or more rows than on former nights", severity)


def fresh(column: str) -> tuple[Fresh, Fresh]:
    """Rules that the feed has news: late is a warning, stale stops the run."""
    return (
        Fresh("not_late", "the latest row is days old", "warn", column=column),
        Fresh("not_stale", "the feed has brought nothing new for long", "stop", column=column),
    )


def not_empty() -> Aggregate:
    """Rule that there are rows at all."""
    return Aggregate("not_empty", "there is not one row", sql="COUNT(1)", low=1, of="rows")


def of_tonight() -> EveryRow:
    """Rule that all rows are of the run's night."""
    return EveryRow(
        name="of_tonight",
        message="as_of is not the night of the run",
        condition="(as_of = {as_of}) IS NOT FALSE",
    )


def tokenised(*columns: str) -> EveryRow:
    """Rule that a token is one: an address or a number in clear text belongs in the vault."""
    tokens = " AND ".join(f"({c} IS NULL OR {c} RLIKE '^[0-9a-f]{{32}}$')" for c in columns)
    return EveryRow(
        name="tokenised",
        message=f"clear text where a token belongs ({', '.join(columns)})",
        # As `Keyring.token` writes them.
        condition=tokens,
    )
