"""A suite: all rules of one table, those of its contract included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from expectations.kinds import EveryRow, not_null, unique_key
from expectations.rule import RowRule, TableRule
from jobs.lake.contract import Table
from jobs.lake.tables.columns import PROVENANCE

if TYPE_CHECKING:
    from pyspark.sql import Column

_PROVENANCE = frozenset(column.name for column in PROVENANCE)


class SuiteError(ValueError):
    """A suite contradicts itself."""


@dataclass(frozen=True)
class Suite:
    """The rules of one table.

    Attributes
    ----------
    table : Table
        Its contract; that its key is unique and its columns that must not be null are given are
        rules without being written down.
    row_rules : tuple of RowRule
        What holds of each row. In silver they quarantine a row, above silver they stop the run.
    table_rules : tuple of TableRule
        What holds of the table.
    """

    table: Table
    row_rules: tuple[RowRule, ...] = ()
    table_rules: tuple[TableRule, ...] = ()

    def __post_init__(self) -> None:
        """Refuse two rules of one name."""
        names = [rule.name for rule in self.rules]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise SuiteError(f"{self.table.id}: rules named twice: {', '.join(twice)}")

    @cached_property
    def every_row(self) -> tuple[RowRule, ...]:
        """Row rules, and before them one for each column that a source must give.

        What the pipeline itself adds (file, line, night) is no fault of a row: it is left to
        :attr:`rules`.
        """
        wanted = tuple(
            RowRule(f"{c.name}_given", f"{c.name} IS NOT NULL", f"{c.name} is missing")
            for c in self.table.columns
            if not c.nullable and c.name not in _PROVENANCE
        )
        return wanted + self.row_rules

    @cached_property
    def rules(self) -> tuple[TableRule, ...]:
        """All rules in the form that a table is checked by."""
        rows = tuple(
            EveryRow(name=r.name, message=r.message, condition=r.condition) for r in self.every_row
        )
        added = tuple(
            not_null(c.name) for c in self.table.columns if not c.nullable and c.name in _PROVENANCE
        )
        return (unique_key(self.table.key), *rows, *added, *self.table_rules)

    @property
    def references(self) -> tuple[str, ...]:
        """Ids of the other tables that rules look at."""
        return tuple(dict.fromkeys(name for rule in self.table_rules for name in rule.reads))


def reasons(suite: Suite) -> Column:
    """Return a column of the messages of the row rules that a row breaks.

    Returns
    -------
    Column
        ``array<string>``; empty for a good row. One expression over the row, no shuffle.
    """
    from pyspark.sql import functions as F

    broken = [
        F.when(~F.coalesce(F.expr(rule.condition), F.lit(False)), F.lit(rule.message))
        for rule in suite.every_row
    ]
    return told(broken)


def told(messages: Sequence[Column]) -> Column:
    """Return an array of those messages that are not null, in order.

    To leave nulls out of an array Spark interprets it, value by value; a row of which nothing is
    to be told, as nearly all are, is spared that.
    """
    from pyspark.sql import functions as F

    if not messages:
        return F.array().cast("array<string>")
    some = F.array_compact(F.array(*messages))
    return F.when(F.coalesce(*messages).isNull(), F.array().cast("array<string>")).otherwise(some)
