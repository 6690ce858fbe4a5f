"""Rules that hold a table against another: what it names exists, what exists is in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from expectations.context import CheckContext
from expectations.rule import Measure, TableRule, Unit
from jobs.lake.contract import Refresh, Table

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


class ReferenceMissingError(LookupError):
    """A rule looks at a table that the check was not given."""


@dataclass(frozen=True)
class FoundIn(TableRule):
    """A column's values are found in a column of another table, at least a share of them.

    Rows without a value are left out. Costs one join with the other table's column.

    Attributes
    ----------
    column : str
        Column of this table.
    table : Table
        The other table.
    other : str
        Column of the other table.
    at_least : float
        Least share of the rows.
    among, where : str
        Conditions on the rows of this and of the other table.
    unless_empty : bool
        Pass when the other table has no rows: not every shop has a feed for it.
    """

    column: str = field(kw_only=True)
    table: Table = field(kw_only=True)
    other: str = field(kw_only=True)
    at_least: float = field(default=1.0, kw_only=True)
    among: str = field(default="TRUE", kw_only=True)
    where: str = field(default="TRUE", kw_only=True)
    unless_empty: bool = field(default=False, kw_only=True)

    @property
    def unit(self) -> Unit:
        """Rows without a match, or the share of rows with one."""
        return "rows" if self.at_least == 1.0 else "share"

    @property
    def reads(self) -> tuple[str, ...]:
        """The other table."""
        return (self.table.id,)

    def prepare(self, frame: DataFrame, context: CheckContext) -> DataFrame:
        """Add whether the row's value is found, and whether there is anything to find."""
        from pyspark.sql import functions as F

        key, found, empty = f"_{self.name}_key", f"_{self.name}", f"_{self.name}_empty"
        rows = reference(self.table, context).where(self.where)
        values = rows.select(F.col(self.other).alias(key))
        if self.table.key != (self.other,):
            values = values.distinct()
        joined = frame.join(
            values.withColumn(found, F.lit(True)), F.expr(key) == F.col(self.column), "left"
        )
        if not self.unless_empty:
            return joined.drop(key)
        return joined.drop(key).withColumn(empty, rows.agg(F.count("*") == 0).scalar())

    def measure(self, context: CheckContext) -> Measure:
        """Count rows without a match, or the share of rows with one."""
        del context
        found = f"COALESCE(_{self.name}, FALSE)"
        if self.unless_empty:
            found = f"({found} OR _{self.name}_empty)"
        looked_at = f"{self.column} IS NOT NULL AND ({self.among})"
        if self.at_least == 1.0:
            return Measure(f"COUNT_IF({looked_at} AND NOT {found})", high=0)
        return Measure(f"AVG(IF({found}, 1D, 0D)) FILTER (WHERE {looked_at})", low=self.at_least)


@dataclass(frozen=True)
class Covers(TableRule):
    """The table has a row for every row of another table, on a column that is unique in both.

    Measured by counting both: it holds together with a :class:`FoundIn` and the unique key.
    """

    table: Table = field(kw_only=True)

    @property
    def reads(self) -> tuple[str, ...]:
        """The other table."""
        return (self.table.id,)

    def prepare(self, frame: DataFrame, context: CheckContext) -> DataFrame:
        """Add the number of rows that the other table has."""
        from pyspark.sql import functions as F

        rows = reference(self.table, context).agg(F.count("*"))
        return frame.withColumn(f"_{self.name}", rows.scalar())

    def measure(self, context: CheckContext) -> Measure:
        """Count what is missing."""
        del context
        return Measure(f"MAX(_{self.name}) - COUNT(1)", high=0)


def reference(table: Table, context: CheckContext) -> DataFrame:
    """Return the frame of another table: of one that is replaced by date, the night's rows.

    Raises
    ------
    ReferenceMissingError
        The check was not given it.
    """
    from pyspark.sql import functions as F

    if table.id not in context.references:
        raise ReferenceMissingError(
            f"a rule looks at {table.id}: pass its frame in CheckContext.references"
        )
    frame = context.references[table.id]
    if table.refresh is Refresh.REPLACE_DATE and table.date is not None:
        return frame.where(F.col(table.date) == F.lit(context.as_of))
    return frame
