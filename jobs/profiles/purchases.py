"""Purchases: what the order lines say of each person."""

from __future__ import annotations

from datetime import date, timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.identity.resolve import with_person
from jobs.profiles.lateness import counted
from jobs.profiles.revenue import MONEY, gross_revenue, is_sale, merchandise, net_revenue

RECENT_DAYS = 90
"""Length of the window of the ``_90d`` columns."""
ORDER = ("source", "order_id")
"""What names an order: a till and a web shop may both count from 1."""


def purchases_by_person(
    order_lines: DataFrame, products: DataFrame, identifiers: DataFrame, as_of: date
) -> DataFrame:
    """Sum up the merchandise each person bought and gave back, a row a person.

    Orders, pieces and revenue are of merchandise only (``revenue.py``): an order of nothing but a
    gift card is none. The last 90 days are the business days [as_of - 89, as_of + 1).
    """
    wanted = order_lines.where(counted(F.col("order_date"), as_of)).select(
        "identifier",
        "source",
        "order_id",
        "product_id",
        "kind",
        "order_date",
        "ordered_at",
        "quantity",
        "amount_base",
        "channel",
    )
    lines = (
        with_person(merchandise(wanted, products), identifiers, "ordered_at")
        .where("person_id IS NOT NULL")
        # Once by person: every sum below and the join of both halves then need no other shuffle.
        .repartition("person_id")
    )
    return _orders(lines, as_of).join(_products(lines), on="person_id", how="left")


def _orders(lines: DataFrame, as_of: date) -> DataFrame:
    """Sum by order, then by the channel it came in, then by person."""
    recent = F.col("order_date") >= F.lit(as_of - timedelta(days=RECENT_DAYS - 1))
    # The smallest of several texts is found by sorting: of an order's channels, not of its lines.
    in_channels = lines.groupBy("person_id", *ORDER, "channel").agg(
        F.bool_or(is_sale()).alias("sold"),
        F.bool_or(is_sale() & recent).alias("sold_90d"),
        F.min(_of_sale("order_date")).alias("first_order_on"),
        F.max(_of_sale("order_date")).alias("last_order_on"),
        F.max(_of_sale("ordered_at")).alias("last_ordered_at"),
        # A sale line without a quantity sold at least one piece.
        F.sum(F.when(is_sale(), F.coalesce("quantity", F.lit(1)))).alias("items"),
        F.count_if(~is_sale()).alias("returned_lines"),
        gross_revenue().alias("gross_revenue"),
        net_revenue().alias("net_revenue"),
        net_revenue(recent).alias("net_revenue_90d"),
    )
    spans = (
        F.min("first_order_on").alias("first_order_on"),
        F.max("last_order_on").alias("last_order_on"),
        F.max("last_ordered_at").alias("last_ordered_at"),
        *(F.sum(name).alias(name) for name in ("items", "returned_lines")),
        *(
            F.sum(name).cast(MONEY).alias(name)
            for name in ("gross_revenue", "net_revenue", "net_revenue_90d")
        ),
    )
    orders = in_channels.groupBy("person_id", *ORDER).agg(
        F.bool_or("sold").alias("sold"),
        F.bool_or("sold_90d").alias("sold_90d"),
        F.min(F.when(F.col("sold"), F.col("channel"))).alias("channel"),
        *spans,
    )
    by_channel = orders.groupBy("person_id", "channel").agg(
        F.count_if("sold").alias("orders"), F.count_if("sold_90d").alias("orders_90d"), *spans
    )
    summed = by_channel.groupBy("person_id").agg(
        F.sum("orders").alias("orders"),
        F.sum("orders_90d").alias("orders_90d"),
        most("channel", "orders").alias("main_channel"),
        *spans,
    )
    return (
        summed.withColumn("items", F.round("items").cast("bigint"))
        .withColumn("average_order_value", _ratio("gross_revenue", F.col("orders")).cast(MONEY))
        .withColumn("days_since_order", F.date_diff(F.lit(as_of), "last_order_on"))
        .withColumn("days", F.date_diff("last_order_on", "first_order_on").cast("double"))
        .withColumn("order_interval_days", _ratio("days", F.col("orders") - 1))
        .drop("days")
    )


def _products(lines: DataFrame) -> DataFrame:
    """Find what was bought most: by the sale lines, then the revenue, then the name."""
    by_product = (
        lines.where(is_sale() & F.col("product_id").isNotNull())
        .groupBy("person_id", "department", "product_id")
        .agg(F.count("*").alias("lines"), gross_revenue().alias("spent"))
    )
    by_department = by_product.groupBy("person_id", "department").agg(
        F.count("*").alias("products"),
        F.min(_rank("product_id", "lines", "spent")).alias("top_product"),
        F.sum("lines").alias("lines"),
        F.sum("spent").alias("spent"),
    )
    return by_department.groupBy("person_id").agg(
        F.sum("products").alias("products"),
        F.min("top_product")["name"].alias("top_product"),
        most("department", "lines", "spent").alias("top_department"),
    )


def most(name: str, *measures: str) -> Column:
    """Aggregate: the name with the greatest measures, the smaller name among equals; no nulls."""
    return F.min(
        F.when(F.col(name).isNotNull() & (F.col(measures[0]) > 0), _rank(name, *measures))
    )["name"]


def _rank(name: str, *measures: str) -> Column:
    """Order the greatest measures first, and equals by name."""
    return F.struct(*((-F.col(m)).alias(m) for m in measures), F.col(name).alias("name"))


def _of_sale(column: str) -> Column:
    return F.when(is_sale(), F.col(column))


def _ratio(numerator: str, denominator: Column) -> Column:
    return F.when(denominator > 0, F.col(numerator) / denominator)
