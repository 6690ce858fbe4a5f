"""What a CRM record of the hard world tells: five ways of making one, each with its own gaps.

A person's first record is the one they keep themselves, online. Later ones are made where somebody
else types: at a till, on the phone, in the web shop as a guest, or from a list that was bought.

That a careful reader can still tell whose a record is, is held so:

- What tells a person apart from others of the house and the name are four marks: birth date, own
  mail box, own mobile, home. The first record tells all four, but for one that half of them lack,
  most of these the birth date, and one that changes with one in six.
- A later record that tells fewer than two of the marks that the first one tells gets what is
  missing, mobile or birth date before the others: a clerk asks when the search finds nobody. So two
  are left in common, one of them not of the house, beside the first name.
- Twins differ in the first name, which is cut to an initial only where mail or mobile is told.
- Namesakes of one house differ in the birth date, and the first record of either tells it.
- Who has the family's mail box for their own lacks nothing else in the first record.

`ASKED_IN_VAIN` is the share of records that stay without, beside those that slips take it from.
"""

from collections.abc import Mapping
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.simulate.chance import Chance
from jobs.simulate.records import change, changes_at, record_since
from jobs.simulate.settings import SimulateSettings

WAYS = {"till": 0.34, "guest": 0.28, "call": 0.2, "list": 0.18}
"""How a record after the first comes to be."""
MAIN = "main"

# What stands in a field, by the way of the record. Chosen by hand, none of it fitted: a till asks
# for mail and birthday in vain half the time, a web form wants mail and address, a call begins
# with the number one calls from, a bought list is old.
MAIL: Mapping[str, Mapping[str, float]] = {
    MAIN: {"own": 0.97, "slip": 0.03},
    "till": {"own": 0.28, "slip": 0.03, "family": 0.03, "former": 0.07, "work": 0.05,
             "junk": 0.05, "none": 0.49},
    "guest": {"own": 0.62, "slip": 0.02, "family": 0.05, "former": 0.14, "work": 0.17},
    "call": {"own": 0.34, "slip": 0.06, "family": 0.03, "former": 0.07, "work": 0.04,
             "junk": 0.01, "none": 0.45},
    "list": {"own": 0.48, "slip": 0.05, "former": 0.25, "work": 0.07, "none": 0.15},
}  # fmt: skip
PHONE: Mapping[str, Mapping[str, float]] = {
    MAIN: {"own": 0.98, "slip": 0.02},
    "till": {"own": 0.42, "slip": 0.03, "landline": 0.1, "head": 0.05, "former": 0.07,
             "junk": 0.03, "none": 0.3},
    "guest": {"own": 0.48, "slip": 0.02, "landline": 0.03, "former": 0.09, "none": 0.38},
    "call": {"own": 0.66, "slip": 0.02, "landline": 0.16, "head": 0.05, "former": 0.08,
             "none": 0.03},
    "list": {"own": 0.35, "slip": 0.02, "landline": 0.06, "former": 0.22, "none": 0.35},
}  # fmt: skip
BIRTH: Mapping[str, Mapping[str, float]] = {
    MAIN: {"right": 0.93, "swapped": 0.03, "slip": 0.02, "junk": 0.02},
    "till": {"right": 0.17, "swapped": 0.02, "slip": 0.02, "junk": 0.06, "none": 0.73},
    "guest": {"right": 0.2, "swapped": 0.01, "slip": 0.01, "junk": 0.03, "none": 0.75},
    "call": {"right": 0.32, "swapped": 0.04, "slip": 0.04, "none": 0.6},
    "list": {"right": 0.36, "swapped": 0.06, "slip": 0.03, "junk": 0.05, "none": 0.5},
}
HOME: Mapping[str, Mapping[str, float]] = {
    MAIN: {"right": 1.0},
    "till": {"right": 0.45, "area": 0.3, "former": 0.08, "none": 0.17},
    "guest": {"right": 0.82, "area": 0.05, "former": 0.13},
    "call": {"right": 0.78, "area": 0.1, "former": 0.12},
    "list": {"right": 0.68, "area": 0.05, "former": 0.25, "none": 0.02},
}
"""`area` is a postcode without a street, `former` where the whole house lived before."""
FIRST: Mapping[str, Mapping[str, float]] = {
    MAIN: {"full": 0.93, "nick": 0.04, "slip": 0.03},
    "till": {"full": 0.65, "nick": 0.17, "initial": 0.1, "slip": 0.08},
    "guest": {"full": 0.74, "nick": 0.18, "initial": 0.04, "slip": 0.04},
    "call": {"full": 0.73, "nick": 0.14, "initial": 0.04, "slip": 0.09},
    "list": {"full": 0.8, "nick": 0.06, "initial": 0.08, "slip": 0.06},
}
LAST: Mapping[str, Mapping[str, float]] = {
    MAIN: {"now": 0.97, "slip": 0.03},
    "till": {"now": 0.8, "slip": 0.1, "before": 0.1},
    "guest": {"now": 0.83, "slip": 0.04, "before": 0.13},
    "call": {"now": 0.79, "slip": 0.11, "before": 0.1},
    "list": {"now": 0.69, "slip": 0.06, "before": 0.25},
}
"""`before` counts for women who took their partner's name."""

LEFT_OUT = {"nothing": 0.46, "birth": 0.42, "phone": 0.07, "mail": 0.05}
"""What the first record does without; few tell a shop their birthday."""
ASKED_IN_VAIN = 0.005


