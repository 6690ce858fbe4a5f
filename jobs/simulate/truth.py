"""What is true in the world and no job may read: for measuring what the pipeline finds out."""

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs.simulate.assortment import DEPARTMENTS, SHELVES, STYLES
from jobs.simulate.catalogue import Catalogue, product_id
from jobs.simulate.chance import Chance, nth
from jobs.simulate.clock import DAY, Clock
from jobs.simulate.faults import CLEAN, DUPLICATE, LATE
from jobs.simulate.keys import account_id, customer_no, loyalty_no
from jobs.simulate.messages import TONES, campaign_id
from jobs.simulate.people import NEVER, taste_share
from jobs.simulate.records import crm_records
from jobs.simulate.settings import SimulateSettings


def true_persons(people: DataFrame, settings: SimulateSettings, clock: Clock) -> DataFrame:
    """Make one row a person: tastes by department, budget, life stage, rhythm, churn, reactions."""
    tastes = F.transform(
        F.sequence(F.lit(0), F.lit(len(DEPARTMENTS) - 1)), lambda place: taste_share(place)
    )
    names = F.array(*[F.lit(name) for name in DEPARTMENTS])
    stays = F.col("leaves") >= F.least(F.lit(NEVER), F.lit(settings.days))
    return people.select(
        "person",
        "household",
        "first_name",
        "last_name",
        "born",
        "gender",
        F.col("stage").alias("life_stage"),
        F.map_from_arrays(names, tastes).alias("tastes"),
        nth(STYLES, F.col("style_first")).alias("style"),
        nth(STYLES, F.col("style_second")).alias("second_style"),
        "wealth",
        F.col("budget_tier").alias("budget"),
        "visit_rate",
        "home_hour",
        "store_share",
        "likes_deals",
        clock.date(F.col("arrives")).alias("arrived_on"),
        # The first day on which the person neither visits nor answers, null for who stays beyond
        # the window. What was bought before may still be sent back or reviewed.
        F.when(~stays, clock.date(F.col("leaves"))).alias("churned_on"),
        "uplift_class",
        "nudge_effect",
        "annoyance",
        "open_lean",
        "push_lean",
        "sms_lean",
        nth(TONES, F.col("liked_tone")).alias("liked_tone"),
        "shares_mail",
        "shares_tablet",
    )


def true_records(people: DataFrame, settings: SimulateSettings, chance: Chance) -> DataFrame:
    """Make one row a record of any system: `system`, `record_key`, `person`."""
    end = settings.days * DAY
    person = F.col("person")
    crm = crm_records(people, settings, chance).where("version = 0")
    return (
        crm.select(_record("crm", customer_no(person, F.col("record"))), "person")
        .unionByName(
            people.where(F.col("account_since") < end).select(
                _record("shop", account_id(person)), "person"
            )
        )
        .unionByName(
            people.where(F.col("loyalty_since") < end).select(
                _record("loyalty", loyalty_no(person)), "person"
            )
        )
        .select("record.system", "record.record_key", "person")
    )


def _record(system: str, key: Column) -> Column:
    return F.struct(F.lit(system).alias("system"), key.alias("record_key")).alias("record")


def true_devices(sessions: DataFrame) -> DataFrame:
    """Make one row a device or cookie and person who used it: `kind`, `key`, `person`."""
    used = F.explode(
        F.array(
            F.struct(F.lit("device").alias("kind"), F.col("device_id").alias("key")),
            F.struct(F.lit("cookie").alias("kind"), F.col("cookie_id").alias("key")),
        )
    )
    return (
        sessions.select("person", used.alias("used"))
        .select("used.kind", "used.key", "person")
        .where(F.col("key").isNotNull())
        .distinct()
    )


def true_visits(sessions: DataFrame, clock: Clock) -> DataFrame:
    """Make one row a visit, in the store too: who it was, why, and the order it made."""
    return sessions.select(
        "session_id",
        "order_id",
        "person",
        "kind",
        "channel",
        clock.local(F.col("second")).alias("started_at"),
        "account_id",
        "customer_no",
        F.when(F.col("campaign").isNotNull(), campaign_id(F.col("campaign"))).alias("campaign_id"),
    )


def true_habits(habits: DataFrame, clock: Clock) -> DataFrame:
    """Make one row a person and product rebought at a rhythm of `period_days`."""
    return habits.select(
        "person",
        product_id(F.col("first_product")).alias("product_id"),
        F.col("period").alias("period_days"),
        clock.date(F.col("phase")).alias("first_on"),
    )


def true_products(
    spark: SparkSession, settings: SimulateSettings, catalogue: Catalogue, clock: Clock
) -> DataFrame:
    """Make one row a product: style, tier, latent quality, launch, and what goes with it."""
    product = F.col("product")
    shelf = catalogue.shelf(product)
    names = [row.name for row in SHELVES]
    return (
        spark.range(settings.products)
        .select(F.col("id").cast("int").alias("product"))
        .select(
            product_id(product).alias("product_id"),
            nth([row.department for row in SHELVES], shelf).alias("department"),
            nth(names, shelf).alias("shelf"),
            nth(names, catalogue.companion_shelf(shelf)).alias("companion_shelf"),
            nth(STYLES, catalogue.style(product)).alias("style"),
            catalogue.tier(product).alias("tier"),
            catalogue.quality(product).alias("quality"),
            clock.date(catalogue.launch(product)).alias("launched_on"),
        )
    )


def true_message_effects(messages: DataFrame, clock: Clock) -> DataFrame:
    """Make one row a person and campaign they could have been sent, held out ones too.

    `effect` is the true change in the probability of an order on the next day if sent, for
    persuadables; `annoyance` the share of visits a sleeping dog skips until the next campaign.
    """
    return messages.select(
        "person",
        customer_no(F.col("person"), F.lit(0)).alias("customer_no"),
        campaign_id(F.col("campaign")).alias("campaign_id"),
        F.when(F.col("treated"), F.col("message")).alias("message_id"),
        "treated",
        "channel",
        clock.local(F.col("sent_at")).alias("sent_at"),
        nth(TONES, F.col("tone")).alias("tone"),
        nth(DEPARTMENTS, F.col("focus")).alias("department"),
        "personalised",
        "open_probability",
        "click_probability",
        "opened",
        "clicked",
        F.when(F.col("active"), F.col("nudge_effect")).otherwise(0.0).alias("effect"),
        "annoyance",
        "caused_order",
    )


def true_bad_rows(counted: DataFrame) -> DataFrame:
    """Count the bad rows put into the files: `feed`, `kind`, `day` of the file, `rows`."""
    bad = counted.where(~F.col("mark").isin(CLEAN, LATE, DUPLICATE))
    return bad.select("feed", F.col("mark").alias("kind"), "day", "rows")
