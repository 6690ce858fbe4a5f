"""Settings of the segments, checked when they are read."""

from __future__ import annotations

from itertools import product
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from jobs.lake.contract import Privacy
from jobs.lake.tables.gold import PROFILES

Range = tuple[int, int]
"""From and to, both included."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NamedRange(_Section):
    """A box of scores that bears the name of a segment; several boxes may share a name."""

    name: str = Field(min_length=1)
    r: Range
    f: Range
    m: Range | None = None
    """None leaves the monetary score open."""

    def holds(self, r: int, f: int, m: int) -> bool:
        """Whether the three scores lie in the box."""
        low, high = self.m or (m, m)
        return self.r[0] <= r <= self.r[1] and self.f[0] <= f <= self.f[1] and low <= m <= high


class RfmSettings(_Section):
    """Recency, frequency and monetary value."""

    window_days: int = Field(default=365, ge=1)
    """Days that end with the business day and whose orders count."""
    bins: int = Field(default=5, ge=2, le=5)
    """Scores run from 1 to this."""
    segments: tuple[NamedRange, ...]
    """Boxes that together hold every combination of scores exactly once."""

    @model_validator(mode="after")
    def _each_combination_once(self) -> Self:
        none, twice = [], []
        for r, f, m in product(range(1, self.bins + 1), repeat=3):
            names = [box.name for box in self.segments if box.holds(r, f, m)]
            if not names:
                none.append(f"R={r} F={f} M={m}")
            elif len(names) > 1:
                twice.append(f"R={r} F={f} M={m} ({', '.join(names)})")
        problems = [f"{_some(none)} in no segment"] if none else []
        problems += [f"{_some(twice)} in more than one segment"] if twice else []
        if problems:
            raise ValueError("each combination of scores needs one segment: " + "; ".join(problems))
        return self


def _some(combinations: list[str], shown: int = 3) -> str:
    rest = len(combinations) - shown
    return ", ".join(combinations[:shown]) + (f" and {rest} more" if rest > 0 else "")


class Feature(_Section):
    """A measure of behaviour that the clusters are made of."""

    name: str = Field(min_length=1)
    """As in "high <name>": the words a cluster is named with."""
    column: str
    """Numeric column of ``gold.profiles``; nothing in it counts as zero."""
    per: str | None = None
    """Column to divide by, for a share or a rate."""
    log: bool = True
    """Whether to take the logarithm: counts and money are skewed, shares are not."""

    @field_validator("column", "per")
    @classmethod
    def _behaviour(cls, column: str | None) -> str | None:
        if column is None:
            return None
        if column not in PROFILES.names:
            raise ValueError(f"{PROFILES.id} has no column {column!r}")
        declared = PROFILES.column(column)
        if declared.privacy is Privacy.PROTECTED:
            raise ValueError(f"{column!r} is protected and may not enter a model")
        if not declared.type.startswith(("bigint", "int", "double", "decimal")):
            raise ValueError(f"{column!r} is {declared.type}, not a number")
        return column


BEHAVIOUR = (
    Feature(name="orders", column="orders"),
    Feature(name="recent orders", column="orders_90d"),
    Feature(name="spend", column="net_revenue"),
    Feature(name="basket value", column="average_order_value"),
    Feature(name="returns", column="returned_lines", per="orders", log=False),
    Feature(name="visits", column="sessions"),
    Feature(name="browsing", column="product_views"),
    Feature(name="cart use", column="cart_adds"),
    Feature(name="message clicks", column="messages_clicked", per="messages_sent", log=False),
)


class ClusterSettings(_Section):
    """Behavioural clusters."""

    features: tuple[Feature, ...] = Field(default=BEHAVIOUR, min_length=1)
    k: Range = (3, 8)
    """Fewest and most clusters. Two would be best by silhouette for most shops (it was on
    Online Retail, on every night tried), but then only say much and little."""
    minimum_persons: int = Field(default=50, ge=3)
    """With fewer persons there is one cluster, everyone."""
    seed: int = Field(default=20, ge=0)
    sample_rows: int = Field(default=5_000, ge=10)
    """Persons that the silhouette is taken on; its cost grows with the square."""
    single_node_rows: int = Field(default=200_000, ge=10)
    """Up to so many persons scikit-learn fits all; above, MLlib does, scaled on so many."""
    spark_partitions: int = Field(default=32, ge=1)
    """Partitions that MLlib sees: a fixed number, so that its start does not hang on the lake's."""
    restarts: int = Field(default=10, ge=1)
    """Starts of a fit by scikit-learn, the best of which is taken. Four were too few: on Online
    Retail one night in six fell into a poorer clustering, with ten none."""
    spark_restarts: int = Field(default=2, ge=1)
    """The same for MLlib, whose start is better (k-means||) and whose fits cost more."""
    winsorise: float = Field(default=0.01, ge=0, lt=0.5)
    """Share at either end of a feature that is drawn in to the quantile."""
    margin: float = Field(default=0.03, ge=0)
    """By how much another k must be better in silhouette to replace last night's."""
    drift: float = Field(default=1.5, gt=0)
    """Standard deviations that a centre may move in a night and still be the same cluster."""
    telling: float = Field(default=0.25, ge=0)
    """Standard deviations from the mean from which on a feature is worth a name."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        low, high = self.k
        if not 2 <= low <= high:
            raise ValueError(f"k is {low} to {high}: it must start at 2 or more and not fall")
        names = [feature.name for feature in self.features]
        if len(set(names)) != len(names) or any("," in name for name in names):
            raise ValueError("features need names that differ and hold no comma")
        return self


class SegmentsSettings(_Section):
    """All of ``jobs/segments``."""

    rfm: RfmSettings
    clusters: ClusterSettings = ClusterSettings()
