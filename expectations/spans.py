"""The rule of tables whose rows hold for a time: no two of one thing at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from expectations.kinds import Grouped

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@dataclass(frozen=True)
class SpansApart(Grouped):
    """No two rows of one thing hold at once, from ``valid_from`` up to ``valid_to``.

    Most things have one row without bounds: they are grouped, and only the others sorted.
    """

    of: str = field(kw_only=True)

    def broken(self, frame: DataFrame, per: tuple[str, ...] = ()) -> DataFrame:
        """Count rows beside one without bounds, and rows that begin before another ends."""
        from pyspark.sql import Window
        from pyspark.sql import functions as F

        always = F.col("valid_from").isNull() & F.col("valid_to").isNull()
        beside = (
            frame.groupBy(*per, F.xxhash64(self.of).alias("_of"))
            .agg(F.count("*").alias("rows"), F.count_if(always).alias("always"))
            .select(*per, F.when(F.col("always") > 0, F.col("rows") - 1).alias("rows"))
        )
        # Two of one beginning have one key: the rule of the unique key counts these.
        begins, ends = F.coalesce(F.unix_micros("valid_from"), F.lit(0)), F.unix_micros("valid_to")
        earlier = Window.partitionBy(*per, self.of).orderBy(begins)
        before = earlier.rangeBetween(Window.unboundedPreceding, -1)
        early = begins < F.max(F.coalesce(ends, F.lit(2**62))).over(before)
        among = frame.where(~always).select(*per, early.cast("int").alias("rows"))
        both = beside.unionByName(among).groupBy(*per)
        return both.agg(F.coalesce(F.sum("rows"), F.lit(0)).alias("broken"))
