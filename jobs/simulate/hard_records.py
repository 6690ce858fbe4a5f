"""CRM records of the hard world, with the slips of those who type them; `gaps.py` says what of."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.simulate.chance import Chance
from jobs.simulate.clock import Clock, day_of
from jobs.simulate.gaps import asked, mended
from jobs.simulate.keys import customer_no, loyalty_no
from jobs.simulate.records import crm_records
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

SWAPPED_NAMES = 0.03
REISSUED = 0.25
"""Of numbers given up: a stranger of this shop has it today."""


def hard_crm_rows(
    people: DataFrame, settings: SimulateSettings, chance: Chance, clock: Clock
) -> DataFrame:
    """Write the CRM's records of the hard world, as `crm_rows` those of the usual one."""
    return (
        crm_records(people, settings, chance)
        .transform(asked, chance)
        .transform(mended, settings, chance)
        .transform(_meant, settings, chance)
        .transform(_spelt, chance)
        .transform(_written, chance, clock)
    )


def _meant(records: DataFrame, settings: SimulateSettings, chance: Chance) -> DataFrame:
    """Say what each field means, before it is spelt: whose number, which home, which box."""
    person, house = F.col("person"), F.col("household")
    changed, phone_told, mail_told = (F.col(n) for n in ("changed", "phone_told", "mail_told"))
    # Numbers go on to others; 7919 is a prime, so the others are spread over all people.
    stranger = (person * 7_919 + 13) % settings.people
    given_up = F.when(chance.chance(REISSUED, "reissued", person), stranger * 8).otherwise(
        person * 8 + 3
    )
    owner = (
        F.when(changed == "phone", person * 8 + 1)
        .when(phone_told == "landline", (house + settings.people) * 8)
        .when(phone_told == "head", house * 8)
        .when(phone_told == "former", given_up)
        .otherwise(person * 8)
    )
    home = (
        F.when(changed == "moved", house + 2 * settings.people)
        .when(F.col("home_told") == "former", house + settings.people)
        .otherwise(house)
    )
    first, last, before = (F.col(n) for n in ("first_name", "last_name", "other_last_name"))
    former_name = F.when(F.col("took_name"), before).otherwise(last)
    mail = (
        F.when(changed == "email", mail_address(chance, first, last, person, 3))
        .when(mail_told == "former", mail_address(chance, first, former_name, person, 2))
        .when(mail_told == "work", mail_address(chance, first, last, person + settings.people, 0))
        .when(
            mail_told == "family",
            mail_address(chance, F.lit("family"), F.col("house_name"), house, 1),
        )
        .when(mail_told == "none", None)
        .otherwise(F.col("mail"))
    )
    bears_before = F.col("took_name") & (F.col("last_told") == "before")
    return (
        records.withColumn("home", home)
        .withColumn("street_line", street(chance, F.col("home")))
        .withColumn("code", postcode(chance, F.col("home")))
        .withColumn("digits", phone_digits(owner))
        .withColumn("address", mail)
        .withColumn(
            "surname",
            F.when((changed == "married") | bears_before, before).otherwise(last),
        )
        .withColumn(
            "forename",
            F.when(F.col("first_told") == "nick", F.col("nickname")).otherwise(first),
        )
    )


def _spelt(records: DataFrame, chance: Chance) -> DataFrame:
    """Put in the slips, a step each: a slip asks for its text many times over."""
    person, record = F.col("person"), F.col("record")
    born, birth_told = F.col("born"), F.col("birth_told")
    swapped = F.make_date(F.year(born), F.dayofmonth(born), F.month(born))
    off = F.get(
        F.array(*[F.lit(days) for days in (-10, -1, 1, 10)]),
        chance.whole(4, "birth slip", person, record),
    )
    years_off = F.add_months(born, F.when(off > 0, 12).otherwise(-12))
    in_year = chance.chance(0.4, "birth year slip", person, record)
    place = 3 + chance.whole(7, "digit slip", person, record)
    digit = (F.substring("digits", place, F.lit(1)).cast("int") + 1) % 10

    def slipped(field: str, told: Column, purpose: str) -> Column:
        return F.when(told, typo(chance, F.col(field), purpose, person, record)).otherwise(
            F.col(field)
        )

    return (
        records.withColumn("forename", slipped("forename", F.col("first_told") == "slip", "first"))
        .withColumn(
            "forename",
            F.when(
                F.col("first_told") == "initial",
                F.concat(F.substring("first_name", 1, 1), F.lit(".")),
            ).otherwise(F.col("forename")),
        )
        .withColumn("surname", slipped("surname", F.col("last_told") == "slip", "last"))
        .withColumn("address", slipped("address", F.col("mail_told") == "slip", "mail"))
        .withColumn(
            "street_line",
            slipped("street_line", chance.chance(0.07, "slips in street", person, record), "road"),
        )
        .withColumn(
            "code",
            slipped("code", chance.chance(0.02, "slips in code", person, record), "code"),
        )
        .withColumn(
            "digits",
            F.when(
                F.col("phone_told") == "slip",
                F.concat(
                    F.substring("digits", F.lit(1), place - 1),
                    digit.cast("string"),
                    F.substring("digits", place + 1, F.lit(10)),
                ),
            ).otherwise(F.col("digits")),
        )
        .withColumn(
            "birth",
            F.when(birth_told == "none", None)
            .when(birth_told == "junk", F.lit("1900-01-01"))
            .when((birth_told == "swapped") & (F.dayofmonth(born) <= 12), swapped.cast("string"))
            .when((birth_told == "slip") & in_year, years_off.cast("string"))
            .when(birth_told == "slip", F.date_add(born, off).cast("string"))
            .otherwise(born.cast("string")),
        )
    )


