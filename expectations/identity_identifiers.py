"""What an identifier of a person must be."""

from expectations.kinds import not_empty, volume
from expectations.reference import FoundIn
from expectations.rule import RowRule, one_of
from expectations.spans import SpansApart
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
        RowRule(
            "bounds",
            "(valid_from < valid_to) IS NOT FALSE",
            "it ends before it begins to be the person's",
        ),
        RowRule(
            "bounded_by_use",
            "valid_from IS NULL AND valid_to IS NULL"
            " OR (type IN ('device', 'cookie')) IS NOT FALSE",
            "only a device or a cookie belongs to a person for a time",
        ),
    ),
    table_rules=(
        SpansApart(
            name="one_at_a_time",
            message="identifiers belong to two persons at once",
            of="identifier",
        ),
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
