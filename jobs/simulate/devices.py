"""Phones that change hands: sold to a stranger within the window, who then uses them logged in."""

from pyspark.sql import Column
from pyspark.sql import functions as F

from jobs.simulate.chance import Chance
from jobs.simulate.settings import SimulateSettings

SOLD = 0.06
"""Of those whom a buyer is given: they sell their phone."""
NEW_PHONE = 5
NEW_BROWSER = 6
"""Numbers of devices that nobody else has: people number theirs 0 to 2, a tablet is 7."""


def phone(settings: SimulateSettings, chance: Chance, own: Column) -> Column:
    """Return the key of the device: `own`, or for a phone, number 0, what trading made of it.

    Person n of the first half sells to person n of the second, so either knows of the other
    without a join. Who sold has a new phone from then on, who bought has the other's.
    """
    person = F.col("person")
    return (
        F.when(own != person * 8, own)
        .when(_has_sold(settings, chance), person * 8 + NEW_PHONE)
        .when(_has_bought(settings, chance), _seller(settings) * 8)
        .otherwise(own)
    )


def phone_browser(settings: SimulateSettings, chance: Chance, own: Column) -> Column:
    """Return the key of the browser on it: a phone is wiped when sold, so its cookies end."""
    person = F.col("person")
    return (
        F.when(own != person * 8, own)
        .when(_has_sold(settings, chance), person * 8 + NEW_PHONE)
        .when(_has_bought(settings, chance), person * 8 + NEW_BROWSER)
        .otherwise(own)
    )


def _seller(settings: SimulateSettings) -> Column:
    return F.col("person") - settings.people // 2


def _has_sold(settings: SimulateSettings, chance: Chance) -> Column:
    selling = F.col("person") < settings.people // 2
    return selling & _is_sold(settings, chance, F.col("person"))


def _has_bought(settings: SimulateSettings, chance: Chance) -> Column:
    seller = _seller(settings)
    buying = (seller >= 0) & (seller < settings.people // 2)
    return buying & _is_sold(settings, chance, seller)


def _is_sold(settings: SimulateSettings, chance: Chance, seller: Column) -> Column:
    """Return whether the phone has changed hands by the row's day: in the window's middle part."""
    on = settings.days * (0.2 + 0.6 * chance.uniform("phone sold on", seller))
    return chance.chance(SOLD, "phone sold", seller) & (F.col("day") >= F.floor(on))
