"""Who lives with whom in the hard world: families, twins, namesakes, flats of strangers.

People are numbered house by house, and each draw is keyed by a person or by the head of the house,
whose number is the house's. So what a child has of its parents needs no join.
"""

from math import gcd

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.simulate.chance import Chance, nth
from jobs.simulate.settings import SimulateSettings
from jobs.simulate.vocabulary import (
    FEMALE_NAMES,
    LAST_NAMES,
    MALE_NAMES,
    NAME_BEGINNINGS,
    NAME_ENDINGS,
    STAGE_AGES,
)

STREET = 12
"""People who are housed together: the houses of such a group are one of `LAYOUTS`."""
LAYOUTS = (
    (1, 2, 4, 5), (2, 2, 3, 5), (1, 1, 1, 2, 3, 4), (3, 4, 5), (1, 2, 2, 3, 4), (1, 1, 2, 4, 4),
    (2, 5, 5), (1, 1, 2, 2, 3, 3),
)  # fmt: skip
"""Sizes of houses. A sixth of the houses hold one person, two fifths three or more."""

# Shares that are higher than in any census: what is rare there would be a handful of pairs here.
FLAT = 0.12
"""Of houses of several: people of different names who share no more than the address."""
LONE_PARENT = 0.22
"""Of houses of two that are no flat: a parent and a grown child."""
TWINS = 0.12
"""Of houses with two children: the two are twins. One birth in sixty is of twins."""
TWINS_OF_ONE_INITIAL = 0.35
NAMESAKES = 0.08
"""Of houses with children, without twins: the first child has the head's full name."""
KEEPS_NAME = 0.25
"""Of partners: they did not take the head's last name."""
CHILD_FROM = 14
"""Least age of a child who is a customer."""


def families(persons: DataFrame, settings: SimulateSettings, chance: Chance) -> DataFrame:
    """Give people houses, names and birth dates.

    `place` counts the people of a house from 0, the head. Nobody is made whom nothing tells from
    another: twins differ in their first name, namesakes in their birth date.
    """
    return (
        persons.transform(_housed, chance)
        .transform(_related, chance)
        .transform(_born, settings, chance)
        .transform(_named, settings, chance)
        .transform(_sharing, chance)
    )


def _housed(persons: DataFrame, chance: Chance) -> DataFrame:
    person = F.col("person")
    places = ["".join(str(at) for size in sizes for at in range(size)) for sizes in LAYOUTS]
    sizes = ["".join(str(size) * size for size in sizes) for sizes in LAYOUTS]
    layout = chance.whole(len(LAYOUTS), "layout", F.floor(person / STREET))
    slot = (person % STREET + 1).cast("int")

    def digit(of: list[str]) -> Column:
        return F.substring(nth(of, F.col("layout")), slot, F.lit(1)).cast("int")

    return (
        persons.withColumn("layout", layout)
        .withColumn("place", digit(places))
        .withColumn("size", digit(sizes))
        .withColumn("household", person - F.col("place"))
        .drop("layout")
    )


def _related(persons: DataFrame, chance: Chance) -> DataFrame:
    """Say what people of a house are to each other: `together` is a family or a couple."""
    house, place, size = (F.col(name) for name in ("household", "place", "size"))
    lone = (size == 2) & chance.chance(LONE_PARENT, "lone parent", house)
    drawn = chance.weighted({"couple": 0.65, "retired": 0.35}, "couple", house)
    single = chance.weighted({"student": 0.25, "single": 0.5, "retired": 0.25}, "single", house)
    young = chance.weighted({"student": 0.5, "single": 0.5}, "flat", F.col("person"))
    return (
        persons.withColumn("together", (size > 1) & ~chance.chance(FLAT, "flat", house))
        .withColumn("family", F.col("together") & ((size > 2) | lone))
        .withColumn("child", F.col("family") & ((place >= 2) | ((place == 1) & lone)))
        .withColumn("partner", F.col("together") & (place == 1) & ~F.col("child"))
        .withColumn("twins", F.col("family") & (size > 3) & chance.chance(TWINS, "twins", house))
        .withColumn("second_twin", F.col("twins") & (place == 3))
        .withColumn(
            "namesakes",
            F.col("family") & ~F.col("twins") & chance.chance(NAMESAKES, "namesakes", house),
        )
        .withColumn(
            "junior", F.col("namesakes") & F.col("child") & (place == F.when(lone, 1).otherwise(2))
        )
        .withColumn("senior", F.col("namesakes") & (place == 0))
        .withColumn(
            "stage",
            F.when(F.col("child"), "student")
            .when(F.col("family"), "established_family")
            .when(F.col("together"), drawn)
            .when(size > 1, young)
            .otherwise(single),
        )
    )


def _born(persons: DataFrame, settings: SimulateSettings, chance: Chance) -> DataFrame:
    """Give birth dates: a child is 21 to 38 years younger than the head of its house."""
    person, house = F.col("person"), F.col("household")
    youngest, span = F.lit(0), F.lit(0)
    for stage, (low, high) in STAGE_AGES.items():
        here = F.col("stage") == stage
        youngest = F.when(here, low).otherwise(youngest)
        span = F.when(here, high - low).otherwise(span)
    born_with = F.when(F.col("second_twin"), person - 1).otherwise(person)
    parent = 38 + 24 * chance.uniform("parent's age", house)
    most = F.least(F.lit(38.0), parent - CHILD_FROM)
    younger = 21 + (most - 21) * chance.uniform("child's age", born_with)
    years = (
        F.when(F.col("child"), parent - younger)
        .when(F.col("family") & (F.col("place") == 0), parent)
        .when(F.col("family"), parent + 5 * (chance.uniform("partner's age", person) - 0.5))
        .otherwise(youngest + span * chance.uniform("age", person))
    )
    return persons.withColumn(
        "born", F.date_sub(F.lit(settings.first_day), (years * 365.25).cast("int"))
    )


