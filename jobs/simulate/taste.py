"""Which product a person takes: department, shelf, then the best of a few by style and budget.

A person's fondness for a product is thus of low rank (department, shelf, style, tier, brand), which
is what factor models can find, with noise on top.
"""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.simulate.assortment import (
    BRANDS_A_DEPARTMENT,
    DEPARTMENTS,
    SEASONS,
    SHELVES,
    SHELVES_A_DEPARTMENT,
)
from jobs.simulate.catalogue import Catalogue
from jobs.simulate.chance import Chance, numbers, place_in
from jobs.simulate.clock import Clock
from jobs.simulate.people import taste_share

CANDIDATES = 6
EXPLORED_VIEWS = 0.3
EXPLORED_PURCHASES = 0.08
"""Shares of views and purchases that are off a person's taste: gifts, errands, curiosity."""


class Taste:
    """Draws products for the person, whose columns stand in the row."""

    def __init__(self, catalogue: Catalogue, chance: Chance, clock: Clock) -> None:
        self._catalogue = catalogue
        self._chance = chance
        self._clock = clock

    def with_product(self, frame: DataFrame, into: str, *keys: Column) -> DataFrame:
        """Add a product for every row, by the row's `day` and `wanted` (it will be bought).

        A row that has a `shelf` already keeps to it. Each step is a column of its own: nested
        into one expression the draws would be copied hundreds of times.
        """
        department, on_shelf, turns = F.col("_department"), F.col("_shelf"), range(CANDIDATES)
        candidates = [
            self._catalogue.on_shelf(on_shelf, self._chance.uniform(f"candidate {turn}", *keys))
            for turn in turns
        ]
        scored = F.transform(
            F.col("_candidates"),
            lambda candidate: F.struct(
                self._score(candidate, *keys).alias("score"), candidate.alias("product")
            ),
        )
        return (
            frame.withColumn("_loved", self._loved_department(*keys))
            .withColumn("_department", self._department(*keys))
            .withColumn("_shelf", F.coalesce(F.col("shelf"), self._shelf(department, *keys)))
            # The shelf's favourite, on sale from the first day, is a candidate always.
            .withColumn("_candidates", F.array(*candidates, on_shelf))
            .withColumn("_best", F.array_max(scored))
            .withColumn(into, F.col("_best.product"))
            .drop("_loved", "_department", "_shelf", "_candidates", "_best")
        )

    def companion_shelf(self, product: Column) -> Column:
        """Return the shelf that goes with another product's shelf."""
        return self._catalogue.companion_shelf(self._catalogue.shelf(product))

    def affinity(self, product: Column) -> Column:
        """Return how well a product fits the person's style, budget and brand, about -2 to 2.5."""
        department = F.floor(self._catalogue.shelf(product) / SHELVES_A_DEPARTMENT)
        style = self._catalogue.style(product)
        loved = self._chance.whole(BRANDS_A_DEPARTMENT, "loved brand", F.col("person"), department)
        return (
            F.when(style == F.col("style_first"), 1.6)
            .when(style == F.col("style_second"), 0.7)
            .otherwise(0.0)
            - 0.6 * F.abs(self._catalogue.tier(product) - F.col("budget_tier"))
            + F.when(self._catalogue.brand(product) == loved, 0.9).otherwise(0.0)
        )

    def habitual_shelf(self, habit: Column) -> Column:
        """Return the consumable shelf of a habit: of four, the one in the best loved department."""
        shelves = [float(place) for place, shelf in enumerate(SHELVES) if shelf.consumable]
        scored = F.transform(
            F.sequence(F.lit(0), F.lit(3)),
            lambda turn: self._habit(numbers(shelves), len(shelves), habit, turn),
        )
        return F.array_max(scored).getField("shelf")

    def _habit(self, shelves: Column, count: int, habit: Column, turn: Column) -> Column:
        place = self._chance.whole(count, "habit shelf", F.col("person"), habit, turn)
        shelf = F.get(shelves, place).cast("int")
        department = F.floor(shelf / SHELVES_A_DEPARTMENT).cast("int")
        return F.struct(taste_share(department).alias("score"), shelf.alias("shelf"))

    def _score(self, candidate: Column, *keys: Column) -> Column:
        noise = 0.7 * self._chance.gumbel("candidate noise", candidate, *keys)
        launched = self._catalogue.launch(candidate) <= F.col("day")
        return self.affinity(candidate) + noise - F.when(launched, 0.0).otherwise(100.0)

    def _shelf(self, department: Column, *keys: Column) -> Column:
        favourite = self._chance.whole(
            SHELVES_A_DEPARTMENT, "favourite shelf", F.col("person"), department
        )
        # Squaring sends half of the draws to the favourite shelf of the department.
        step = F.floor(SHELVES_A_DEPARTMENT * F.pow(self._chance.uniform("shelf", *keys), 2.0))
        within = (favourite + step) % SHELVES_A_DEPARTMENT
        return (department * SHELVES_A_DEPARTMENT + within).cast("int")

    def _loved_department(self, *keys: Column) -> Column:
        return place_in(F.col("taste_shares"), self._chance.uniform("department", *keys))

    def _department(self, *keys: Column) -> Column:
        first = F.col("_loved")
        again = place_in(F.col("taste_shares"), self._chance.uniform("department 2", *keys))
        out_of_season = self._chance.uniform("season", *keys) * 1.6 > self._season(
            first, F.col("day")
        )
        share = F.when(F.col("wanted"), EXPLORED_PURCHASES).otherwise(EXPLORED_VIEWS)
        explored = self._chance.uniform("explored", *keys) < share
        anywhere = self._chance.whole(len(DEPARTMENTS), "anywhere", *keys)
        return F.when(explored, anywhere).when(out_of_season, again).otherwise(first)

    def _season(self, department: Column, day: Column) -> Column:
        factors = [factor for name in DEPARTMENTS for factor in SEASONS.get(name, (1.0,) * 12)]
        month = F.month(self._clock.date(day)) - 1
        return F.get(numbers(factors), (department * 12 + month).cast("int"))
