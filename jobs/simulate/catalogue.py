"""The products: what each is, costs and holds in stock on a day, in closed form.

A product is a whole number. Shelf, style, brand, tier, quality and price are functions of it, so
frames of any size can ask for them without a join to the catalogue.
"""

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs.simulate.assortment import (
    BRANDS,
    BRANDS_A_DEPARTMENT,
    SHELVES,
    SHELVES_A_DEPARTMENT,
    STYLE_WORDS,
    STYLES,
    TIERS,
    shelf_index,
)
from jobs.simulate.chance import Chance, nth, numbers, texts
from jobs.simulate.clock import DAY, HOUR, Clock
from jobs.simulate.settings import CURRENCY, SimulateSettings

DELIVERY_FEE = "P-DELIVERY"
GIFT_CARD = "P-GIFTCARD-25"
STOCK_CYCLE = 14
"""Days between two stock counts of a product."""


class Catalogue:
    """Answers for the columns of a product, given as a whole number from 0 to `products - 1`."""

    def __init__(self, settings: SimulateSettings, chance: Chance) -> None:
        self._settings = settings
        self._chance = chance

    def on_shelf(self, shelf: Column, uniform: Column) -> Column:
        """Return a product of a shelf; the exponent gives the long tail of popularity."""
        size = F.floor((self._settings.products - 1 - shelf) / len(SHELVES)) + 1
        rank = F.floor(size * F.pow(uniform, 2.2))
        return (rank * len(SHELVES) + shelf).cast("int")

    def shelf(self, product: Column) -> Column:
        """Return the zero-based shelf."""
        return (product % len(SHELVES)).cast("int")

    def style(self, product: Column) -> Column:
        """Return the zero-based style."""
        return self._chance.whole(len(STYLES), "product style", product)

    def tier(self, product: Column) -> Column:
        """Return the price tier, 0 cheap to 4 dear."""
        return self._chance.whole(len(TIERS), "product tier", product)

    def brand(self, product: Column) -> Column:
        """Return the brand's place within the department."""
        return self._chance.whole(BRANDS_A_DEPARTMENT, "product brand", product)

    def quality(self, product: Column) -> Column:
        """Return the latent quality, standard normal."""
        return self._chance.normal("quality", product)

    def launch(self, product: Column) -> Column:
        """Return the day of launch; the two most popular of a shelf are always there already."""
        late = (product >= 2 * len(SHELVES)) & self._chance.chance(0.08, "launched late", product)
        return F.when(
            late, 1 + self._chance.whole(self._settings.days, "launch", product)
        ).otherwise(-self._chance.whole(800, "launch", product))

    def price(self, product: Column, day: Column) -> Column:
        """Return the list price on a day as decimal(10,2), ending in 9 pence."""
        base = F.get(numbers([shelf.price for shelf in SHELVES]), self.shelf(product))
        tier = F.get(numbers(TIERS), self.tier(product))
        noise = F.exp(0.12 * self._chance.normal("price", product))
        raw = base * tier * noise * self._factor(product, day)
        return (F.greatest(F.lit(1.0), F.ceil(raw * 10)) / 10 - 0.01).cast("decimal(10,2)")

    def price_change(self, product: Column, change: int) -> Column:
        """Return the day of a product's first (0) or second (1) change of price."""
        half = max(1, self._settings.days // 2)
        return 1 + change * half + self._chance.whole(half, f"price change {change}", product)

    def _factor(self, product: Column, day: Column) -> Column:
        factors = ("0.80", "0.90", "1.00", "1.05", "1.10")
        first = self._chance.pick(factors, "price factor 0", product).cast("double")
        second = self._chance.pick(factors, "price factor 1", product).cast("double")
        return (
            F.when(day >= self.price_change(product, 1), second)
            .when(day >= self.price_change(product, 0), first)
            .otherwise(1.0)
        )

    def stock(self, product: Column, day: Column) -> Column:
        """Return the stock of the last count; one count in 20 finds none."""
        count = F.floor((day + product) / STOCK_CYCLE)
        empty = self._chance.chance(0.05, "sold out", product, count)
        return F.when(empty, 0).otherwise(3 + self._chance.whole(220, "stock", product, count))

    def name(self, product: Column) -> Column:
        """Return a name such as `Elowen Natural Face Cream 07`."""
        style = F.initcap(nth(STYLES, self.style(product)))
        noun = F.initcap(nth([shelf.noun for shelf in SHELVES], self.shelf(product)))
        model = F.lpad((F.floor(product / len(SHELVES)) + 1).cast("string"), 2, "0")
        return F.concat_ws(" ", self.brand_name(product), style, noun, model)

    def brand_name(self, product: Column) -> Column:
        """Return the brand."""
        names = [name for row in BRANDS.values() for name in row]
        department = F.floor(self.shelf(product) / SHELVES_A_DEPARTMENT)
        return nth(names, (department * BRANDS_A_DEPARTMENT + self.brand(product)).cast("int"))

    def category(self, product: Column) -> Column:
        """Return the path `Department > Shelf`."""
        return nth([f"{shelf.department} > {shelf.name}" for shelf in SHELVES], self.shelf(product))

    def description(self, product: Column) -> Column:
        """Return two sentences made of the shelf's words and the style's."""
        words = nth([shelf.words for shelf in SHELVES], self.shelf(product))
        noun = nth([shelf.noun for shelf in SHELVES], self.shelf(product))
        mood = nth([STYLE_WORDS[style] for style in STYLES], self.style(product))
        grade = F.get(
            texts(
                [
                    "Great value.",
                    "Everyday price.",
                    "A family favourite.",
                    "A treat.",
                    "The best we have.",
                ]
            ),
            self.tier(product),
        )
        return F.concat_ws(
            " ", F.concat(F.initcap(noun), F.lit(": "), words, F.lit(".")), mood, grade
        )

    def companion_shelf(self, shelf: Column) -> Column:
        """Return the shelf bought along with this one."""
        places = [float(shelf_index(row.companion)) for row in SHELVES]
        return F.get(numbers(places), shelf).cast("int")


def product_id(product: Column) -> Column:
    """Return the id the systems use."""
    return F.concat(F.lit("P"), F.lpad((product + 1).cast("string"), 6, "0"))


def catalogue_rows(
    spark: SparkSession, settings: SimulateSettings, catalogue: Catalogue, clock: Clock
) -> DataFrame:
    """Make the catalogue's deliveries: all on the first day, afterwards what changed on a day."""
    product, day = F.col("product"), F.col("day")
    changed = (
        (day == 0)
        | (day == catalogue.launch(product))
        | (day == catalogue.price_change(product, 0))
        | (day == catalogue.price_change(product, 1))
        # Stock is counted on working days only: the feed is thin at week-ends.
        | (((day + product) % STOCK_CYCLE == 0) & (F.dayofweek(clock.date(day)).between(2, 6)))
    )
    days = F.explode(F.sequence(F.lit(0), F.lit(settings.days - 1)))
    sellable = (
        spark.range(settings.products)
        .select(F.col("id").cast("int").alias("product"), days.alias("day"))
        .where((day >= catalogue.launch(product)) & changed)
    )
    number = product_id(product)
    goods = sellable.select(
        day,
        number.alias("product_id"),
        F.concat(F.lit("SKU-"), F.substring(number, 2, 6)).alias("sku"),
        catalogue.name(product).alias("name"),
        catalogue.description(product).alias("description"),
        catalogue.category(product).alias("category"),
        catalogue.brand_name(product).alias("brand"),
        catalogue.price(product, day).alias("price"),
        F.lit(CURRENCY).alias("currency"),
        F.concat(F.lit("https://shop.example/p/"), number).alias("url"),
        F.concat(F.lit("https://img.shop.example/"), number, F.lit(".jpg")).alias("image_url"),
        catalogue.stock(product, day).cast("int").alias("stock"),
        F.lit("product").alias("item_type"),
        clock.date(catalogue.launch(product)).alias("launched_on"),
        clock.local(day.cast("long") * DAY + 3 * HOUR).alias("updated_at"),
    )
    return goods.unionByName(_extras(goods))


def _extras(goods: DataFrame) -> DataFrame:
    """Add what stands in the catalogue but is no product: a delivery fee and a gift card."""
    first = goods.where((F.col("day") == 0) & (F.col("product_id") == "P000001"))
    extras = F.explode(
        F.array(
            _extra(DELIVERY_FEE, "Standard delivery", "service", "3.95"),
            _extra(GIFT_CARD, "Gift card 25", "gift_card", "25.00"),
        )
    )
    listed = first.withColumn("extra", extras)
    for name in ("product_id", "sku", "name", "price", "item_type"):
        listed = listed.withColumn(name, F.col(f"extra.{name}"))
    return (
        listed.withColumn("description", F.col("name"))
        .withColumn("category", F.lit("Services > Checkout"))
        .withColumn("brand", F.lit(None).cast("string"))
        .withColumn("stock", F.lit(None).cast("int"))
        .withColumn("url", F.lit(None).cast("string"))
        .withColumn("image_url", F.lit(None).cast("string"))
        .drop("extra")
    )


def _extra(number: str, name: str, item_type: str, price: str) -> Column:
    return F.struct(
        F.lit(number).alias("product_id"),
        F.lit(number.replace("P-", "SKU-")).alias("sku"),
        F.lit(name).alias("name"),
        F.lit(price).cast("decimal(10,2)").alias("price"),
        F.lit(item_type).alias("item_type"),
    )
