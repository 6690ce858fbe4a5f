"""What a person's dealing with a product on a day must be."""

from expectations.kinds import EveryRow, Fresh, volume
from expectations.reference import FoundIn
from expectations.rule import RowRule, one_of
from expectations.suite import Suite
from jobs.lake.tables.gold import INTERACTIONS
from jobs.lake.tables.identity import PERSONS
from jobs.lake.tables.silver import PRODUCTS

SUITE = Suite(
    INTERACTIONS,
    row_rules=(
        RowRule(
            "known_kind",
            one_of(
                "kind",
                "purchase",
                "add_to_cart",
                "product_view",
                "email_click",
                "review",
                "return",
            ),
            "kind is none that is known",
        ),
        RowRule(
            "quantity_positive",
            "quantity > 0 AND NOT ISNAN(quantity)",
            "quantity is missing or not above zero",
        ),
        RowRule(
            "purchase_value",
            "(kind = 'purchase' AND value < 0) IS NOT TRUE",
            "value is negative on a purchase",
        ),
        RowRule(
            "plausible_date",
            "(occurred_on >= DATE'1990-01-01') IS NOT FALSE",
            "occurred_on is before 1990",
        ),
    ),
    table_rules=(
        EveryRow(
            name="nothing_ahead",
            message="interactions are of days after the night",
            condition="(occurred_on <= {as_of}) IS NOT FALSE",
        ),
        FoundIn(
            name="persons_exist",
            message="interactions of a person that identity.persons lacks",
            column="person_id",
            table=PERSONS,
            other="person_id",
        ),
        FoundIn(
            name="products_known",
            message="more than a twentieth are with a product the catalogue lacks",
            severity="warn",
            column="product_id",
            table=PRODUCTS,
            other="product_id",
            at_least=0.95,
            unless_empty=True,
        ),
        volume(),
        # A warning only: silver has stopped the run, unless a person released it.
        Fresh("not_late", "nobody has done anything for days", "warn", column="occurred_on"),
    ),
)
