"""Who lives in the world: households, names, tastes, habits and when they come and go."""

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs.simulate.assortment import DEPARTMENTS, STYLES
from jobs.simulate.chance import Chance, nth, numbers, running_share
from jobs.simulate.clock import DAY, HOUR
from jobs.simulate.consents import with_consents
from jobs.simulate.families import families
from jobs.simulate.settings import SimulateSettings
from jobs.simulate.spelling import mail_address
from jobs.simulate.vocabulary import (
    FEMALE_NAMES,
    LAST_NAMES,
    MALE_NAMES,
    STAGE_AGES,
    STAGE_TASTES,
    STAGES,
)

NEVER = 1_000_000
"""A day no world reaches: the last day of those who stay."""
RECORD_COUNTS = {"0": 0.1, "1": 0.54, "2": 0.22, "3": 0.1, "4": 0.04}
"""How many CRM records people have."""
HARD_RECORD_COUNTS = {"0": 0.08, "1": 0.28, "2": 0.25, "3": 0.18, "4": 0.12, "5": 0.06, "6": 0.03}


def people(
    spark: SparkSession, settings: SimulateSettings, chance: Chance, parts: int
) -> DataFrame:
    """Make one row a person; every later frame explodes from it without a join.

    Days count from the first day and may be negative; seconds likewise, in shop-local time.
    """
    persons = spark.range(0, settings.people, 1, parts).withColumnRenamed("id", "person")
    if settings.hard:
        housed = persons.transform(families, settings, chance)
    else:
        housed = persons.transform(_household, chance).transform(_identity, settings, chance)
    return (
        housed.transform(_tastes, chance)
        .transform(_rhythm, settings, chance)
        .transform(_reactions, chance)
        .transform(_accounts, settings, chance)
        .transform(_mail, settings, chance)
        .transform(with_consents, settings, chance)
    )


def _household(persons: DataFrame, chance: Chance) -> DataFrame:
    """Pair neighbours into households that share an address, and sometimes mail and devices."""
    person = F.col("person")
    pair = F.floor(person / 2)
    return (
        persons.withColumn("together", chance.chance(0.34, "together", pair))
        .withColumn("household", F.when(F.col("together"), pair * 2).otherwise(person))
        .withColumn("stage_drawn", chance.weighted(STAGES, "stage", F.col("household")))
        .withColumn(
            "stage",
            F.when(
                F.col("together") & F.col("stage_drawn").isin("student", "single"), "couple"
            ).otherwise(F.col("stage_drawn")),
        )
        .withColumn(
            "shares_mail",
            F.col("together") & chance.chance(0.25, "family mail", F.col("household")),
        )
        .withColumn(
            "shares_tablet", F.col("together") & chance.chance(0.5, "tablet", F.col("household"))
        )
        .drop("stage_drawn")
    )


def _identity(persons: DataFrame, settings: SimulateSettings, chance: Chance) -> DataFrame:
    """Give names and birth dates; a few households hold two people of one full name."""
    person, household = F.col("person"), F.col("household")
    namesakes = F.col("together") & chance.chance(0.05, "junior", household)
    name_key = F.when(namesakes, household).otherwise(person)
    youngest = by_stage({stage: low for stage, (low, _) in STAGE_AGES.items()})
    span = by_stage({stage: high - low for stage, (low, high) in STAGE_AGES.items()})
    age_days = (youngest + span * chance.uniform("age", person)) * 365.25
    return (
        persons.withColumn(
            "gender", chance.weighted({"F": 0.5, "M": 0.48, "X": 0.02}, "gender", name_key)
        )
        .withColumn(
            "names",
            F.split(
                F.when(
                    F.col("gender") == "M", chance.pick(MALE_NAMES, "first name", name_key)
                ).otherwise(chance.pick(FEMALE_NAMES, "first name", name_key)),
                "/",
            ),
        )
        .withColumn("first_name", F.get("names", F.lit(0)))
        .withColumn("nickname", F.get("names", F.lit(1)))
        .withColumn("last_name", nth(LAST_NAMES, _surname(chance, household)))
        .withColumn("other_last_name", nth(LAST_NAMES, _surname(chance, person + settings.people)))
        .withColumn("born", F.date_sub(F.lit(settings.first_day), age_days.cast("int")))
        .drop("names")
    )


