"""What a disputed value must be."""

from expectations.kinds import EveryGroup, of_tonight, tokenised
from expectations.reference import FoundIn
from expectations.rule import RowRule
from expectations.suite import Suite
from jobs.lake.tables.golden import CONFLICTS
from jobs.lake.tables.identity import PERSONS

SUITE = Suite(
    CONFLICTS,
    row_rules=(
        RowRule(
            "token_or_value",
            "(token IS NULL) <> (value IS NULL)",
            "both a token and a value, or neither",
        ),
    ),
    table_rules=(
        of_tonight(),
        tokenised("token"),
        FoundIn(
            name="persons_exist",
            message="conflicts of a person that identity.persons lacks",
            column="person_id",
            table=PERSONS,
            other="person_id",
        ),
        EveryGroup(
            name="two_sides",
            message="a conflict has not two sides",
            by=("person_id", "attribute"),
            condition="BOOL_OR(golden) AND BOOL_OR(NOT golden)",
        ),
    ),
)
