"""Behaviour: what persons do, as points whose coordinates can be compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_

import numpy as np
from numpy.typing import NDArray
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.segments.settings import Feature

Points = NDArray[np.float64]
"""One row a person (or a centre), one column a feature."""


def behaviour(profiles: DataFrame, features: Sequence[Feature]) -> DataFrame:
    """Return person_id and point of every person who did anything that the features measure.

    Skewed measures are taken as the logarithm of one plus their size, keeping their sign (net
    revenue is negative where more came back than was bought).
    """
    did = reduce(or_, [_number(feature.column) != 0 for feature in features])
    point = F.array(*[_coordinate(feature) for feature in features])
    return profiles.where(did).select("person_id", point.alias("point"))


def _number(column: str) -> Column:
    return F.coalesce(F.col(column).cast("double"), F.lit(0.0))


def _coordinate(feature: Feature) -> Column:
    value = _number(feature.column)
    if feature.per is not None:
        base = _number(feature.per)
        value = F.when(base > 0, value / base).otherwise(F.lit(0.0))
    return F.signum(value) * F.log1p(F.abs(value)) if feature.log else value


def seeded_points(people: DataFrame, rows: int, seed: int) -> Points:
    """Bring at most ``rows`` points here, in an order that depends on persons and seed only.

    The first of them are a random sample of all, so a smaller sample is a slice.
    """
    order = F.xxhash64(F.lit(seed), "person_id")
    taken = people.orderBy(order, "person_id").limit(rows).select("point").toPandas()
    return np.array(taken["point"].tolist(), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Scaling:
    """Winsorised z-scores: values beyond two quantiles are drawn in, then standardised.

    Without the first step a few wholesale buyers would get a cluster each (Dixon 1960, Simplified
    Estimation from Censored Normal Samples, Annals of Mathematical Statistics 31, p. 385).
    """

    low: Points
    high: Points
    mean: Points
    deviation: Points

    @classmethod
    def of(cls, points: Points, share: float) -> Scaling:
        """Learn the scaling; ``share`` of the values is drawn in at either end."""
        low, high = np.quantile(points, [share, 1 - share], axis=0)
        drawn_in = np.clip(points, low, high)
        # A feature that is the same for all says nothing: its z-score is to be 0, not 0/0.
        deviation = np.where(high > low, drawn_in.std(axis=0), 1.0)
        mean = np.where(high > low, drawn_in.mean(axis=0), low)
        return cls(low, high, mean, deviation)

    def apply(self, points: Points) -> Points:
        """Scale points that are here."""
        scaled: Points = (np.clip(points, self.low, self.high) - self.mean) / self.deviation
        return scaled

    def column(self, point: Column) -> Column:
        """Scale points that are in a frame, by the same arithmetic."""
        scaled = []
        limits = zip(self.low, self.high, self.mean, self.deviation, strict=True)
        for place, (low, high, mean, deviation) in enumerate(limits):
            value = F.least(F.greatest(point[place], F.lit(float(low))), F.lit(float(high)))
            scaled.append((value - F.lit(float(mean))) / F.lit(float(deviation)))
        return F.array(*scaled)
