"""What a record is looked for by must be."""

from expectations.rule import RowRule
from expectations.suite import Suite
from jobs.lake.tables.matching import BLOCKS

SUITE = Suite(
    BLOCKS,
    row_rules=(
        RowRule(
            "each_once",
            "(SIZE(ARRAY_DISTINCT(blocks)) = SIZE(blocks)) IS NOT FALSE",
            "a block stands twice",
        ),
    ),
)
