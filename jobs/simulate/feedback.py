"""Reviews: stars from quality and fit, words that fit the stars."""

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.simulate.assortment import SHELVES
from jobs.simulate.catalogue import Catalogue
from jobs.simulate.chance import Chance, nth
from jobs.simulate.clock import DAY, Clock, day_of
from jobs.simulate.settings import SimulateSettings

OPENINGS = {
    1: ("Terrible {}.", "The worst {} I have ever bought.", "Awful, this {} is useless.",
        "Broken on arrival, avoid this {}."),
    2: ("Disappointed with this {}.", "Poor {} for the money.", "Not what I hoped for in a {}.",
        "This {} looks cheap and feels worse."),
    3: ("The {} is okay.", "An average {}.", "This {} does the job, nothing special.",
        "Mixed feelings about this {}."),
    4: ("Very good {}.", "Happy with this {}.", "A nice {}, works well.",
        "Pleased with the {}, good value."),
    5: ("Absolutely love this {}!", "Excellent {}, perfect in every way.", "Best {} ever!",
        "Wonderful {}, I am delighted."),
}  # fmt: skip
CLOSINGS = {
    1: ("Want my money back.", "Never again.", "A complete waste of money.",
        'They call it "quality". It is rubbish.'),
    2: ("Would not buy again.", "It let me down within a week.", "Expected better, sadly.",
        "Delivery was slow as well."),
    3: ("Neither good nor bad.", "Fine for now.", "It is alright for the price.",
        "Some things I like, others less."),
    4: ("Would buy again.", "Small flaws but good overall.", "Good quality.", "Arrived quickly."),
    5: ("Highly recommend it.", "Will definitely buy again!", "Amazing quality.",
        "My whole family loves it \U0001f60d"),
}  # fmt: skip


def feedback_rows(
    lines: DataFrame,
    settings: SimulateSettings,
    chance: Chance,
    clock: Clock,
    catalogue: Catalogue,
) -> DataFrame:
    """Write a review for one known line in eight, two days to two weeks after the order."""
    session, line_no = F.col("session"), F.col("line_no")
    written = (
        F.col("ordered_second") + 2 * DAY + chance.whole(12 * DAY, "written", session, line_no)
    )
    feeling = (
        3.5
        + 0.8 * catalogue.quality(F.col("product"))
        + 0.3 * F.col("affinity")
        + 0.6 * chance.normal("feeling", session, line_no)
        - F.when(F.col("returned"), 1.8).otherwise(0.0)
    )
    reviewed = (
        lines.where(
            (F.col("product") >= 0) & F.col("customer_no").isNotNull() & ~F.col("cancelled")
        )
        .where(chance.chance(0.13, "reviews", session, line_no))
        .withColumn("written", written)
        .where(F.col("written") < settings.days * DAY)
        .withColumn("rating", F.greatest(F.lit(1), F.least(F.lit(5), F.round(feeling).cast("int"))))
    )
    noun = nth([shelf.noun for shelf in SHELVES], catalogue.shelf(F.col("product")))
    opening = _phrase(OPENINGS, chance.whole(4, "opening", session, line_no))
    closing = _phrase(CLOSINGS, chance.whole(4, "closing", session, line_no))
    return reviewed.select(
        day_of(F.col("written")).alias("day"),
        F.col("written").alias("place"),
        F.concat(F.lit("F"), chance.code("feedback", session, line_no)).alias("feedback_id"),
        "customer_no",
        "product_id",
        "rating",
        F.concat_ws(" ", F.replace(opening, F.lit("{}"), noun), closing).alias("text"),
        clock.offset_text(F.col("written")).alias("written_at"),
    )


def _phrase(phrases: Mapping[int, tuple[str, ...]], turn: Column) -> Column:
    flat = [phrase for stars in sorted(phrases) for phrase in phrases[stars]]
    return nth(flat, (F.col("rating") - 1) * 4 + turn)