def _surname(chance: Chance, key: Column) -> Column:
    """Pick surnames with a head of common ones, as in any country."""
    return F.floor(F.pow(chance.uniform("last name", key), 1.7) * len(LAST_NAMES)).cast("int")


def _tastes(persons: DataFrame, chance: Chance) -> DataFrame:
    """Draw the weight of each department, two liked styles and a price tier (0 cheap, 4 dear).

    The spread of 1.5 gives the first department about two fifths of a person's choices.
    """
    person = F.col("person")
    base = {
        stage: [STAGE_TASTES[stage].get(department, 1.0) for department in DEPARTMENTS]
        for stage in STAGES
    }
    places = F.sequence(F.lit(0), F.lit(len(DEPARTMENTS) - 1))
    weights = F.transform(
        places,
        lambda place: (
            F.get(F.col("stage_weights"), place)
            * F.exp(1.5 * chance.normal("department taste", person, place))
        ),
    )
    wealth = by_stage(
        {"student": -0.8, "single": 0.1, "couple": 0.4, "young_family": -0.1,
         "established_family": 0.4, "retired": 0.0}
    )  # fmt: skip
    return (
        persons.withColumn("stage_weights", _stage_array(base))
        .withColumn("taste_weights", weights)
        .withColumn("taste_shares", running_share(F.col("taste_weights")))
        .withColumn("style_first", chance.whole(len(STYLES), "style", person))
        .withColumn(
            "style_second",
            (F.col("style_first") + 1 + chance.whole(len(STYLES) - 1, "style second", person))
            % len(STYLES),
        )
        .withColumn("wealth", wealth + 0.7 * chance.normal("wealth", F.col("household")))
        .withColumn(
            "budget_tier", F.greatest(F.lit(0.0), F.least(F.lit(4.0), 2.0 + 1.2 * F.col("wealth")))
        )
        .drop("stage_weights", "taste_weights")
    )


def _rhythm(persons: DataFrame, settings: SimulateSettings, chance: Chance) -> DataFrame:
    """Say when a person comes, how often, at which hour, and when they leave for good."""
    person = F.col("person")
    newcomer = chance.chance(0.12, "newcomer", person)
    arrives = F.when(
        newcomer, chance.whole(max(1, settings.days - 1), "arrives", person)
    ).otherwise(-1 - chance.whole(900, "arrives", person))
    since = F.greatest(F.lit(0), F.col("arrives"))
    fate = chance.uniform("fate", person)
    left_in_window = since + 1 + chance.whole(F.lit(settings.days), "leaves", person)
    home_hour = by_stage(
        {"student": 21.0, "single": 19.5, "couple": 18.5, "young_family": 13.0,
         "established_family": 17.5, "retired": 10.0}
    )  # fmt: skip
    return (
        persons.withColumn("arrives", arrives)
        .withColumn(
            "leaves",
            # Some left before the window opened: every customer base holds its dormant ones.
            F.when((fate < 0.06) & ~newcomer, F.greatest(F.lit(-60), F.col("arrives") + 1))
            .when(fate < 0.34, left_in_window)
            .otherwise(NEVER),
        )
        .withColumn("visit_rate", 0.075 * F.exp(0.7 * chance.normal("visit rate", person)))
        .withColumn(
            "home_hour",
            F.greatest(
                F.lit(7.0), F.least(F.lit(22.0), home_hour + 2.0 * chance.normal("hour", person))
            ),
        )
        .withColumn("store_share", F.pow(chance.uniform("store share", person), 2.0) * 0.5)
        .withColumn("device_count", 1 + chance.whole(3, "devices", person))
    )


