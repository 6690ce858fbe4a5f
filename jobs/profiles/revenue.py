"""Revenue: what counts as money earned, defined here and nowhere else.

**Net revenue** is the signed sum of ``amount_base`` over the lines of kind ``sale``, ``return``
and ``cancellation`` whose product is of item type ``product``. Postage, fees, gift cards and
adjustments are left out. A line whose product the catalogue does not know counts as a product: a
catalogue with gaps must not shrink the revenue. Returns and cancellations count on their own day,
not on that of the sale they undo.

**Gross revenue** is the same sum over the sale lines alone.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

SALE = "sale"
UNDONE = ("return", "cancellation")
PRODUCT = "product"
MONEY = "decimal(20,4)"


def merchandise(order_lines: DataFrame, products: DataFrame) -> DataFrame:
    """Keep the lines that revenue is made of, and add the ``department`` of their product.

    Parameters
    ----------
    order_lines : DataFrame
        Rows of ``silver.order_lines``.
    products : DataFrame
        Rows of ``silver.products``.
    """
    catalogue = products.select("product_id", "item_type", "department")
    return (
        order_lines.where(F.col("kind").isin(SALE, *UNDONE))
        .join(catalogue, on="product_id", how="left")
        .where(F.coalesce("item_type", F.lit(PRODUCT)) == PRODUCT)
        .drop("item_type")
    )


def is_sale() -> Column:
    """Whether a line of :func:`merchandise` is a sale."""
    return F.col("kind") == SALE


def net_revenue(where: Column | None = None) -> Column:
    """Aggregate: net revenue of lines of :func:`merchandise`, base currency; 0 without any."""
    return _total(F.col("amount_base"), where)


def gross_revenue() -> Column:
    """Aggregate: gross revenue of lines of :func:`merchandise`, base currency; 0 without any."""
    return _total(F.col("amount_base"), is_sale())


def _total(amount: Column, where: Column | None) -> Column:
    counted = amount if where is None else F.when(where, amount)
    return F.coalesce(F.sum(counted), F.lit(0)).cast(MONEY)
