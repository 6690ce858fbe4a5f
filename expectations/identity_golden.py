"""What the best value of an attribute must be."""

from expectations.kinds import EveryGroup, of_tonight, tokenised, volume
from expectations.reference import FoundIn
from expectations.rule import RowRule, one_of
from expectations.suite import Suite
from jobs.lake.tables.golden import GOLDEN
from jobs.lake.tables.identity import PERSONS

PERSONAL = one_of(
    "attribute",
    "first_name",
    "last_name",
    "birth_date",
    "email",
    "phone",
    "street",
    "postcode",
)
_PART = "IF(attribute IN ('street', 'postcode', 'city'), record_id, NULL)"

SUITE = Suite(
    GOLDEN,
    row_rules=(
        RowRule(
            "known_rule",
            one_of(
                "rule",
                "verified",
                "source_trust",
                "newest",
                "oldest",
                "most_frequent",
                "most_complete",
                "address",
                "record_id",
                "agreed",
            ),
            "rule is none that is known",
        ),
        RowRule(
            "personal_is_sealed",
            f"(IF({PERSONAL}, value IS NULL AND token IS NOT NULL, value IS NOT NULL"
            " AND token IS NULL)) IS NOT FALSE",
            "a personal value is not a token, or another one is no value",
        ),
        RowRule(
            "counts_agree",
            "(distinct_values BETWEEN 1 AND records) IS NOT FALSE",
            "more values than records, or none",
        ),
        RowRule(
            "agreed_is_one",
            "((rule = 'agreed') = (distinct_values = 1)) IS NOT FALSE",
            "records agree on several values, or a rule decides among one",
        ),
        RowRule(
            "conflict_is_of_several",
            "(NOT conflict OR distinct_values > 1) IS NOT FALSE",
            "a conflict about one value",
        ),
    ),
    table_rules=(
        of_tonight(),
        tokenised("token"),
        FoundIn(
            name="persons_exist",
            message="values of a person that identity.persons lacks",
            column="person_id",
            table=PERSONS,
            other="person_id",
        ),
        EveryGroup(
            name="one_home",
            message="an address is put together of several records",
            by=("person_id",),
            condition=f"MIN({_PART}) <=> MAX({_PART})",
        ),
        volume("warn"),
    ),
)
