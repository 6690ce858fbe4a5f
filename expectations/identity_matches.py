"""What a pair of records that was weighed must be."""

from expectations.rule import RowRule
from expectations.suite import Suite
from jobs.lake.tables.matching import MATCHES

SUITE = Suite(
    MATCHES,
    row_rules=(
        RowRule("ordered", "(left_id < right_id) IS NOT FALSE", "the pair is not in order"),
        RowRule(
            "weight_is_probability",
            "(ABS(probability - 1 / (1 + POW(2, -weight))) < 0.001) IS NOT FALSE",
            "weight and probability say different things",
        ),
    ),
)
