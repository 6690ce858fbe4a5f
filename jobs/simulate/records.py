"""What the systems know of a person: CRM records, a web account, a loyalty card, all imperfect."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.simulate.chance import Chance
from jobs.simulate.clock import DAY, Clock, day_of
from jobs.simulate.keys import account_id, customer_no, loyalty_no
from jobs.simulate.settings import COUNTRY, SimulateSettings
from jobs.simulate.spelling import (
    city,
    mail_address,
    phone_digits,
    phone_written,
    postcode,
    street,
    typo,
)
from jobs.simulate.vocabulary import JUNK_EMAILS, JUNK_PHONES

CHANGES = {"none": 0.9, "moved": 0.045, "married": 0.015, "phone": 0.02, "email": 0.02}
"""What changes in a CRM record within the window, and how often."""
HARD_CHANGES = {"none": 0.8, "moved": 0.08, "married": 0.02, "phone": 0.05, "email": 0.05}


def record_since(chance: Chance, record: Column) -> Column:
    """Return the second a CRM record was made; the first when the person came, others later."""
    person = F.col("person")
    later = chance.whole(500 * DAY, "record later", person, record)
    return (F.col("record_since") + F.when(record == 0, 0).otherwise(later)).cast("long")


def known_customer(chance: Chance, second: Column, purpose: str, *keys: Column) -> Column:
    """Return the number of one of the person's records existing at that second, else null."""
    record = chance.whole(F.greatest(F.col("record_count"), F.lit(1)), purpose, *keys)
    usable = F.when(record_since(chance, record) <= second, record).otherwise(0)
    exists = (F.col("record_count") > 0) & (F.col("record_since") <= second)
    return F.when(exists, customer_no(F.col("person"), usable))


def crm_records(people: DataFrame, settings: SimulateSettings, chance: Chance) -> DataFrame:
    """Make one row a CRM record and version, with the person's true values beside.

    Version 0 is the record as first typed, version 1 the changed one. `second` is when the
    version came to be. Records made after the window are not.
    """
    record = F.col("record")
    records = people.where(F.col("record_count") > 0).withColumn(
        "record", F.explode(F.sequence(F.lit(0), F.col("record_count") - 1))
    )
    window = settings.days * DAY
    return (
        records.withColumn("since", record_since(chance, record))
        .where(F.col("since") < window)
        .withColumn("change", change(settings, chance, record))
        .withColumn("changes_at", changes_at(settings, chance, record))
        .withColumn(
            "version",
            F.explode(
                F.when(
                    (F.col("change") != "none") & (F.col("changes_at") > F.col("since")),
                    F.array(F.lit(0), F.lit(1)),
                ).otherwise(F.array(F.lit(0)))
            ),
        )
        .withColumn(
            "second", F.when(F.col("version") == 1, F.col("changes_at")).otherwise(F.col("since"))
        )
        .withColumn("changed", F.when(F.col("version") == 1, F.col("change")).otherwise("none"))
    )


def change(settings: SimulateSettings, chance: Chance, record: Column) -> Column:
    """Return what changes in a CRM record within the window."""
    shares = HARD_CHANGES if settings.hard else CHANGES
    return chance.weighted(shares, "change", F.col("person"), record)


def changes_at(settings: SimulateSettings, chance: Chance, record: Column) -> Column:
    """Return the second at which it does, where the record is there by then."""
    return chance.whole(settings.days * DAY, "changes at", F.col("person"), record).cast("long")


def crm_rows(
    people: DataFrame, settings: SimulateSettings, chance: Chance, clock: Clock
) -> DataFrame:
    """Write the CRM's records as its clerks typed them."""
    return (
        crm_records(people, settings, chance)
        # Steps, not one expression: spelling slips ask for their text many times over.
        .withColumn("home", _home(settings, chance))
        .withColumn("street_line", street(chance, F.col("home")))
        .withColumn("code", postcode(chance, F.col("home")))
        .withColumn("digits", phone_digits(_phone_owner(settings, chance)))
        .transform(_crm_written, chance, clock)
    )


