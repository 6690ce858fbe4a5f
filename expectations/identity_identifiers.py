"""What an identifier of a person must be."""

from expectations.kinds import not_empty, volume
from expectations.reference import FoundIn
from expectations.rule import RowRule, one_of
from expectations.suite import Suite
from jobs.lake.tables.identity import IDENTIFIERS, PERSONS

SUITE = Suite(
    IDENTIFIERS,
    row_rules=(
        RowRule(
            "known_type",
            one_of(
                "type",
                "record",
                "customer_no",
                "login",
                "loyalty_no",
                "email",
                "phone",
                "device",
                "cookie",
            ),
            "type is none that is known",
        ),
        RowRule(
            "prefixed",
            "(STARTSWITH(identifier, CONCAT(type, ':'))) IS NOT FALSE",
            "the identifier does not begin with its type",
        ),
        RowRule("span", "(first_seen <= last_seen) IS NOT FALSE", "last_seen is before first_seen"),
    ),
    table_rules=(
        FoundIn(
            name="persons_exist",
            message="identifiers belong to a person that identity.persons lacks",
            column="person_id",
            table=PERSONS,
            other="person_id",
        ),
        not_empty(),
        volume(),
    ),
)