def asked(records: DataFrame, chance: Chance) -> DataFrame:
    """Draw the way of the record and what stands in each of its fields."""
    person, record, way = F.col("person"), F.col("record"), F.col("way")
    drawn = chance.weighted(WAYS, "way", person, record)
    out = F.when(record == 0, _left_out(chance)).otherwise("nothing")

    def told(field: str, shares: Mapping[str, Mapping[str, float]]) -> Column:
        return reduce(
            lambda so_far, each: F.when(
                way == each, chance.weighted(shares[each], f"{field} told", person, record)
            ).otherwise(so_far),
            shares,
            F.lit(None).cast("string"),
        )

    # What a house does not have is not told of it.
    mail, phone = told("mail", MAIL), told("phone", PHONE)
    no_head = (F.col("place") == 0) | F.col("junior") | ~F.col("together")
    return (
        records.withColumn("way", F.when(record == 0, MAIN).otherwise(drawn))
        .withColumn("left_out", out)
        .withColumn("mail_told", F.when(F.col("left_out") == "mail", "none").otherwise(mail))
        .withColumn("phone_told", F.when(F.col("left_out") == "phone", "none").otherwise(phone))
        .withColumn(
            "birth_told",
            F.when(record == 0, _first_birth(chance)).otherwise(told("birth", BIRTH)),
        )
        .withColumn("home_told", told("home", HOME))
        .withColumn("first_told", told("first", FIRST))
        .withColumn("last_told", told("last", LAST))
        .withColumn(
            "mail_told",
            F.when((F.col("mail_told") == "family") & ~F.col("family_box"), "own").otherwise(
                F.col("mail_told")
            ),
        )
        .withColumn(
            "phone_told",
            F.when((F.col("phone_told") == "head") & no_head, "own")
            .when((F.col("phone_told") == "landline") & ~F.col("together"), "own")
            .otherwise(F.col("phone_told")),
        )
    )


def _left_out(chance: Chance) -> Column:
    """Return what the person's first record lacks."""
    drawn = chance.weighted(LEFT_OUT, "left out", F.col("person"))
    needs_all = F.col("shares_mail") | F.col("senior") | F.col("junior")
    return F.when(needs_all, "nothing").otherwise(drawn)


def _first_birth(chance: Chance) -> Column:
    """Return what stands in the birth date of the person's first record."""
    drawn = chance.weighted(BIRTH[MAIN], "birth told", F.col("person"), F.lit(0))
    return (
        F.when(F.col("senior") | F.col("junior"), "right")
        .when(_left_out(chance) == "birth", "none")
        .otherwise(drawn)
    )


def mended(records: DataFrame, settings: SimulateSettings, chance: Chance) -> DataFrame:
    """Give a later record marks until it has two of those that the first one tells."""
    person, record = F.col("person"), F.col("record")
    first = F.lit(0)
    since = record_since(chance, first)
    first_changes = F.when(
        changes_at(settings, chance, first) > since, change(settings, chance, first)
    ).otherwise("none")
    left_out = _left_out(chance)
    changed = F.col("changed")
    usable = {
        "birth": _first_birth(chance).isin("right", "swapped"),
        "phone": (left_out != "phone") & (first_changes != "phone") & (changed != "phone"),
        "mail": (left_out != "mail")
        & (first_changes != "email")
        & (changed != "email")
        & ~F.col("shares_mail"),
        "home": (first_changes != "moved") & (changed != "moved"),
    }
    stands = {
        "birth": F.col("birth_told").isin("right", "swapped"),
        "phone": F.col("phone_told") == "own",
        "mail": F.col("mail_told").isin("own", "slip"),
        "home": F.col("home_told").isin("right", "area"),
    }
    becomes = {"birth": "right", "phone": "own", "mail": "own", "home": "right"}
    told = {name: F.col(f"has_{name}") for name in usable}
    mends = (record > 0) & ~chance.chance(ASKED_IN_VAIN, "in vain", person, record)
    phone_first = chance.chance(0.5, "phone first", person, record)
    records = records.withColumns(
        {f"has_{name}": usable[name] & stands[name] for name in usable}
        | {f"may_{name}": usable[name] & ~stands[name] for name in usable}
    ).withColumn(
        "short",
        F.when(
            mends,
            F.greatest(F.lit(0), 2 - sum((has.cast("int") for has in told.values()), F.lit(0))),
        )
        .otherwise(0)
        .cast("int"),
    )
    # One after the other, each if the record is still short of a mark.
    order = [("phone", phone_first), ("birth", F.lit(True)), ("phone", ~phone_first),
             ("mail", F.lit(True)), ("home", F.lit(True))]  # fmt: skip
    for name, turn in order:
        records = (
            records.withColumn("gives", turn & F.col(f"may_{name}") & (F.col("short") > 0))
            .withColumn(
                f"{name}_told",
                F.when(F.col("gives"), becomes[name]).otherwise(F.col(f"{name}_told")),
            )
            .withColumn(f"has_{name}", told[name] | F.col("gives"))
            .withColumn("short", F.col("short") - F.col("gives").cast("int"))
        )
    return records.withColumn(
        "first_told",
        F.when(
            (F.col("first_told") == "initial") & ~told["mail"] & ~told["phone"], "full"
        ).otherwise(F.col("first_told")),
    ).drop(
        "gives", "short", "left_out", *[f"{kind}_{n}" for kind in ("has", "may") for n in usable]
    )
