"""What a customer record must be."""

from expectations.kinds import EveryRow, tokenised, volume
from expectations.rule import RowRule, given
from expectations.suite import Suite
from jobs.lake.tables.silver import CUSTOMERS

SUITE = Suite(
    CUSTOMERS,
    row_rules=(
        RowRule(
            "identified",
            given("identifier", "customer_no", "login", "loyalty_no", "email_token", "phone_token"),
            "no identifier: nothing to tell whose record it is",
        ),
        RowRule(
            "plausible_registration",
            "(registered_at >= DATE'1990-01-01') IS NOT FALSE",
            "registered_at is before 1990",
        ),
        RowRule(
            "plausible_change",
            "(updated_at >= DATE'1990-01-01') IS NOT FALSE",
            "updated_at is before 1990",
        ),
    ),
    table_rules=(
        tokenised("email_token", "phone_token"),
        EveryRow(
            name="changed_after_registration",
            message="many records were changed before they were registered",
            severity="warn",
            condition="updated_at >= registered_at",
            among="updated_at IS NOT NULL AND registered_at IS NOT NULL",
            at_least=0.99,
        ),
        volume("warn"),
    ),
)
