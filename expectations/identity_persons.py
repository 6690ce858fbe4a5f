"""What a person must be."""

from expectations.kinds import Aggregate, not_empty, of_tonight, volume
from expectations.rule import RowRule, one_of
from expectations.suite import Suite
from jobs.lake.tables.identity import PERSONS

SUITE = Suite(
    PERSONS,
    row_rules=(
        RowRule(
            "known_kind", one_of("kind", "known", "anonymous"), "kind is not known or anonymous"
        ),
        RowRule("records_sign", "(records >= 0) IS NOT FALSE", "records is negative"),
        RowRule(
            "has_identifier", "(identifiers >= 1) IS NOT FALSE", "a person without an identifier"
        ),
        RowRule("span", "(first_seen <= last_seen) IS NOT FALSE", "last_seen is before first_seen"),
    ),
    table_rules=(
        of_tonight(),
        # What households and shop tills share has chained thousands of strangers into one person
        # elsewhere; an honest one has a handful of devices, cookies and addresses.
        Aggregate(
            name="nobody_is_a_crowd",
            message="one person holds more identifiers than one person can",
            severity="warn",
            sql="MAX(identifiers)",
            high=500,
        ),
        not_empty(),
        volume(),
    ),
)
