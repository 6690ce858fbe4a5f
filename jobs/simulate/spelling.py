"""How names, phones, addresses and mail addresses are written, rightly and wrongly."""

from pyspark.sql import Column
from pyspark.sql import functions as F

from jobs.simulate.chance import Chance, nth
from jobs.simulate.vocabulary import CITIES, MAIL_DOMAINS, STREETS

ACCENTED = "ëéáüíöóñ' "
PLAIN = "eeauioon"


def typo(chance: Chance, text: Column, purpose: str, *keys: Column) -> Column:
    """Return the text with one slip: two letters swapped, one dropped or one doubled."""
    slip = chance.whole(3, f"{purpose}/slip", *keys)

    def slipped(place: Column) -> Column:
        head = F.substring(text, F.lit(1), place - 1)
        letter = F.substring(text, place, F.lit(1))
        following = F.substring(text, place + 1, F.lit(1))
        tail = F.substring(text, place + 2, F.lit(100))
        return nth_way(
            slip,
            F.concat(head, following, letter, tail),
            F.concat(head, following, tail),
            F.concat(head, letter, letter, following, tail),
        )

    place = 2 + chance.whole(F.greatest(F.length(text) - 3, F.lit(1)), f"{purpose}/place", *keys)
    # An array of one binds the place to a name; written out it would be copied eleven times.
    bound = F.get(F.transform(F.array(place), slipped), F.lit(0))
    return F.when(F.length(text) < 4, text).otherwise(bound)


def phone_digits(number: Column) -> Column:
    """Return a mobile's nine digits after the trunk 0, one number to one owner.

    071 is set aside for mobiles and hardly handed out; 83492791 has no factor 2 or 5, so it
    permutes the eight digits.
    """
    scrambled = (number.cast("long") * 83_492_791 + 7_654_321) % 100_000_000
    return F.concat(F.lit("71"), F.lpad(scrambled.cast("string"), 8, "0"))


def phone_written(chance: Chance, digits: Column, purpose: str, *keys: Column) -> Column:
    """Write a phone number in one of the ways people and forms do."""
    way = chance.whole(6, purpose, *keys)
    a, b, c = (F.substring(digits, start, size) for start, size in ((1, 4), (5, 3), (8, 3)))
    return nth_way(
        way,
        F.concat(F.lit("+44"), digits),
        F.concat(F.lit("0"), digits),
        F.concat(F.lit("0"), a, F.lit(" "), b, F.lit(" "), c),
        F.concat(F.lit("+44 "), a, F.lit(" "), b, c),
        F.concat(F.lit("0044 (0)"), a, F.lit("-"), b, c),
        F.concat(F.lit("0"), a, F.lit("-"), b, F.lit("-"), c),
    )


def mail_address(
    chance: Chance, first_name: Column, last_name: Column, owner: Column, box: int
) -> Column:
    """Return the address of an owner's mail box number `box`, unique to both."""
    number = (owner.cast("long") * 4 + box) * 61_803_397 % 100_000_000
    unique = F.lower(F.conv(number.cast("string"), 10, 36))
    first, last = (F.translate(F.lower(name), ACCENTED, PLAIN) for name in (first_name, last_name))
    local = nth_way(
        chance.whole(3, f"mail way {box}", owner),
        F.concat(first, F.lit("."), last, unique),
        F.concat(F.substring(first, 1, 1), last, F.lit("."), unique),
        F.concat(last, F.lit("_"), unique),
    )
    return F.concat(local, F.lit("@"), chance.pick(MAIL_DOMAINS, f"mail domain {box}", owner))


def nth_way(way: Column, *ways: Column) -> Column:
    """Return one of several columns by a zero-based number."""
    return F.get(F.array(*ways), way)


def street(chance: Chance, home: Column) -> Column:
    """Return house number and street of a home; one in eight is a flat, with a comma."""
    house = (1 + chance.whole(180, "house", home)).cast("string")
    line = F.concat_ws(" ", house, chance.pick(STREETS, "street", home))
    flat = F.concat(
        F.lit("Flat "), (1 + chance.whole(30, "flat", home)).cast("string"), F.lit(", ")
    )
    return F.when(chance.chance(0.12, "is flat", home), F.concat(flat, line)).otherwise(line)


def city(chance: Chance, home: Column) -> Column:
    """Return the city of a home."""
    return F.get(F.split(_city_pair(chance, home), "/"), F.lit(0))


def postcode(chance: Chance, home: Column) -> Column:
    """Return a postcode of the home's area, such as `LS14 7QT`."""
    area = F.get(F.split(_city_pair(chance, home), "/"), F.lit(1))
    letters = list("ABDEFGHJLNPQRSTUWXYZ")
    return F.concat(
        area,
        (1 + chance.whole(28, "district", home)).cast("string"),
        F.lit(" "),
        chance.whole(10, "sector", home).cast("string"),
        chance.pick(letters, "unit 1", home),
        chance.pick(letters, "unit 2", home),
    )


def _city_pair(chance: Chance, home: Column) -> Column:
    return nth(CITIES, chance.whole(len(CITIES), "city", home))
