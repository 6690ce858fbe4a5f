"""Order lines: sales, delivery fees and gift cards, cancellations and returns."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.simulate.assortment import SHELVES
from jobs.simulate.catalogue import DELIVERY_FEE, GIFT_CARD, Catalogue, product_id
from jobs.simulate.chance import Chance
from jobs.simulate.clock import DAY, HOUR, Clock, day_of
from jobs.simulate.settings import (
    CURRENCY,
    FOREIGN_CURRENCY,
    FOREIGN_RATE,
    SimulateSettings,
)

ORDER_COLUMNS = ("session", "person", "day", "order_id", "ordered_second", "channel", "store_id",
                 "customer_no", "account_id", "device_id", "likes_deals")  # fmt: skip


def sale_lines(
    sessions: DataFrame,
    views: DataFrame,
    settings: SimulateSettings,
    chance: Chance,
    catalogue: Catalogue,
) -> DataFrame:
    """Make one row a line sold, with true person and session; amounts are exact decimals."""
    session, line_no = F.col("session"), F.col("line_no")
    rate = F.when(_foreign(settings, chance), FOREIGN_RATE).otherwise(1.0)
    goods = _goods(views, chance, catalogue)
    lines = goods.unionByName(_fees(sessions, chance))
    return (
        lines.withColumn("unit_price", F.round(F.col("list_price") * rate, 2).cast("decimal(10,2)"))
        .withColumn(
            "discount",
            F.round(
                F.col("unit_price").cast("double") * F.col("quantity") * _discount_share(chance), 2
            ).cast("decimal(10,2)"),
        )
        .withColumn(
            "currency",
            F.when(_foreign(settings, chance), FOREIGN_CURRENCY).otherwise(CURRENCY),
        )
        .withColumn(
            "cancelled", (F.col("channel") != "store") & chance.chance(0.02, "cancelled", session)
        )
        .withColumn(
            "returned",
            (F.col("product") >= 0)
            & ~F.col("cancelled")
            & chance.chance(0.05, "returned", session, line_no),
        )
    )


def _goods(views: DataFrame, chance: Chance, catalogue: Catalogue) -> DataFrame:
    session, position, product = F.col("session"), F.col("position"), F.col("product")
    consumable = F.get(
        F.array(*[F.lit(shelf.consumable) for shelf in SHELVES]), catalogue.shelf(product)
    )
    many = 1 + chance.whole(3, "quantity", session, position)
    return views.where("wanted").select(
        *ORDER_COLUMNS,
        "kind",
        "affinity",
        "product",
        (position + 1).alias("line_no"),
        product_id(product).alias("product_id"),
        F.when(consumable & chance.chance(0.4, "several", session, position), many)
        .otherwise(1)
        .alias("quantity"),
        catalogue.price(product, F.col("day")).alias("list_price"),
    )


def _fees(sessions: DataFrame, chance: Chance) -> DataFrame:
    """Add a delivery fee to a third of the web's orders, and a gift card to a few of any."""
    session = F.col("session")
    pays_delivery = (F.col("channel") != "store") & chance.chance(0.33, "delivery fee", session)
    gives_card = chance.chance(0.012, "gift card", session)
    extras = F.array_compact(
        F.array(
            F.when(pays_delivery, _extra(1, DELIVERY_FEE, "3.95")),
            F.when(gives_card, _extra(2, GIFT_CARD, "25.00")),
        )
    )
    return (
        sessions.where("bought > 0")
        .withColumn("extra", F.explode(extras))
        .select(
            *ORDER_COLUMNS,
            "kind",
            F.lit(0.0).alias("affinity"),
            F.lit(-1).alias("product"),
            (F.col("bought") + F.col("extra.place")).alias("line_no"),
            F.col("extra.product_id").alias("product_id"),
            F.lit(1).alias("quantity"),
            F.col("extra.price").alias("list_price"),
        )
    )


def _extra(place: int, number: str, price: str) -> Column:
    return F.struct(
        F.lit(place).alias("place"),
        F.lit(number).alias("product_id"),
        F.lit(price).cast("decimal(10,2)").alias("price"),
    )


def _foreign(settings: SimulateSettings, chance: Chance) -> Column:
    return (F.col("channel") != "store") & chance.chance(
        settings.foreign_share, "foreign", F.col("session")
    )


def _discount_share(chance: Chance) -> Column:
    """Return the share off: deal hunters find one on half of their lines, others on a tenth."""
    session, line_no = F.col("session"), F.col("line_no")
    found = chance.chance(
        F.when(F.col("likes_deals"), 0.5).otherwise(0.1), "deal", session, line_no
    )
    share = F.element_at(
        F.array(*[F.lit(share) for share in (0.05, 0.1, 0.2, 0.3)]),
        1 + chance.whole(4, "deal share", session, line_no),
    )
    return F.when(found & (F.col("product") >= 0), share).otherwise(0.0)


def order_rows(
    lines: DataFrame, settings: SimulateSettings, chance: Chance, clock: Clock
) -> DataFrame:
    """Write the lines as the order system exports them.

    A cancellation takes back all lines of an order some hours later, a return one line some days
    later; both carry a negative quantity and discount and name the order they take back.
    """
    session, line_no = F.col("session"), F.col("line_no")
    sold = F.col("ordered_second")
    # Whole days: goods come back at the hour at which the person shops.
    after_return = (2 + chance.whole(18, "return after", session, line_no)) * DAY
    after_cancel = HOUR + chance.whole(5 * HOUR, "cancel after", session)
    none = F.lit(None).cast("string")
    told = F.array_compact(
        F.array(
            _told("sale", "O", F.lit(1), sold, none),
            F.when(
                F.col("cancelled"),
                _told("cancellation", "X", F.lit(-1), sold + after_cancel, F.col("order_id")),
            ),
            F.when(
                F.col("returned"),
                _told("return", "R", F.lit(-1), sold + after_return, F.col("order_id")),
            ),
        )
    )
    at = F.col("told.second")
    return (
        lines.withColumn("told", F.explode(told))
        .where(at < settings.days * DAY)
        .select(
            day_of(at).alias("day"),
            at.alias("place"),
            F.concat(F.col("told.prefix"), F.substring("order_id", 2, 16)).alias("order_id"),
            line_no.cast("string").alias("line_no"),
            clock.local_text(at).alias("ordered_at"),
            "customer_no",
            "account_id",
            "device_id",
            "channel",
            "store_id",
            F.col("told.kind").alias("kind"),
            F.col("told.original").alias("original_order_id"),
            "product_id",
            (F.col("quantity") * F.col("told.sign")).cast("string").alias("quantity"),
            F.col("unit_price").cast("string").alias("unit_price"),
            (F.col("discount") * F.col("told.sign"))
            .cast("decimal(10,2)")
            .cast("string")
            .alias("discount"),
            "currency",
        )
    )


def _told(kind: str, prefix: str, sign: Column, second: Column, original: Column) -> Column:
    return F.struct(
        F.lit(kind).alias("kind"),
        F.lit(prefix).alias("prefix"),
        sign.alias("sign"),
        second.cast("long").alias("second"),
        original.alias("original"),
    )
