"""Visits to shop, app and store: browsing, rebuying, following a message, being nudged by one."""

from datetime import timedelta
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.simulate.chance import Chance, numbers
from jobs.simulate.clock import DAY, HOUR
from jobs.simulate.messages import Campaigns, message_products
from jobs.simulate.settings import SimulateSettings
from jobs.simulate.taste import Taste

WEEKDAYS = (0.85, 0.85, 0.9, 0.95, 1.1, 1.3, 1.2)
"""Relative visits from Monday to Sunday."""
MONTHS = (0.85, 0.85, 0.95, 1.0, 1.0, 1.0, 0.95, 0.9, 1.0, 1.05, 1.35, 1.5)
"""Relative visits from January to December."""
HABITS = 2
PERSON_COLUMNS = (
    "person", "household", "shares_tablet", "device_count", "uses_app", "taste_shares",
    "style_first", "style_second", "budget_tier", "likes_deals", "record_count", "record_since",
    "account_since", "account_linked",
)  # fmt: skip
"""What of a person goes along with a visit, so that nothing downstream must join."""
KINDS = ("browse", "message", "replenish", "nudge", "store")


def visits(
    people: DataFrame,
    messages: DataFrame,
    habit: DataFrame,
    settings: SimulateSettings,
    chance: Chance,
    campaigns: Campaigns,
) -> DataFrame:
    """Make one row a visit: the person's columns, the day, the second, the kind of visit."""
    sources = [
        _browsing(people, settings, chance, campaigns),
        _rebuying(habit, settings, chance),
        _following(messages, chance),
        _nudged(messages, chance),
    ]
    return reduce(DataFrame.unionByName, sources)


def habits(
    people: DataFrame, settings: SimulateSettings, chance: Chance, taste: Taste
) -> DataFrame:
    """Make one row a person and consumable that is rebought at a rhythm of `period` days."""
    person, habit = F.col("person"), F.col("habit")
    return (
        people.withColumn("habit", F.explode(F.sequence(F.lit(0), F.lit(HABITS - 1))))
        .where(chance.chance(0.28, "has habit", person, habit))
        .withColumn("period", 12 + chance.whole(24, "period", person, habit))
        .withColumn("since", F.greatest(F.lit(0), F.col("arrives")))
        .withColumn("phase", F.col("since") + chance.whole(F.col("period"), "phase", person, habit))
        .where(F.col("phase") < settings.days)
        .withColumn("shelf", taste.habitual_shelf(habit))
        .withColumn("day", F.lit(0))
        .withColumn("wanted", F.lit(True))
        .transform(taste.with_product, "first_product", person, habit)
    )


def _browsing(
    people: DataFrame, settings: SimulateSettings, chance: Chance, campaigns: Campaigns
) -> DataFrame:
    person, day = F.col("person"), F.col("day")
    weights = []
    for ahead in range(settings.days):
        on = settings.first_day + timedelta(days=ahead)
        weights.append(WEEKDAYS[on.weekday()] * MONTHS[on.month - 1])
    start = F.greatest(F.lit(0), F.col("arrives"))
    end = F.least(F.lit(settings.days), F.col("leaves"))
    fading = F.when(F.col("leaves") - day <= 14, 0.45).otherwise(1.0)
    campaign = F.floor(day / settings.days_between_campaigns)
    expected = (
        F.col("visit_rate")
        * F.get(numbers(weights), day)
        * fading
        * F.when(F.col("annoyed"), 1.0 - F.col("annoyance")).otherwise(1.0)
    )
    rate, draw = F.col("rate"), F.col("draw")
    kind = F.when(
        chance.uniform("store", person, day, F.col("turn")) < F.col("store_share"), "store"
    ).otherwise("browse")
    return (
        people.where(start < end)
        .withColumn("day", F.explode(F.sequence(start, end - 1)))
        # One visit with probability `rate`, a second with half its square, as in a Poisson draw.
        .withColumn("annoyed", (F.col("annoyance") > 0) & campaigns.was_sent(campaign))
        .withColumn("rate", expected)
        .withColumn("draw", chance.uniform("visits", person, day))
        .withColumn("times", (draw < rate).cast("int") + (draw < rate * rate / 2).cast("int"))
        .where("times > 0")
        .withColumn("turn", F.explode(F.sequence(F.lit(1), F.col("times"))))
        .withColumn("kind", kind)
        .transform(_visit, _usual_second(chance, day, F.col("turn")))
    )


def _rebuying(habit: DataFrame, settings: SimulateSettings, chance: Chance) -> DataFrame:
    person, turn = F.col("person"), F.col("turn")
    last = F.floor((settings.days - 1 - F.col("phase")) / F.col("period")).cast("int")
    wobble = F.round(1.2 * chance.normal("wobble", person, F.col("habit"), turn)).cast("int")
    return (
        habit.withColumn("turn", F.explode(F.sequence(F.lit(0), last)))
        .withColumn("day", F.col("phase") + turn * F.col("period") + wobble)
        .where("day >= since")
        .where((F.col("day") < settings.days) & (F.col("day") < F.col("leaves")))
        .withColumn("turn", turn * HABITS + F.col("habit"))
        .withColumn("kind", F.lit("replenish"))
        .transform(_visit, _usual_second(chance, F.col("day"), turn + 100))
    )


def _following(messages: DataFrame, chance: Chance) -> DataFrame:
    shown = F.array(*message_products(chance))
    clicked = chance.whole(F.size(shown), "clicked product", F.col("person"), F.col("campaign"))
    return (
        messages.where("clicked")
        .withColumn("first_product", F.get(shown, clicked))
        .withColumn("day", F.col("sent_day"))
        .withColumn("turn", F.col("campaign"))
        .withColumn("kind", F.lit("message"))
        .transform(_visit, F.col("clicked_at") + 3)
    )


def _nudged(messages: DataFrame, chance: Chance) -> DataFrame:
    return (
        messages.where("caused_order")
        .withColumn("day", F.col("sent_day") + 1)
        .withColumn("turn", F.col("campaign"))
        .withColumn("kind", F.lit("nudge"))
        .transform(_visit, _usual_second(chance, F.col("day"), F.col("turn") + 200))
    )


def _usual_second(chance: Chance, day: Column, turn: Column) -> Column:
    """Return a start around the person's hour, early enough to end before midnight."""
    drift = 2.2 * chance.normal("visit hour", F.col("person"), day, turn)
    hour = F.greatest(F.lit(6.2), F.least(F.lit(22.8), F.col("home_hour") + drift))
    return F.floor(day * DAY + hour * HOUR)


def _visit(source: DataFrame, second: Column) -> DataFrame:
    """Keep the person's columns that later steps ask for, and what the source said."""
    optional = {"first_product": "int", "message": "string", "campaign": "int"}
    kind_code = F.array_position(F.array(*[F.lit(kind) for kind in KINDS]), F.col("kind"))
    return source.select(
        *PERSON_COLUMNS,
        F.col("day").cast("int").alias("day"),
        "kind",
        (F.col("turn") * len(KINDS) + kind_code).cast("int").alias("turn"),
        second.cast("long").alias("second"),
        *[
            (F.col(name) if name in source.columns else F.lit(None)).cast(type_).alias(name)
            for name, type_ in optional.items()
        ],
    )
