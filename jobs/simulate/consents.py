"""Consents: given on forms, at tills and by phone, and sometimes withdrawn."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.simulate.chance import Chance, nth
from jobs.simulate.clock import DAY, Clock, day_of
from jobs.simulate.keys import customer_no
from jobs.simulate.settings import SimulateSettings

CHANNELS = ("email", "sms", "push")
KINDS = (
    ("marketing", "email", 0.72),
    ("marketing", "sms", 0.35),
    ("marketing", "push", 0.45),
    ("personalization", None, 0.75),
    ("analytics", None, 0.85),
)
"""Purpose, channel and the share of people who agree to it. Marketing kinds come in the order of
`CHANNELS`."""


def granted_at(chance: Chance, kind: Column, record: Column) -> Column:
    """Return the second at which the person agreed to a kind, null where they did not.

    `record` tells apart what the same person said under two of their CRM records.
    """
    person = F.col("person")
    asked = chance.chance(0.86, "asked", person, record)
    share = F.get(F.array(*[F.lit(share) for _, _, share in KINDS]), kind)
    agrees = chance.chance(share, "agrees", person, kind, record)
    after = chance.whole(5 * DAY, "agrees after", person, kind, record)
    return F.when(asked & agrees, F.col("record_since") + after).cast("long")


def withdrawn_at(
    settings: SimulateSettings, chance: Chance, granted: Column, kind: Column, record: Column
) -> Column:
    """Return the second at which the person withdrew a grant, null where they did not."""
    person = F.col("person")
    drawn = chance.whole(settings.days * DAY, "withdraws at", person, kind, record)
    gone = chance.chance(0.1, "withdraws", person, kind, record)
    return F.when(gone & (drawn > granted), drawn).cast("long")


def with_consents(people: DataFrame, settings: SimulateSettings, chance: Chance) -> DataFrame:
    """Add what was agreed under the first record: arrays of seconds in the order of `KINDS`."""
    kinds = F.sequence(F.lit(0), F.lit(len(KINDS) - 1))
    first = F.lit(0)
    granted = F.transform(kinds, lambda kind: granted_at(chance, kind, first))
    withdrawn = F.transform(
        kinds,
        lambda kind: withdrawn_at(settings, chance, F.get(F.col("granted"), kind), kind, first),
    )
    return people.withColumn("granted", granted).withColumn("withdrawn", withdrawn)


def in_force(kind: Column, second: Column) -> Column:
    """Return whether the first record's consent of a kind stands at a second."""
    granted = F.coalesce(F.get(F.col("granted"), kind) <= second, F.lit(False))
    return granted & ~F.coalesce(F.get(F.col("withdrawn"), kind) <= second, F.lit(False))


def consent_rows(
    people: DataFrame,
    settings: SimulateSettings,
    chance: Chance,
    clock: Clock,
) -> DataFrame:
    """Write every grant and withdrawal; some second records hold consents of their own."""
    person, kind, record = F.col("person"), F.col("kind"), F.col("record")
    second_too = (F.col("record_count") > 1) & chance.chance(0.2, "consents twice", person)
    asked = (
        people.where(F.col("record_count") > 0)
        .withColumn(
            "record",
            F.explode(F.when(second_too, F.array(F.lit(0), F.lit(1))).otherwise(F.array(F.lit(0)))),
        )
        .withColumn("kind", F.explode(F.sequence(F.lit(0), F.lit(len(KINDS) - 1))))
        .withColumn("granted", granted_at(chance, kind, record))
        .withColumn("withdrawn", withdrawn_at(settings, chance, F.col("granted"), kind, record))
    )
    given = asked.select(
        "*",
        F.explode(
            F.array(
                F.struct(
                    F.lit("granted").alias("status"),
                    F.col("granted").alias("second"),
                ),
                F.struct(
                    F.lit("withdrawn").alias("status"),
                    F.col("withdrawn").alias("second"),
                ),
            )
        ).alias("said"),
    ).select("*", "said.status", "said.second")
    second = F.col("second")
    channel = F.get(F.array(*[F.lit(channel) for _, channel, _ in KINDS]), kind)
    withdrawn = (F.col("status") == "withdrawn").cast("int")
    code = chance.code("consent", person, kind, record, withdrawn)
    return given.where(second < settings.days * DAY).select(
        F.greatest(F.lit(0), day_of(second)).alias("day"),
        second.alias("place"),
        F.concat(F.lit("CN"), code).alias("consent_id"),
        customer_no(person, record).alias("customer_no"),
        F.when(channel == "email", F.col("mail")).alias("address"),
        channel.alias("channel"),
        nth([purpose for purpose, _, _ in KINDS], kind).alias("purpose"),
        "status",
        clock.offset_text(second).alias("occurred_at"),
        chance.weighted(
            {"web_form": 0.5, "store_till": 0.25, "app": 0.15, "call_centre": 0.1},
            "collected", person, kind, record, withdrawn,
        ).alias("collected_via"),
    )  # fmt: skip
