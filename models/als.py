"""Alternating least squares for implicit feedback: products learnt, persons folded in."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from models.bm25 import Bm25
from models.interactions import History, Ids, Interactions, stored_rows, weigh
from models.popularity import popularity
from models.settings import AlsSettings, PopularitySettings, Weighting

if TYPE_CHECKING:
    from implicit.cpu.als import AlternatingLeastSquares

FACTORS_FILE: Final = "factors.npz"
SETTINGS_FILE: Final = "settings.json"


class TrainingError(ValueError):
    """There is nothing to learn from; the message says what was looked for."""


@dataclass(frozen=True, eq=False)
class AlsModel:
    """Trained item factors. No person is in it: their factors are solved from their history.

    So a customer who came after training is served, and erasing a person leaves nothing to do.

    Attributes
    ----------
    product_ids : array of str, shape (products,)
        Ascending.
    item_factors : array of float32, shape (products, factors)
        ``y``.
    popularity : array of float32, shape (products,)
        ``p`` at ``trained_until``, 0 to 1.
    settings : AlsSettings
        What it was trained with.
    trained_until : date
        End of its training data, exclusive.
    bm25 : Bm25 or None
        Statistics of the training data, where the weighting asks for them.
    """

    product_ids: Ids
    item_factors: NDArray[np.float32]
    popularity: NDArray[np.float32]
    settings: AlsSettings
    trained_until: date
    bm25: Bm25 | None

    @property
    def weighting(self) -> Weighting:
        """How interactions are weighed."""
        return self.settings.weighting

    @property
    def repeat_half_life_days(self) -> float | None:
        """Half-life of the habit, in days."""
        return self.settings.repeat_half_life_days

    def fold_in(self, history: History) -> NDArray[np.float32]:
        """Solve ``x`` of every person in a history, exactly, against the trained item factors.

        Returns
        -------
        array of float32, shape (persons, factors)
            Zero for a person without any weight.
        """
        weights = history.weights if self.bm25 is None else self.bm25.apply(history.weights)
        with _one_blas_thread():
            engine = _engine(self.settings)
            engine.item_factors = self.item_factors
            factors = engine.recalculate_user(np.arange(weights.shape[0]), weights)
        return np.asarray(factors, dtype=np.float32)

    def score(self, history: History) -> NDArray[np.float32]:
        """Score all products for the persons of a history, shape (persons, products)."""
        with _one_blas_thread():
            scores = self.fold_in(history) @ self.item_factors.T
        scores += np.float32(self.settings.popularity_weight) * self.popularity
        bought = history.purchases
        scores[stored_rows(bought), bought.indices] += self.settings.repeat_weight * bought.data
        return np.asarray(scores, dtype=np.float32)

    def parameters(self) -> dict[str, Any]:
        """Return its settings, as the registry shows them."""
        return self.settings.model_dump(mode="json")

    def save(self, folder: Path) -> None:
        """Write the model as one ``.npz`` and one ``.json``, neither of which needs pickle."""
        folder.mkdir(parents=True, exist_ok=True)
        arrays: dict[str, Any] = {
            "product_ids": self.product_ids,
            "item_factors": self.item_factors,
            "popularity": self.popularity,
        }
        described: dict[str, Any] = {
            "settings": self.settings.model_dump(mode="json"),
            "trained_until": self.trained_until.isoformat(),
        }
        if self.bm25 is not None:
            arrays["bm25_idf"] = self.bm25.idf
            described["bm25_mean_length"] = self.bm25.mean_length
        np.savez_compressed(folder / FACTORS_FILE, **arrays, allow_pickle=False)
        text = json.dumps(described, indent=2, sort_keys=True)
        (folder / SETTINGS_FILE).write_text(text, encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        described = json.loads((folder / SETTINGS_FILE).read_text(encoding="utf-8"))
        settings = cls.settings_in(folder / SETTINGS_FILE)
        bm25 = None
        with np.load(folder / FACTORS_FILE, allow_pickle=False) as arrays:
            if settings.weighting.bm25_k1 is not None:
                bm25 = Bm25(
                    arrays["bm25_idf"],
                    described["bm25_mean_length"],
                    settings.weighting.bm25_k1,
                    settings.weighting.bm25_b,
                )
            return cls(
                arrays["product_ids"],
                arrays["item_factors"],
                arrays["popularity"],
                settings,
                date.fromisoformat(described["trained_until"]),
                bm25,
            )

    @staticmethod
    def settings_in(file: Path) -> AlsSettings:
        """Read the settings alone, of the ``.json`` that `save` wrote."""
        described = json.loads(file.read_text(encoding="utf-8"))
        return AlsSettings.model_validate(described["settings"])


def train(interactions: Interactions, settings: AlsSettings, *, as_of_exclusive: date) -> AlsModel:
    """Learn the item factors from what occurred before a date.

    On one machine the same rows in any order, the same settings and any number of threads give
    the same bits: rows and columns are sorted by id (the starting factors are drawn in that
    order), the solver treats persons one by one, and BLAS runs on one thread.

    Parameters
    ----------
    interactions : Interactions
        As in `models.interactions.weigh`.
    settings : AlsSettings
        Of the model.
    as_of_exclusive : date
        Only interactions before this date count.

    Raises
    ------
    TrainingError
        When no interaction carries a weight.
    """
    history = weigh(interactions, settings.weighting, as_of_exclusive=as_of_exclusive)
    if history.weights.nnz == 0:
        raise TrainingError(
            f"no interaction before {as_of_exclusive} has a weight: looked for the kinds "
            f"{sorted(settings.weighting.kinds)}"
        )
    bm25 = fitted_bm25(history, settings.weighting)
    weights = history.weights if bm25 is None else bm25.apply(history.weights)
    with _one_blas_thread():
        engine = _engine(settings)
        engine.fit(weights, show_progress=False)
    trend = popularity(
        interactions,
        PopularitySettings(half_life_days=settings.popularity_half_life_days),
        as_of_exclusive=as_of_exclusive,
        product_ids=history.product_ids,
    )
    return AlsModel(
        history.product_ids,
        np.asarray(engine.item_factors, dtype=np.float32),
        trend,
        settings,
        as_of_exclusive,
        bm25,
    )


def fitted_bm25(history: History, weighting: Weighting) -> Bm25 | None:
    """BM25's statistics of a history, or None where the weighting does without it."""
    if weighting.bm25_k1 is None:
        return None
    return Bm25.fit(history.weights, k1=weighting.bm25_k1, b=weighting.bm25_b)


@contextmanager
def _one_blas_thread() -> Iterator[None]:
    """Limit BLAS to one thread: on two it is slower here, and sums in another order."""
    # Only libraries that are loaded can be limited, and implicit brings in SciPy's own BLAS.
    from implicit.cpu import als  # noqa: F401

    with threadpool_limits(limits=1, user_api="blas"):
        yield


def _engine(settings: AlsSettings) -> "AlternatingLeastSquares":
    # The CPU class by name: the package's factory would take a GPU where there is one, whose
    # factors differ.
    from implicit.cpu.als import AlternatingLeastSquares

    return AlternatingLeastSquares(
        factors=settings.factors,
        regularization=settings.regularization,
        alpha=settings.alpha,
        iterations=settings.iterations,
        num_threads=settings.threads,
        random_state=settings.seed,
    )
