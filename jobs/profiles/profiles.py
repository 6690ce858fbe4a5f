"""Profiles: what is known of each person at the end of a day."""

from __future__ import annotations

from datetime import date
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.identity.nodes import EMAIL, RECORD, node
from jobs.identity.resolve import with_person
from jobs.lake.job import job
from jobs.lake.tables.gold import PROFILES, TOUCHPOINTS, VISITS
from jobs.lake.tables.identity import IDENTIFIERS, PERSONS
from jobs.lake.tables.silver import (
    CONSENTS,
    CUSTOMERS,
    FEEDBACK,
    MESSAGES,
    ORDER_LINES,
    PRODUCTS,
)
from jobs.profiles.behaviour import messages_by_person, reviews_by_person, visits_by_person
from jobs.profiles.consent import (
    addresses_of,
    consent_acts,
    current_consents,
    current_purposes,
)
from jobs.profiles.lateness import day_of
from jobs.profiles.purchases import purchases_by_person
from jobs.profiles.settings import ProfilesSettings

MARKETING = "marketing"
PERSONALIZATION = "personalization"


@job(
    reads=[
        IDENTIFIERS,
        PERSONS,
        CUSTOMERS,
        ORDER_LINES,
        VISITS,
        TOUCHPOINTS,
        MESSAGES,
        CONSENTS,
        FEEDBACK,
        PRODUCTS,
    ],
    writes=PROFILES,
    section="profiles",
)
def profiles(
    identifiers: DataFrame,
    persons: DataFrame,
    customers: DataFrame,
    order_lines: DataFrame,
    visits: DataFrame,
    touchpoints: DataFrame,
    messages: DataFrame,
    consents: DataFrame,
    feedback: DataFrame,
    products: DataFrame,
    *,
    as_of: date,
    settings: ProfilesSettings,
) -> DataFrame:
    """Bring together what every source knows of each person, the anonymous ones too.

    Rows after ``as_of`` are passed over, by their business day; so are rows that reached us later,
    and consents by their UTC day. A record of a customer counts from its
    registration: only its newest version is kept. A person of whom nothing is known has zeros and
    nulls, and agreed to nothing.
    """
    # Every part looks persons up; without a checkpoint the table would be read ten times.
    people = identifiers.select(
        "identifier", "type", "person_id", "valid_from", "valid_to"
    ).localCheckpoint()
    zone = settings.time_zone
    parts = [
        records_by_person(customers, people, as_of, zone),
        purchases_by_person(order_lines, products, people, as_of),
        visits_by_person(visits, people, as_of),
        messages_by_person(messages, touchpoints, people, as_of, zone),
        reviews_by_person(feedback, people, as_of, zone),
        agreements_by_person(consents, customers, people, as_of),
    ]
    everyone = persons.select("person_id", "kind")
    joined = reduce(lambda left, right: left.join(right, "person_id", "left"), parts, everyone)
    return (
        joined.withColumn("as_of", F.lit(as_of))
        .withColumn("last_seen_at", F.greatest("last_event_at", "last_ordered_at"))
        .withColumn("email_marketing", _agreed("email_marketing", MARKETING, settings))
        .withColumn("personalization", _agreed("personalization", PERSONALIZATION, settings))
        .select(*(_filled(name) for name in PROFILES.names))
    )


def records_by_person(
    customers: DataFrame, identifiers: DataFrame, as_of: date, zone: str = "UTC"
) -> DataFrame:
    """Country and day of registration of each person who has a record.

    The country is that of the record changed last among those that name one.
    """
    changed = F.coalesce("updated_at", "registered_at")
    day = day_of("registered_at", zone)
    records = customers.where(F.coalesce(day <= F.lit(as_of), F.lit(True))).select(
        node(RECORD, "record_id").alias("identifier"),
        "record_id",
        "country",
        day.alias("registered_on"),
        changed.alias("changed_at"),
    )
    newest = F.when(F.col("country").isNotNull(), F.struct("changed_at", "record_id", "country"))
    return (
        with_person(records, identifiers)
        .where("person_id IS NOT NULL")
        .groupBy("person_id")
        .agg(
            F.max(newest)["country"].alias("country"),
            F.min("registered_on").alias("registered_on"),
        )
    )


def agreements_by_person(
    consents: DataFrame, customers: DataFrame, identifiers: DataFrame, as_of: date
) -> DataFrame:
    """Find what each person said to email marketing and personalization; null where nothing."""
    addresses = addresses_of(customers, identifiers)
    # Three parts of one plan stand on the acts; without a checkpoint each would find them anew.
    acts = consent_acts(consents, identifiers, addresses, as_of).localCheckpoint()
    to_email = (
        current_consents(acts, addresses)
        .where((F.col("channel") == EMAIL) & (F.col("purpose") == MARKETING))
        .groupBy("person_id")
        .agg(F.bool_or("granted").alias("email_marketing"))
    )
    personal = (
        current_purposes(acts)
        .where(F.col("purpose") == PERSONALIZATION)
        .select("person_id", F.col("granted").alias("personalization"))
    )
    return to_email.join(personal, on="person_id", how="full")


def _agreed(column: str, purpose: str, settings: ProfilesSettings) -> Column:
    """Take what the person said, or else what the sources assume of those they know."""
    assumed = F.lit(purpose in settings.assumed_purposes) & (F.col("kind") == "known")
    return F.coalesce(F.col(column), assumed)


def _filled(name: str) -> Column:
    """Fill a column of the contract: a count or sum of nothing is zero."""
    column = PROFILES.column(name)
    if column.nullable or column.type not in ("bigint", "decimal(20,4)"):
        return F.col(name)
    return F.coalesce(F.col(name), F.lit(0)).cast(column.type).alias(name)