def _written(records: DataFrame, chance: Chance, clock: Clock) -> DataFrame:
    person, record = F.col("person"), F.col("record")
    swapped = (
        (record > 0)
        & (F.col("first_told") != "initial")
        & chance.chance(SWAPPED_NAMES, "names swapped", person, record)
    )
    capitals = chance.chance(
        F.when(F.col("way") == "list", 0.35).otherwise(0.04), "capitals", person, record
    )
    small = chance.chance(F.when(F.col("way") == "guest", 0.08).otherwise(0.0), "small", person,
                          record)  # fmt: skip

    def cased(name: Column) -> Column:
        return F.when(capitals, F.upper(name)).when(small, F.lower(name)).otherwise(name)

    first, last, told = F.col("forename"), F.col("surname"), F.col("home_told")
    line, code = F.col("street_line"), F.col("code")
    short = F.replace(F.replace(line, F.lit("Street"), F.lit("St")), F.lit("Road"), F.lit("Rd"))
    way_of_code = chance.uniform("postcode way", person, record)
    title = F.when(F.col("gender") == "M", "Mr").when(
        F.col("gender") == "F", chance.pick(("Ms", "Mrs", "Miss"), "title", person, record)
    )
    town = chance.chance(0.6, "town told", person, record)
    return records.select(
        F.greatest(F.lit(0), day_of(F.col("second"))).alias("day"),
        F.col("second").alias("place"),
        customer_no(person, record).alias("customer_no"),
        F.when(chance.chance(0.6, "title told", person, record), title).alias("title"),
        cased(F.when(swapped, last).otherwise(first)).alias("first_name"),
        cased(F.when(swapped, first).otherwise(last)).alias("last_name"),
        F.col("birth").alias("birth_date"),
        F.when(F.col("mail_told") == "junk", chance.pick(JUNK_EMAILS, "junk mail", person, record))
        .when(chance.chance(0.06, "mail capitals", person, record), F.initcap("address"))
        .otherwise(F.col("address"))
        .alias("email"),
        F.when(F.col("phone_told") == "none", None)
        .when(F.col("phone_told") == "junk", chance.pick(JUNK_PHONES, "junk phone", person, record))
        .otherwise(phone_written(chance, F.col("digits"), "phone written", person, record))
        .alias("phone"),
        F.when(told.isin("area", "none"), None)
        .when(chance.chance(0.2, "street short", person, record), short)
        .otherwise(line)
        .alias("street"),
        F.when(told == "none", None)
        .when(way_of_code < 0.1, F.lower(code))
        .when(way_of_code < 0.2, F.replace(code, F.lit(" "), F.lit("")))
        .otherwise(code)
        .alias("postcode"),
        F.when((told != "none") | town, city(chance, F.col("home"))).alias("city"),
        F.lit(COUNTRY).alias("country"),
        F.when(chance.chance(0.85, "gender given", person, record), F.col("gender")).alias(
            "gender"
        ),
        F.when(
            (F.col("loyalty_since") <= F.col("second"))
            & chance.chance(0.15, "card noted", person, record),
            loyalty_no(person),
        ).alias("loyalty_no"),
        clock.local_text(F.col("since")).alias("created_at"),
        clock.local_text(F.col("second")).alias("updated_at"),
    )
