"""What a behavioural event must be."""

from expectations.kinds import EveryRow, fresh, volume
from expectations.reference import FoundIn
from expectations.rule import RowRule, given, one_of
from expectations.suite import Suite
from jobs.lake.tables.silver import EVENTS, PRODUCTS

DAY_MS = 24 * 60 * 60 * 1000

SUITE = Suite(
    EVENTS,
    row_rules=(
        RowRule(
            "known_type",
            one_of(
                "type",
                "page_view",
                "product_view",
                "search",
                "hover",
                "add_to_cart",
                "remove_from_cart",
                "purchase",
                "email_open",
                "email_click",
                "redemption",
            ),
            "type is none that is known",
        ),
        RowRule(
            "plausible_dwell",
            f"(dwell_ms BETWEEN 0 AND {DAY_MS}) IS NOT FALSE",
            "dwell_ms is negative or above a day",
        ),
        # The message leads to its recipient where an open or a click names nobody.
        RowRule(
            "somebody",
            given("identifier", "customer_no", "login", "device_id", "cookie_id", "message_id"),
            "no identifier: nobody to tell the event of",
        ),
        RowRule(
            "plausible_date",
            "(event_date >= DATE'1990-01-01') IS NOT FALSE",
            "event_date is before 1990",
        ),
    ),
    table_rules=(
        EveryRow(
            name="dates_agree",
            message="event_date is more than a day from occurred_at: a wrong time zone",
            condition="ABS(DATEDIFF(event_date, CAST(occurred_at AS DATE))) <= 1",
            among="event_date IS NOT NULL AND occurred_at IS NOT NULL",
        ),
        EveryRow(
            name="product_events_name_one",
            message="many views and cart events name no product",
            severity="warn",
            condition="product_id IS NOT NULL",
            among="type IN ('product_view', 'add_to_cart', 'remove_from_cart')",
            at_least=0.95,
        ),
        EveryRow(
            name="searches_have_words",
            message="many searches hold no words",
            severity="warn",
            condition="TRIM(query) <> ''",
            among="type = 'search'",
            at_least=0.9,
        ),
        EveryRow(
            name="values_not_negative",
            message="events are worth less than nothing",
            severity="warn",
            condition="(value >= 0) IS NOT FALSE",
        ),
        FoundIn(
            name="products_known",
            message="more than a twentieth of the events name a product the catalogue lacks",
            severity="warn",
            column="product_id",
            table=PRODUCTS,
            other="product_id",
            at_least=0.95,
            unless_empty=True,
        ),
        volume(),
        *fresh("event_date"),
    ),
)