def _crm_written(records: DataFrame, chance: Chance, clock: Clock) -> DataFrame:
    person, record = F.col("person"), F.col("record")
    return records.select(
        F.greatest(F.lit(0), day_of(F.col("second"))).alias("day"),
        F.col("second").alias("place"),
        customer_no(person, record).alias("customer_no"),
        _title(chance).alias("title"),
        _first_name(chance).alias("first_name"),
        _last_name(chance).alias("last_name"),
        _birth_date(chance).alias("birth_date"),
        _email(chance).alias("email"),
        _phone(chance).alias("phone"),
        _street(chance).alias("street"),
        _postcode(chance).alias("postcode"),
        city(chance, F.col("home")).alias("city"),
        F.lit(COUNTRY).alias("country"),
        F.when(chance.chance(0.92, "gender given", person, record), F.col("gender")).alias(
            "gender"
        ),
        F.when(
            (F.col("loyalty_since") <= F.col("second"))
            & chance.chance(0.5, "card noted", person, record),
            loyalty_no(person),
        ).alias("loyalty_no"),
        clock.local_text(F.col("since")).alias("created_at"),
        clock.local_text(F.col("second")).alias("updated_at"),
    )


def account_rows(
    people: DataFrame, settings: SimulateSettings, chance: Chance, clock: Clock
) -> DataFrame:
    """Write the web shop's accounts; a few change their phone within the window."""
    person, since = F.col("person"), F.col("account_since")
    changes_at = chance.whole(settings.days * DAY, "account changes at", person).cast("long")
    changes = chance.chance(0.04, "account changes", person) & (changes_at > since)
    digits = F.col("digits")
    changed_digits = phone_digits(
        F.col("person") * 8 + F.when(F.col("second") > since, 2).otherwise(0)
    )
    versions = people.where(since < settings.days * DAY).withColumn(
        "second", F.explode(F.when(changes, F.array(since, changes_at)).otherwise(F.array(since)))
    )
    second = F.col("second")
    versions = versions.withColumn("digits", changed_digits)
    linked = F.col("account_linked") & (F.col("record_since") <= second)
    return versions.select(
        F.greatest(F.lit(0), day_of(second)).alias("day"),
        second.alias("place"),
        account_id(person).alias("account_id"),
        F.col("mail").alias("login"),
        F.when(chance.chance(0.9, "account mail", person), F.col("mail")).alias("email"),
        F.when(
            chance.chance(0.7, "account phone", person),
            phone_written(chance, digits, "account phone way", person),
        ).alias("phone"),
        F.when(chance.chance(0.25, "account nick", person), F.col("nickname"))
        .otherwise(F.col("first_name"))
        .alias("first_name"),
        F.when(chance.chance(0.1, "account lower", person), F.lower("last_name"))
        .otherwise(F.col("last_name"))
        .alias("last_name"),
        F.when(linked, customer_no(person, F.lit(0))).alias("customer_no"),
        clock.offset_text(since).alias("registered_at"),
        clock.offset_text(second).alias("updated_at"),
    )


def loyalty_rows(
    people: DataFrame, settings: SimulateSettings, chance: Chance, clock: Clock
) -> DataFrame:
    """Write the loyalty system's members, surnames in capitals, dates as DD/MM/YYYY."""
    person, since = F.col("person"), F.col("loyalty_since")
    joined = F.split(F.substring(clock.local_text(since), 1, 10), "-")
    misspelt = typo(chance, F.col("last_name"), "card typo", person)
    members = people.where(since < settings.days * DAY).withColumn(
        "digits", phone_digits(person * 8)
    )
    return members.select(
        F.greatest(F.lit(0), day_of(since)).alias("day"),
        since.alias("place"),
        loyalty_no(person).alias("loyalty_no"),
        F.when(chance.chance(0.75, "card mail", person), F.upper(F.col("mail"))).alias("email"),
        F.when(
            chance.chance(0.8, "card phone", person),
            phone_written(chance, F.col("digits"), "card phone way", person),
        ).alias("mobile"),
        F.upper(
            F.when(chance.chance(0.06, "card slip", person), misspelt).otherwise(F.col("last_name"))
        ).alias("surname"),
        F.col("first_name").alias("forename"),
        F.replace(postcode(chance, F.col("household")), F.lit(" "), F.lit("")).alias("postcode"),
        F.concat_ws(
            "/", F.get(joined, F.lit(2)), F.get(joined, F.lit(1)), F.get(joined, F.lit(0))
        ).alias("joined"),
    )


def _home(settings: SimulateSettings, chance: Chance) -> Column:
    """Return the key of the address on file: the household's, one left long ago, or a new one."""
    person, record = F.col("person"), F.col("record")
    stale = (record > 0) & chance.chance(0.3, "stale home", person, record)
    # Former and new homes are keyed beyond the households, so that no two people share them.
    return (
        F.when(F.col("changed") == "moved", person + 2 * settings.people)
        .when(stale, person + settings.people)
        .otherwise(F.col("household"))
    )


