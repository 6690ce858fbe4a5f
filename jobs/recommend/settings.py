"""Settings of the recommender."""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from models.settings import AlsSettings, Gate, PopularitySettings

TRAINING: Final = frozenset({"als", "popularity", "gate", "holdout_days", "exclude_bought"})
"""Settings that a model, its figures or its alias depend on; the others only say what is shown."""


class RecommendSettings(BaseModel):
    """What is learnt and what is shown.

    Attributes
    ----------
    products : int
        Length of a person's list.
    exclude_bought : bool
        Whether products that a person has bought are left out.
    expires_after_days : int
        Days after which a list is no longer to be shown.
    holdout_days : int
        Last days of the history that the model is judged on before it is trained on all.
    single_node_interactions : int
        Rows of ``gold.interactions`` that one machine may hold, some 100 bytes each. Of more, the
        model learns from a sample of persons, and Spark makes the lists block by block.
    als, popularity, gate
        The model, the fallback, and when a new version becomes the champion.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    products: int = Field(default=20, ge=1, le=20)
    exclude_bought: bool = True
    expires_after_days: int = Field(default=2, ge=1)
    holdout_days: int = Field(default=28, ge=1)
    single_node_interactions: int = Field(default=20_000_000, ge=1)
    als: AlsSettings = AlsSettings()
    popularity: PopularitySettings = PopularitySettings()
    gate: Gate = Gate()

    @property
    def judged_items(self) -> Literal["new", "all"]:
        """What the model is judged by: what the person had not bought before, or all."""
        return "new" if self.exclude_bought else "all"

    @property
    def metric(self) -> str:
        """Name of the metric that the gate decides by: that of the lists which are shown."""
        return f"ndcg_at_10_{self.judged_items}_warm"

    def of_training(self) -> dict[str, Any]:
        """Return what a training depends on, as plain values."""
        return self.model_dump(mode="json", include=set(TRAINING))
