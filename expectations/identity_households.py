"""What the household of a person must be."""

from expectations.kinds import Aggregate, EveryGroup, of_tonight, volume
from expectations.reference import FoundIn
from expectations.rule import RowRule, one_of
from expectations.suite import Suite
from jobs.lake.tables.golden import HOUSEHOLDS
from jobs.lake.tables.identity import PERSONS

SUITE = Suite(
    HOUSEHOLDS,
    row_rules=(
        RowRule(
            "known_evidence",
            one_of("evidence", "address", "address_and_name", "phone", "email", "alone"),
            "evidence is none that is known",
        ),
        RowRule(
            "alone_is_one",
            "((evidence = 'alone') = (members = 1)) IS NOT FALSE",
            "somebody is alone among several, or with evidence",
        ),
    ),
    table_rules=(
        of_tonight(),
        FoundIn(
            name="persons_exist",
            message="households of a person that identity.persons does not know",
            column="person_id",
            table=PERSONS,
            other="person_id",
            where="kind = 'known'",
        ),
        EveryGroup(
            name="members_counted",
            message="members is not the number of persons of the household",
            by=("household_id",),
            condition="COUNT(1) = MIN(members) AND COUNT(1) = MAX(members)",
        ),
        # An address, a number or a mail box of strangers: look what value ties them.
        Aggregate(
            name="no_crowd",
            message="one household has more members than one home can",
            severity="warn",
            sql="MAX(members)",
            high=30,
        ),
        volume("warn"),
    ),
)