def _title(chance: Chance) -> Column:
    person, record = F.col("person"), F.col("record")
    plain = F.when(F.col("gender") == "M", "Mr").when(
        F.col("gender") == "F", chance.pick(("Ms", "Mrs", "Miss"), "title", person, record)
    )
    return (
        F.when(chance.chance(0.03, "doctor", person), "Dr")
        .when(chance.chance(0.2, "no title", person, record), None)
        .otherwise(plain)
    )


def _first_name(chance: Chance) -> Column:
    person, record = F.col("person"), F.col("record")
    draw = chance.uniform("first name way", person, record)
    again = record > 0
    return (
        F.when(again & (draw < 0.3), F.col("nickname"))
        .when(again & (draw < 0.4), F.concat(F.substring("first_name", 1, 1), F.lit(".")))
        .when(draw > 0.95, typo(chance, F.col("first_name"), "first typo", person, record))
        .when(draw > 0.92, F.upper("first_name"))
        .otherwise(F.col("first_name"))
    )


def _last_name(chance: Chance) -> Column:
    person, record = F.col("person"), F.col("record")
    draw = chance.uniform("last name way", person, record)
    maiden = (record > 0) & (F.col("gender") == "F") & F.col("together")
    return (
        F.when(F.col("changed") == "married", F.col("other_last_name"))
        .when(maiden & (draw < 0.35), F.col("other_last_name"))
        .when(draw > 0.94, typo(chance, F.col("last_name"), "last typo", person, record))
        .when(draw > 0.91, F.upper("last_name"))
        .otherwise(F.col("last_name"))
    )


def _birth_date(chance: Chance) -> Column:
    """Write the birth date: missing, the till's default, or with day and month swapped for some."""
    person, record = F.col("person"), F.col("record")
    draw = chance.uniform("birth date way", person, record)
    born = F.col("born")
    swapped = F.make_date(F.year(born), F.dayofmonth(born), F.month(born))
    return (
        F.when(draw < 0.12, None)
        .when(draw < 0.135, F.lit("1900-01-01"))
        .when((draw < 0.165) & (F.dayofmonth(born) <= 12), swapped.cast("string"))
        .otherwise(born.cast("string"))
    )


def _email(chance: Chance) -> Column:
    person, record = F.col("person"), F.col("record")
    draw = chance.uniform("mail way", person, record)
    own = F.col("mail")
    former = mail_address(chance, F.col("first_name"), F.col("other_last_name"), person, 2)
    fresh = mail_address(chance, F.col("first_name"), F.col("last_name"), person, 3)
    return (
        F.when(F.col("changed") == "email", fresh)
        .when((record > 0) & (draw < 0.3), former)
        .when((record > 0) & (draw < 0.45), None)
        .when(draw < 0.02, chance.pick(JUNK_EMAILS, "junk mail", person, record))
        .when(draw > 0.96, typo(chance, own, "mail typo", person, record))
        .when(draw > 0.9, F.initcap(own))
        .otherwise(own)
    )


def _phone_owner(settings: SimulateSettings, chance: Chance) -> Column:
    person, record = F.col("person"), F.col("record")
    return (
        F.when(F.col("changed") == "phone", person * 8 + 1)
        # The number of the house: one for the household, apart from every mobile.
        .when(
            chance.chance(0.1, "landline", person, record),
            (F.col("household") + settings.people) * 8,
        )
        .otherwise(person * 8)
    )


def _phone(chance: Chance) -> Column:
    person, record = F.col("person"), F.col("record")
    draw = chance.uniform("phone way", person, record)
    return (
        F.when(draw < 0.15, None)
        .when(draw < 0.165, chance.pick(JUNK_PHONES, "junk phone", person, record))
        .otherwise(phone_written(chance, F.col("digits"), "phone written", person, record))
    )


def _street(chance: Chance) -> Column:
    person, record = F.col("person"), F.col("record")
    draw = chance.uniform("street way", person, record)
    line = F.col("street_line")
    short = F.replace(F.replace(line, F.lit("Street"), F.lit("St")), F.lit("Road"), F.lit("Rd"))
    return (
        F.when(draw < 0.08, typo(chance, line, "street typo", person, record))
        .when(draw < 0.25, short)
        .otherwise(line)
    )


def _postcode(chance: Chance) -> Column:
    draw = chance.uniform("postcode way", F.col("person"), F.col("record"))
    code = F.col("code")
    return (
        F.when(draw < 0.1, F.lower(code))
        .when(draw < 0.2, F.replace(code, F.lit(" "), F.lit("")))
        .when(draw < 0.23, None)
        .otherwise(code)
    )
