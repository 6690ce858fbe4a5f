"""What a pair of identifiers seen together must be."""

from expectations.kinds import volume
from expectations.rule import RowRule
from expectations.suite import Suite
from jobs.lake.tables.identity import LINKS

TYPES = "record|customer_no|login|loyalty_no|email|phone|device|cookie"

SUITE = Suite(
    LINKS,
    row_rules=(
        RowRule(
            "typed",
            f"left_id IS NULL OR right_id IS NULL OR (left_id RLIKE '^({TYPES}):.'"
            f" AND right_id RLIKE '^({TYPES}):.')",
            "an identifier is not <type>:<value> of a known type",
        ),
        # An identifier that was seen alone is a pair with itself.
        RowRule("ordered", "(left_id <= right_id) IS NOT FALSE", "the pair is not in order"),
        RowRule("span", "(first_seen <= last_seen) IS NOT FALSE", "last_seen is before first_seen"),
    ),
    table_rules=(volume("warn"),),
)