def _reactions(persons: DataFrame, chance: Chance) -> DataFrame:
    """Say how a person takes messages: an uplift class as in Radcliffe and Surry (2011).

    The classes lean on the life stage, so that a model can find them in what a person does.
    """
    person = F.col("person")
    draw = chance.uniform("uplift class", person)
    persuadable = by_stage(
        {"student": 0.5, "single": 0.35, "couple": 0.2, "young_family": 0.3,
         "established_family": 0.12, "retired": 0.05}
    )  # fmt: skip
    averse = by_stage(
        {"student": 0.04, "single": 0.06, "couple": 0.1, "young_family": 0.08,
         "established_family": 0.2, "retired": 0.3}
    )  # fmt: skip
    return (
        persons.withColumn(
            "uplift_class",
            F.when(draw < persuadable, "persuadable")
            .when(draw < persuadable + averse, "sleeping_dog")
            .when(draw < persuadable + averse + 0.25, "sure_thing")
            .otherwise("lost_cause"),
        )
        .withColumn(
            "nudge_effect",
            F.when(
                F.col("uplift_class") == "persuadable",
                0.06 + 0.08 * chance.uniform("nudge", person),
            ).otherwise(0.0),
        )
        .withColumn(
            "annoyance", F.when(F.col("uplift_class") == "sleeping_dog", 0.6).otherwise(0.0)
        )
        .withColumn(
            "likes_deals",
            chance.chance(
                F.when(F.col("uplift_class") == "persuadable", 0.7).otherwise(0.2), "deals", person
            ),
        )
        .withColumn("open_lean", 0.9 * chance.normal("open lean", person))
        .withColumn("push_lean", 0.7 * chance.normal("push lean", person))
        .withColumn("sms_lean", 0.7 * chance.normal("sms lean", person))
        .withColumn("liked_tone", chance.whole(4, "liked tone", person))
    )


def _accounts(persons: DataFrame, settings: SimulateSettings, chance: Chance) -> DataFrame:
    """Say what systems know a person: CRM records, a web account, a loyalty card, and since when.

    `*_since` are seconds; null where the system does not know them.
    """
    person = F.col("person")
    known = F.greatest(F.col("arrives"), F.lit(-900)) * DAY
    opening = F.floor((8 + 12 * chance.uniform("record hour", person)) * HOUR).cast("long")
    return (
        persons.withColumn(
            "record_count",
            chance.weighted(
                HARD_RECORD_COUNTS if settings.hard else RECORD_COUNTS, "records", person
            ).cast("int"),
        )
        .withColumn("record_since", (known + opening).cast("long"))
        .withColumn(
            "account_since",
            F.when(
                chance.chance(0.76 if settings.hard else 0.86, "has account", person),
                known + chance.whole(8 * DAY, "account since", person) + 8 * HOUR,
            ).cast("long"),
        )
        .withColumn(
            "loyalty_since",
            F.when(
                chance.chance(0.5, "has card", person),
                known + chance.whole(30 * DAY, "card since", person),
            ).cast("long"),
        )
        .withColumn("uses_app", chance.chance(0.3, "app", person))
        .withColumn(
            "account_linked",
            F.col("account_since").isNotNull()
            & (F.col("record_count") > 0)
            & chance.chance(0.7, "linked", person),
        )
    )


def _mail(persons: DataFrame, settings: SimulateSettings, chance: Chance) -> DataFrame:
    """Add the address a person uses: their own, or the family's where they share one."""
    own = mail_address(chance, F.col("first_name"), F.col("last_name"), F.col("person"), 0)
    house_name = F.col("house_name" if settings.hard else "last_name")
    family = mail_address(chance, F.lit("family"), house_name, F.col("household"), 1)
    return persons.withColumn("mail", F.when(F.col("shares_mail"), family).otherwise(own))


def by_stage(values: Mapping[str, float]) -> Column:
    """Return the value of the row's life stage."""
    stages = F.array_position(F.array(*[F.lit(stage) for stage in values]), F.col("stage"))
    return F.get(numbers(list(values.values())), (stages - 1).cast("int"))


def taste_share(department: Column) -> Column:
    """Return the share of the person's choices that falls on a department, given by its place."""
    shares = F.col("taste_shares")
    before = F.when(department > 0, F.get(shares, department - 1)).otherwise(0.0)
    return F.get(shares, department) - before


def _stage_array(values: Mapping[str, list[float]]) -> Column:
    rows = F.array(*[numbers(row) for row in values.values()])
    place = F.array_position(F.array(*[F.lit(stage) for stage in values]), F.col("stage"))
    return F.get(rows, (place - 1).cast("int"))
