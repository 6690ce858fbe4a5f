"""What a decision about who is who must be."""

from expectations.rule import RowRule, one_of
from expectations.suite import Suite
from jobs.lake.tables.matching import DECISIONS

SUITE = Suite(
    DECISIONS,
    row_rules=(
        RowRule(
            "known_kind",
            one_of("kind", "merge", "split", "block", "withdraw"),
            "kind is none that is known",
        ),
        RowRule("reasoned", "(LENGTH(TRIM(why)) > 0) IS NOT FALSE", "no reason is given"),
    ),
)