def _named(persons: DataFrame, settings: SimulateSettings, chance: Chance) -> DataFrame:
    person, house = F.col("person"), F.col("household")
    elder = person - 1
    of_head, of_elder = _gender(chance, house), _gender(chance, elder)
    other = F.when(of_head == "M", "F").otherwise("M")
    last_of = F.when(
        F.col("together") & ~(F.col("partner") & chance.chance(KEEPS_NAME, "keeps name", person)),
        house,
    ).otherwise(person)
    return (
        persons.withColumn(
            "gender",
            F.when(F.col("junior"), of_head)
            .when(F.col("partner") & chance.chance(0.94, "two genders", person), other)
            .when(F.col("second_twin") & chance.chance(0.65, "twins alike", person), of_elder)
            .otherwise(_gender(chance, person)),
        )
        .withColumn("name_place", _name_place(chance, F.col("place")))
        .withColumn("elder_gender", of_elder)
        .withColumn(
            "names",
            F.when(F.col("second_twin"), _twin_name(chance)).otherwise(
                _name(F.col("gender"), F.col("name_place"))
            ),
        )
        .withColumn("first_name", F.substring_index("names", "/", 1))
        .withColumn("nickname", F.substring_index("names", "/", -1))
        .withColumn("last_name", _surname(chance, last_of))
        .withColumn("house_name", _surname(chance, house))
        .withColumn("other_last_name", _surname(chance, person + settings.people))
        .withColumn("took_name", F.col("partner") & (F.col("gender") == "F") & (last_of == house))
        .drop("names", "name_place", "elder_gender")
    )


def _gender(chance: Chance, key: Column) -> Column:
    return chance.weighted({"F": 0.5, "M": 0.48, "X": 0.02}, "gender", key)


def _name_place(chance: Chance, place: Column) -> Column:
    """Return where a name stands in its list: nobody names two children alike, but the junior.

    From the head's name on the members of a house are so many names apart, which has no factor in
    common with their number.
    """
    house, names = F.col("household"), len(MALE_NAMES)
    first = chance.whole(names, "name", house)
    apart = F.get(
        F.array(*[F.lit(step) for step in range(1, names) if gcd(step, names) == 1]),
        chance.whole(sum(gcd(step, names) == 1 for step in range(1, names)), "apart", house),
    )
    member = (first + F.when(F.col("junior"), 0).otherwise(place) * apart) % names
    return F.when(F.col("together"), member).otherwise(chance.whole(names, "name", F.col("person")))


def _name(gender: Column, place: Column) -> Column:
    """Return first and pet name, as `Robert/Bob`."""
    return F.when(gender == "M", nth(MALE_NAMES, place)).otherwise(nth(FEMALE_NAMES, place))


def _twin_name(chance: Chance) -> Column:
    """Return the second twin's name: a name of its own, and often one of the first's initial."""
    gender, elder = F.col("gender"), F.col("elder_gender")
    elder_place = _name_place(chance, F.col("place") - 1)
    lists = {True: MALE_NAMES, False: FEMALE_NAMES}
    alike = F.lit(None).cast("string")
    for man, theirs in lists.items():
        for elder_man, elders in lists.items():
            named = nth(_of_one_initial(elders, theirs), elder_place)
            both = ((gender == "M") == F.lit(man)) & ((elder == "M") == F.lit(elder_man))
            alike = F.when(both, named).otherwise(alike)
    wanted = chance.chance(TWINS_OF_ONE_INITIAL, "one initial", F.col("person"))
    return F.when(wanted, alike).otherwise(_name(gender, F.col("name_place")))


def _of_one_initial(elders: tuple[str, ...], theirs: tuple[str, ...]) -> list[str]:
    """For each name another one with its initial, or else the next; no pet name of both."""
    found = []
    for place, name in enumerate(elders):
        ahead = [theirs[(place + step) % len(theirs)] for step in range(1, len(theirs))]
        following = [other for other in ahead if other.split("/")[1] != name.split("/")[1]]
        alike = [other for other in following if other[0] == name[0]]
        found.append(alike[0] if alike else following[0])
    return found


def _surname(chance: Chance, key: Column) -> Column:
    """Pick surnames: half of a hundred common ones, half of some 1,500 that are rare."""
    common = F.floor(F.pow(chance.uniform("common name", key), 1.7) * len(LAST_NAMES)).cast("int")
    rare = F.concat(
        chance.pick(NAME_BEGINNINGS, "name begins", key),
        chance.pick(NAME_ENDINGS, "name ends", key),
    )
    return F.when(chance.chance(0.5, "is common", key), nth(LAST_NAMES, common)).otherwise(rare)


def _sharing(persons: DataFrame, chance: Chance) -> DataFrame:
    """Say who uses the family's mail box as their own, and where a tablet goes round."""
    person, house = F.col("person"), F.col("household")
    return (
        persons.withColumn("family_box", F.col("together") & chance.chance(0.35, "box", house))
        .withColumn("shares_mail", F.col("family_box") & chance.chance(0.4, "uses box", person))
        .withColumn("shares_tablet", F.col("together") & chance.chance(0.65, "tablet", house))
    )
