"""Item-item neighbours: those who bought this also bought that."""

import warnings
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from scipy import sparse

from models.interactions import History, Ids, Interactions, weigh
from models.settings import Weighting


class ItemItemSettings(BaseModel):
    """Settings of item-item neighbours.

    Attributes
    ----------
    similarity : {"cosine", "tfidf", "bm25"}
        Of two products' columns of buyers, plain or weighed first.
    neighbours : int
        Most similar products kept for each product, itself included.
    weighting : Weighting
        Of the interactions.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    similarity: Literal["cosine", "tfidf", "bm25"] = "tfidf"
    neighbours: int = Field(default=20, ge=1)
    weighting: Weighting = Weighting()


@dataclass(frozen=True, eq=False)
class ItemItemModel:
    """Similarities of products, a sparse matrix (products by products)."""

    product_ids: Ids
    similarity: sparse.csr_matrix
    settings: ItemItemSettings
    repeat_half_life_days: float | None = None

    @property
    def weighting(self) -> Weighting:
        """How interactions are weighed."""
        return self.settings.weighting

    def score(self, history: History) -> NDArray[np.float32]:
        """Sum the similarities to what the person has, weighed by how much they have it."""
        scores = history.weights @ self.similarity
        return np.asarray(scores.toarray(), dtype=np.float32)


def train_item_item(
    interactions: Interactions, settings: ItemItemSettings, *, as_of_exclusive: date
) -> ItemItemModel:
    """Find every product's neighbours among what occurred before a date."""
    from implicit import nearest_neighbours
    from implicit.utils import ParameterWarning

    kinds = {
        "cosine": nearest_neighbours.CosineRecommender,
        "tfidf": nearest_neighbours.TFIDFRecommender,
        "bm25": nearest_neighbours.BM25Recommender,
    }
    history = weigh(interactions, settings.weighting, as_of_exclusive=as_of_exclusive)
    engine = kinds[settings.similarity](K=settings.neighbours)
    with warnings.catch_warnings():
        # The library warns of a conversion between its own two steps.
        warnings.simplefilter("ignore", ParameterWarning)
        engine.fit(history.weights, show_progress=False)
    return ItemItemModel(history.product_ids, engine.similarity.tocsr(), settings)
