"""What a change of persons must be."""

from expectations.kinds import of_tonight
from expectations.rule import RowRule, one_of
from expectations.suite import Suite
from jobs.lake.tables.matching import HISTORY

SUITE = Suite(
    HISTORY,
    row_rules=(
        RowRule(
            "known_event",
            one_of("event", "merged", "split", "moved", "renamed"),
            "event is none that is known",
        ),
        RowRule("of_two", "(person_id <> other_id) IS NOT FALSE", "the two persons are one"),
    ),
    table_rules=(of_tonight(),),
)
