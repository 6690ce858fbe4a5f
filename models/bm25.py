"""BM25 weighting of a person-product matrix: what everybody buys says less about one person."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse


@dataclass(frozen=True, eq=False)
class Bm25:
    r"""Okapi BM25 with persons as documents and products as terms.

    .. math::

        \mathrm{bm25}(u, i) = \ln\!\left(1 + \frac{N - n_i + 0.5}{n_i + 0.5}\right)
        \frac{w_{ui} (k_1 + 1)}{w_{ui} + k_1 (1 - b + b \, |u| / \overline{|u|})}

    ``N`` persons, ``n_i`` of them with product ``i``, ``w`` the weight and ``|u|`` its sum over
    a person's products. The logarithm's ``1 +`` keeps the weight of a product that more than
    half the persons have above zero. The statistics are kept, so that one person weighed alone
    later gets the weights that the same person had in training.

    Source: Robertson & Zaragoza (2009), The Probabilistic Relevance Framework, section 3.

    Attributes
    ----------
    idf : array of float32, shape (products,)
        The logarithm above.
    mean_length : float
        Mean of ``|u|`` over persons with any weight.
    k1, b : float
        Saturation of the weight, and strength of the normalisation by ``|u|`` (0 to 1).
    """

    idf: NDArray[np.float32]
    mean_length: float
    k1: float
    b: float

    @classmethod
    def fit(cls, weights: sparse.csr_matrix, *, k1: float, b: float) -> "Bm25":
        """Take the document frequencies and the mean length of a matrix."""
        people = weights.shape[0]
        having = np.bincount(weights.indices, minlength=weights.shape[1]).astype(np.float64)
        idf = np.log1p((people - having + 0.5) / (having + 0.5)).astype(np.float32)
        lengths = np.asarray(weights.sum(axis=1, dtype=np.float64)).ravel()
        return cls(idf, float(lengths[lengths > 0].mean()) if (lengths > 0).any() else 1.0, k1, b)

    def apply(self, weights: sparse.csr_matrix) -> sparse.csr_matrix:
        """Weigh a matrix over the same products; the input is not changed."""
        lengths = np.asarray(weights.sum(axis=1, dtype=np.float64)).ravel()
        norm = self.k1 * (1.0 - self.b + self.b * lengths / self.mean_length)
        norm_of_entry = np.repeat(norm, np.diff(weights.indptr))
        data = weights.data * (self.k1 + 1.0) / (weights.data + norm_of_entry)
        weighed = weights.copy()
        weighed.data = (data * self.idf[weights.indices]).astype(np.float32)
        return weighed
