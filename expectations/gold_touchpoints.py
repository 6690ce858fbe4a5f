"""What an identifier's dealing with a product or a message on a day must be."""

from expectations.kinds import EveryRow
from expectations.rule import RowRule, one_of
from expectations.suite import Suite
from jobs.lake.tables.gold import TOUCHPOINTS

SUITE = Suite(
    TOUCHPOINTS,
    row_rules=(
        RowRule(
            "known_kind",
            one_of("kind", "add_to_cart", "product_view", "email_open", "email_click"),
            "kind is none that is known",
        ),
        RowRule("times_positive", "(times > 0) IS NOT FALSE", "times is not above zero"),
        RowRule(
            "of_something",
            "product_id IS NOT NULL OR message_id IS NOT NULL",
            "it names neither a product nor a message",
        ),
    ),
    table_rules=(
        EveryRow(
            name="of_somebody",
            message="touchpoints of nobody, in no message",
            condition="identifier IS NOT NULL OR message_id IS NOT NULL",
        ),
    ),
)
