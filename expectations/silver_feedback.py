"""What a rating or a review must be."""

from expectations.kinds import EveryRow, volume
from expectations.reference import FoundIn
from expectations.rule import RowRule
from expectations.suite import Suite
from jobs.lake.tables.silver import FEEDBACK, PRODUCTS

SUITE = Suite(
    FEEDBACK,
    row_rules=(
        RowRule("stars", "(rating BETWEEN 1 AND 5) IS NOT FALSE", "rating is not 1 to 5"),
        RowRule(
            "plausible_date",
            "(written_at >= DATE'1990-01-01') IS NOT FALSE",
            "written_at is before 1990",
        ),
    ),
    table_rules=(
        EveryRow(
            name="reviews_name_products",
            message="more than a twentieth of the reviews name no product",
            severity="warn",
            condition="product_id IS NOT NULL",
            at_least=0.95,
        ),
        FoundIn(
            name="products_known",
            message="more than a twentieth of the reviews name a product the catalogue lacks",
            severity="warn",
            column="product_id",
            table=PRODUCTS,
            other="product_id",
            at_least=0.95,
            unless_empty=True,
        ),
        volume("warn"),
    ),
)
