"""What the sums of a session on a day must be."""

from expectations.rule import RowRule
from expectations.suite import Suite
from jobs.lake.tables.gold import VISITS

SUITE = Suite(
    VISITS,
    row_rules=(
        RowRule(
            "parts_of_the_whole",
            "(product_views + searches + cart_adds <= events) IS NOT FALSE",
            "more was viewed, searched for and put into carts than there are events",
        ),
        RowRule(
            "counts_not_negative",
            "(LEAST(product_views, searches, cart_adds, dwell_ms) >= 0) IS NOT FALSE",
            "a count is negative",
        ),
        RowRule(
            "viewed_to_dwell",
            "(dwell_ms > 0 AND product_views = 0) IS NOT TRUE",
            "time on product pages without a view of one",
        ),
    ),
    table_rules=(),
)
