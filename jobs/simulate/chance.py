"""Randomness that depends on who and what is asked, never on how rows are partitioned.

Every draw is a hash of the seed, the purpose of the draw and whole-number keys. Asking twice for
the same purpose and keys gives the same number, in any frame, so two frames can agree on a draw
without a join.
"""

import math
from collections.abc import Mapping, Sequence

from pyspark.sql import Column
from pyspark.sql import functions as F

SLOTS = 1_000


class Chance:
    """All draws of one seeded world.

    Keys must be whole numbers: they are cast to long, because xxhash64 of an int differs from
    that of an equal long.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def bits(self, purpose: str, *keys: Column) -> Column:
        """Return 64 random bits as a long."""
        return F.xxhash64(F.lit(self._seed), F.lit(purpose), *(key.cast("long") for key in keys))

    def uniform(self, purpose: str, *keys: Column) -> Column:
        """Return a double in [0, 1) with 53 random bits."""
        return F.shiftrightunsigned(self.bits(purpose, *keys), 11) * F.lit(2.0**-53)

    def chance(self, share: float | Column, purpose: str, *keys: Column) -> Column:
        """Return whether a thing of that probability happens."""
        return self.uniform(purpose, *keys) < share

    def whole(self, below: int | Column, purpose: str, *keys: Column) -> Column:
        """Return a whole number in [0, below)."""
        return F.floor(self.uniform(purpose, *keys) * below).cast("int")

    def normal(self, purpose: str, *keys: Column) -> Column:
        """Return a standard normal draw (Box and Muller 1958)."""
        radius = F.sqrt(-2.0 * F.log(1.0 - self.uniform(purpose + "/radius", *keys)))
        return radius * F.cos(2.0 * math.pi * self.uniform(purpose + "/angle", *keys))

    def gumbel(self, purpose: str, *keys: Column) -> Column:
        """Return a standard Gumbel draw: the noise under which an arg max is a soft max."""
        return -F.log(-F.log(self.uniform(purpose, *keys) + F.lit(2.0**-54)))

    def pick(self, options: Sequence[str], purpose: str, *keys: Column) -> Column:
        """Return one of the texts, each as likely as another."""
        return nth(options, self.whole(len(options), purpose, *keys))

    def weighted(self, weights: Mapping[str, float], purpose: str, *keys: Column) -> Column:
        """Return one of the texts; the weights are taken relative to their sum."""
        return choose(weights, self.uniform(purpose, *keys))

    def code(self, purpose: str, *keys: Column) -> Column:
        """Return 16 hexadecimal digits, as systems give to sessions and devices."""
        return F.lower(F.lpad(F.hex(self.bits(purpose, *keys)), 16, "0"))


def texts(options: Sequence[str]) -> Column:
    """Return a constant array of texts.

    One split literal is folded to a constant by the optimizer and costs one call over the Python
    gateway, where an array of literals costs one a text.
    """
    return F.split(F.lit("|".join(options)), r"\|")


def numbers(values: Sequence[float]) -> Column:
    """Return a constant array of doubles."""
    return texts([repr(float(value)) for value in values]).cast("array<double>")


def nth(options: Sequence[str], index: Column) -> Column:
    """Return the text at a zero-based index."""
    return F.get(texts(options), index)


def choose(weights: Mapping[str, float], uniform: Column) -> Column:
    """Map a uniform number to one of the texts by their relative weights, to one in a thousand.

    A table of slots asks for the number once, where a chain of cases would copy its expression
    into every case.
    """
    total = sum(weights.values())
    slots: list[str] = []
    edge = 0.0
    for name, weight in weights.items():
        edge += weight / total
        slots.extend([name] * (round(edge * SLOTS) - len(slots)))
    return nth(slots, F.floor(uniform * SLOTS).cast("int"))


def running_share(weights: Column) -> Column:
    """Return the running sums of an array of weights, divided by its total."""
    total = F.aggregate(weights, F.lit(0.0), lambda acc, weight: acc + weight)
    ends = F.sequence(F.lit(1), F.size(weights))
    return F.transform(
        ends,
        lambda end: (
            F.aggregate(F.slice(weights, 1, end), F.lit(0.0), lambda acc, weight: acc + weight)
            / total
        ),
    )


def place_in(shares: Column, uniform: Column) -> Column:
    """Return the zero-based place of a uniform number among running shares."""
    passed = F.size(F.filter(shares, lambda share: share <= uniform))
    return F.least(passed, F.size(shares) - 1)


def logistic(score: Column) -> Column:
    """Return 1 / (1 + exp(-score))."""
    return 1.0 / (1.0 + F.exp(-score))
