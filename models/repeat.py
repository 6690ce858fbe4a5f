"""What a person already buys: the baseline that most grocery recommenders fail to beat."""

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from models.interactions import History, Ids, Interactions, stored_rows
from models.popularity import PURCHASES_ONLY, PopularityModel, train_popularity
from models.settings import PopularitySettings, Weighting

TIE_BREAK = 0.01
"""Weight of popularity among products bought equally often: below any difference of a day."""


class RepeatSettings(BaseModel):
    """Settings of the repeat-purchase baseline.

    Attributes
    ----------
    half_life_days : float or None
        Age in days at which a day of purchase counts half; None ranks by plain frequency, a few
        days rank by recency.
    popularity : PopularitySettings
        Of what fills the list after the person's own products.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    half_life_days: float | None = Field(default=None, gt=0)
    popularity: PopularitySettings = PopularitySettings()


@dataclass(frozen=True, eq=False)
class RepeatModel:
    """A person's own products by decayed number of purchase days, then the popular ones."""

    filling: PopularityModel
    settings: RepeatSettings

    @property
    def product_ids(self) -> Ids:
        """The products it can score, ascending."""
        return self.filling.product_ids

    @property
    def weighting(self) -> Weighting:
        """Purchases alone."""
        return PURCHASES_ONLY

    @property
    def repeat_half_life_days(self) -> float | None:
        """Half-life of a day of purchase, in days."""
        return self.settings.half_life_days

    def score(self, history: History) -> NDArray[np.float32]:
        """Score own products above 1 and the others by popularity, 0 to 1."""
        scores = self.filling.score(history)
        bought = history.purchases
        own = (stored_rows(bought), bought.indices)
        scores[own] = 1.0 + bought.data + TIE_BREAK * scores[own]
        return scores


def train_repeat(
    interactions: Interactions, settings: RepeatSettings, *, as_of_exclusive: date
) -> RepeatModel:
    """Make the repeat-purchase baseline of what was bought before a date."""
    filling = train_popularity(interactions, settings.popularity, as_of_exclusive=as_of_exclusive)
    return RepeatModel(filling, settings)
