"""What an order line must be."""

from expectations.kinds import Aggregate, EveryRow, fresh, volume
from expectations.reference import FoundIn
from expectations.rule import RowRule, one_of
from expectations.suite import Suite
from jobs.lake.tables.silver import ORDER_LINES, PRODUCTS

SUITE = Suite(
    ORDER_LINES,
    row_rules=(
        RowRule(
            "known_kind",
            one_of("kind", "sale", "return", "cancellation", "adjustment"),
            "kind is not sale, return, cancellation or adjustment",
        ),
        # A quantity or a price of zero is real: gifts, samples, goods sold by weight.
        RowRule(
            "sale_quantity",
            "(kind = 'sale' AND quantity < 0) IS NOT TRUE",
            "quantity is negative on a sale",
        ),
        RowRule(
            "sale_price",
            "(kind = 'sale' AND unit_price < 0) IS NOT TRUE",
            "unit_price is negative on a sale",
        ),
        RowRule(
            "sale_amount",
            "(kind = 'sale' AND amount < 0) IS NOT TRUE",
            "amount is negative on a sale",
        ),
        RowRule(
            "goods_back",
            "(kind IN ('return', 'cancellation') AND quantity > 0) IS NOT TRUE",
            "quantity is positive on a return or a cancellation",
        ),
        RowRule(
            "money_back",
            "(kind IN ('return', 'cancellation') AND amount > 0) IS NOT TRUE",
            "amount is positive on a return or a cancellation",
        ),
        RowRule(
            "priced",
            "amount IS NOT NULL OR (quantity IS NOT NULL AND unit_price IS NOT NULL)",
            "no amount, and no quantity and unit_price to reckon it from",
        ),
        # What is given back takes its discount back.
        RowRule(
            "discount_sign",
            "(discount >= 0 OR kind IN ('return', 'cancellation')) IS NOT FALSE",
            "discount is negative on a sale",
        ),
        RowRule(
            "currency_code",
            "(currency RLIKE '^[A-Z]{3}$') IS NOT FALSE",
            "currency is not a code of three capital letters",
        ),
        RowRule(
            "rate_known",
            "amount IS NULL OR amount_base IS NOT NULL",
            "no exchange rate for the currency on that day",
        ),
        RowRule("rate_positive", "(fx_rate > 0) IS NOT FALSE", "fx_rate is not above zero"),
        RowRule(
            "plausible_date",
            "(order_date >= DATE'1990-01-01') IS NOT FALSE",
            "order_date is before 1990",
        ),
    ),
    table_rules=(
        EveryRow(
            name="dates_agree",
            message="order_date is more than a day from ordered_at: a wrong time zone",
            condition="ABS(DATEDIFF(order_date, CAST(ordered_at AS DATE))) <= 1",
            among="order_date IS NOT NULL AND ordered_at IS NOT NULL",
        ),
        EveryRow(
            name="amounts_add_up",
            message="amount is not quantity * unit_price - discount on more than 1 % of the lines",
            severity="warn",
            condition="ABS(amount - (quantity * unit_price - COALESCE(discount, 0)))"
            " <= GREATEST(0.02, 0.01 * ABS(amount))",
            among="amount IS NOT NULL AND quantity IS NOT NULL AND unit_price IS NOT NULL",
            at_least=0.99,
        ),
        EveryRow(
            name="sales_have_products",
            message="many sales name no product",
            severity="warn",
            condition="product_id IS NOT NULL",
            among="kind = 'sale'",
            at_least=0.95,
        ),
        EveryRow(
            name="few_free_sales",
            message="more than a tenth of the sales are for nothing: are prices read wrongly?",
            severity="warn",
            condition="amount_base <> 0",
            among="kind = 'sale' AND amount_base IS NOT NULL",
            at_least=0.9,
        ),
        Aggregate(
            name="more_sold_than_returned",
            message="more came back than was sold",
            severity="warn",
            sql="SUM(amount_base) FILTER (WHERE kind <> 'adjustment')",
            low=0,
        ),
        FoundIn(
            name="products_known",
            message="more than a twentieth of the lines name a product the catalogue lacks",
            severity="warn",
            column="product_id",
            table=PRODUCTS,
            other="product_id",
            at_least=0.95,
            unless_empty=True,
        ),
        volume(),
        *fresh("order_date"),
    ),
)
