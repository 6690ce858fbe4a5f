"""What a pair that was kept apart must be."""

from expectations.kinds import of_tonight
from expectations.rule import RowRule, one_of
from expectations.suite import Suite
from jobs.lake.tables.matching import REVIEW

SUITE = Suite(
    REVIEW,
    row_rules=(
        RowRule("ordered", "(left_id < right_id) IS NOT FALSE", "the pair is not in order"),
        RowRule(
            "known_reason",
            one_of("reason", "undecided", "decided", "contradicting", "too large"),
            "reason is none that is known",
        ),
    ),
    table_rules=(of_tonight(),),
)
