"""EASE^R, the linear model that is hard to beat on a small catalogue."""

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from models.interactions import History, Ids, Interactions, weigh
from models.settings import Weighting


class EaseSettings(BaseModel):
    r"""Settings of EASE^R.

    .. math:: B = I - P \,\mathrm{diag}(1 / P_{ii}), \quad P = (X^\top X + \lambda I)^{-1}

    ``X`` is the weight matrix (persons by products); scores are ``X B``. In closed form, but
    cubic in the number of products and dense: 8 bytes times products squared, three times over.

    Source: Steck (2019), Embarrassingly Shallow Autoencoders for Sparse Data.

    Attributes
    ----------
    regularization : float
        ``lambda``.
    max_products : int
        Products with the most buyers that are modelled; the rest is never recommended.
    weighting : Weighting
        Of the interactions.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    regularization: float = Field(default=100.0, gt=0)
    max_products: int = Field(default=4000, ge=1)
    weighting: Weighting = Weighting()


@dataclass(frozen=True, eq=False)
class EaseModel:
    """Weights from product to product, a dense matrix with an empty diagonal."""

    product_ids: Ids
    coefficients: NDArray[np.float32]
    settings: EaseSettings
    repeat_half_life_days: float | None = None

    @property
    def weighting(self) -> Weighting:
        """How interactions are weighed."""
        return self.settings.weighting

    def score(self, history: History) -> NDArray[np.float32]:
        """Score all products for the persons of a history, shape (persons, products)."""
        return np.asarray(history.weights @ self.coefficients, dtype=np.float32)


def train_ease(
    interactions: Interactions, settings: EaseSettings, *, as_of_exclusive: date
) -> EaseModel:
    """Solve the model on what occurred before a date."""
    history = weigh(interactions, settings.weighting, as_of_exclusive=as_of_exclusive)
    buyers = np.bincount(history.weights.indices, minlength=len(history.product_ids))
    kept = np.sort(np.argsort(-buyers, kind="stable")[: settings.max_products])
    matrix = history.weights[:, kept].astype(np.float64)
    gram = (matrix.T @ matrix).toarray()
    diagonal = np.diag_indices_from(gram)
    gram[diagonal] += settings.regularization
    inverse = np.linalg.inv(gram)
    coefficients = inverse / -np.diag(inverse)
    coefficients[diagonal] = 0.0
    return EaseModel(history.product_ids[kept], coefficients.astype(np.float32), settings)
