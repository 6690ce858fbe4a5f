"""What a person's profile must be."""

from expectations.kinds import EveryRow, Fresh, not_empty, of_tonight, volume
from expectations.reference import Covers, FoundIn
from expectations.rule import RowRule, one_of
from expectations.suite import Suite
from jobs.lake.tables.gold import PROFILES
from jobs.lake.tables.identity import PERSONS

COUNTS = tuple(c.name for c in PROFILES.columns if c.type == "bigint")

SUITE = Suite(
    PROFILES,
    row_rules=(
        RowRule(
            "known_kind", one_of("kind", "known", "anonymous"), "kind is not known or anonymous"
        ),
        RowRule(
            "counts_sign",
            f"(LEAST({', '.join(COUNTS)}) >= 0) IS NOT FALSE",
            "a count is negative",
        ),
        RowRule("gross_sign", "(gross_revenue >= 0) IS NOT FALSE", "gross_revenue is negative"),
        RowRule(
            "net_below_gross",
            "(net_revenue <= gross_revenue + 0.01) IS NOT FALSE",
            "net_revenue is above gross_revenue",
        ),
        RowRule(
            "buyers_have_dates",
            "((orders > 0) = (first_order_on IS NOT NULL AND last_order_on IS NOT NULL))"
            " IS NOT FALSE",
            "orders without dates of the first and the last, or dates without orders",
        ),
        RowRule(
            "orders_span",
            "(first_order_on <= last_order_on) IS NOT FALSE",
            "last_order_on is before first_order_on",
        ),
        RowRule(
            "days_since_order",
            "as_of IS NULL OR days_since_order <=> DATEDIFF(as_of, last_order_on)",
            "days_since_order is not the days from last_order_on to as_of",
        ),
        RowRule(
            "nothing_ahead",
            "(last_order_on <= as_of) IS NOT FALSE",
            "last_order_on is after as_of",
        ),
        RowRule(
            "average_order",
            "(ABS(average_order_value * orders - gross_revenue) <= 0.01 * (orders + 1))"
            " IS NOT FALSE",
            "average_order_value is not gross_revenue by orders",
        ),
        RowRule(
            "interval_of_buyers",
            "(order_interval_days < 0 OR ISNAN(order_interval_days)"
            " OR (order_interval_days IS NOT NULL AND orders < 2)) IS NOT TRUE",
            "order_interval_days is negative, or given below two orders",
        ),
        RowRule(
            "windows_within",
            "(orders_90d <= orders AND sessions_30d <= sessions) IS NOT FALSE",
            "more orders or sessions lately than ever",
        ),
        RowRule(
            "stars",
            "(average_rating NOT BETWEEN 1 AND 5 OR (average_rating IS NOT NULL AND reviews = 0))"
            " IS NOT TRUE",
            "average_rating is not 1 to 5, or given without a review",
        ),
    ),
    table_rules=(
        of_tonight(),
        EveryRow(
            name="opened_were_sent",
            message="people opened more messages than they were sent",
            severity="warn",
            condition="(messages_opened <= messages_sent) IS NOT FALSE",
            at_least=0.99,
        ),
        EveryRow(
            name="clicked_were_sent",
            message="people clicked more messages than they were sent",
            severity="warn",
            condition="(messages_clicked <= messages_sent) IS NOT FALSE",
            at_least=0.99,
        ),
        FoundIn(
            name="persons_exist",
            message="profiles of a person that identity.persons lacks",
            column="person_id",
            table=PERSONS,
            other="person_id",
        ),
        Covers(
            name="everybody_has_one",
            message="persons of identity.persons have no profile",
            table=PERSONS,
        ),
        not_empty(),
        volume(),
        # A warning only: silver has stopped the run, unless a person released it.
        Fresh("not_late", "nobody has ordered for days", "warn", column="last_order_on"),
    ),
)
