"""What a product must be."""

from expectations.kinds import EveryRow, volume
from expectations.rule import RowRule, one_of
from expectations.suite import Suite
from jobs.lake.tables.silver import PRODUCTS

SUITE = Suite(
    PRODUCTS,
    row_rules=(
        RowRule(
            "known_item_type",
            one_of("item_type", "product", "service", "gift_card", "adjustment"),
            "item_type is not product, service, gift_card or adjustment",
        ),
        RowRule("price_sign", "(price >= 0) IS NOT FALSE", "price is negative"),
        RowRule(
            "currency_code",
            "(currency RLIKE '^[A-Z]{3}$') IS NOT FALSE",
            "currency is not a code of three capital letters",
        ),
        RowRule("stock_sign", "(stock >= 0) IS NOT FALSE", "stock is negative"),
        RowRule(
            "plausible_change",
            "(updated_at >= DATE'1990-01-01') IS NOT FALSE",
            "updated_at is before 1990",
        ),
    ),
    table_rules=(
        EveryRow(
            name="prices_have_currencies",
            message="products have a price in no currency",
            severity="warn",
            condition="price IS NULL OR currency IS NOT NULL",
        ),
        EveryRow(
            name="products_have_names",
            message="more than a twentieth of the products have no name",
            severity="warn",
            condition="TRIM(name) <> ''",
            among="item_type = 'product'",
            at_least=0.95,
        ),
        volume("warn"),
    ),
)
