"""What an act of consent must be."""

from expectations.kinds import Aggregate, tokenised, volume
from expectations.rule import RowRule, given, one_of
from expectations.suite import Suite
from jobs.lake.tables.silver import CONSENTS

SUITE = Suite(
    CONSENTS,
    row_rules=(
        RowRule(
            "known_purpose",
            one_of("purpose", "marketing", "personalization", "analytics"),
            "purpose is not marketing, personalization or analytics",
        ),
        RowRule(
            "known_status",
            one_of("status", "granted", "withdrawn"),
            "status is not granted or withdrawn",
        ),
        RowRule(
            "known_channel",
            one_of("channel", "email", "sms", "push", "post"),
            "channel is not email, sms, push or post",
        ),
        RowRule(
            "somebody",
            given("identifier", "customer_no", "email_token", "phone_token"),
            "no identifier: nobody to have consented",
        ),
        RowRule(
            "plausible_date",
            "(occurred_at >= DATE'1990-01-01') IS NOT FALSE",
            "occurred_at is before 1990",
        ),
    ),
    table_rules=(
        tokenised("email_token", "phone_token"),
        # A mapping read the wrong way round turns every no into a yes, which must not go out.
        Aggregate(
            name="both_answers",
            message="not one withdrawal among a thousand acts: is status read wrongly?",
            severity="warn",
            sql="IF(COUNT(1) >= 1000, COUNT_IF(status = 'withdrawn'), NULL)",
            low=1,
        ),
        Aggregate(
            name="no_mass_withdrawal",
            message="nine tenths of the night's acts are withdrawals",
            severity="warn",
            sql="IF(COUNT(1) >= 50, AVG(IF(status = 'withdrawn', 1D, 0D)), NULL)",
            high=0.9,
            of="share",
        ),
        volume("warn"),
    ),
)
