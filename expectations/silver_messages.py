"""What a message that was sent must be."""

from expectations.kinds import EveryRow, tokenised, volume
from expectations.rule import RowRule, given, one_of
from expectations.suite import Suite
from jobs.lake.tables.silver import MESSAGES

SUITE = Suite(
    MESSAGES,
    row_rules=(
        RowRule(
            "known_channel",
            one_of("channel", "email", "sms", "push", "post"),
            "channel is not email, sms, push or post",
        ),
        RowRule(
            "somebody",
            given("identifier", "customer_no", "email_token"),
            "no identifier: nobody to have been written to",
        ),
        RowRule(
            "plausible_date",
            "(sent_at >= DATE'1990-01-01') IS NOT FALSE",
            "sent_at is before 1990",
        ),
    ),
    table_rules=(
        tokenised("email_token"),
        EveryRow(
            name="campaigns_named",
            message="more than a twentieth of the messages name no campaign",
            severity="warn",
            condition="campaign_id IS NOT NULL",
            at_least=0.95,
        ),
        volume("warn"),
    ),
)
