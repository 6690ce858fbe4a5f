"""Settings of what is learnt, apart from the engines: importing them takes no numpy, no pandas."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from models.columns import PURCHASE

Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Weighting(BaseModel):
    r"""How much one interaction says about a person's taste.

    .. math:: w_{ui} = \sum_{e \in (u, i)} k(e) \; g(q_e) \; 2^{-a_e / h}

    with ``k`` the weight of the interaction's kind, ``q`` its quantity, ``a`` its age in days at
    ``as_of_exclusive`` (yesterday is 1) and ``h`` the half-life. ``saturation`` then takes
    ``log(1 + w)``, and ``bm25`` weighs down what everybody buys (see `models.bm25`).

    Attributes
    ----------
    kinds : dict of str to float
        Weight of each kind. A kind that is not named here does not count.
    half_life_days : float or None
        Days after which an interaction counts half; None for no decay.
    quantity : {"ignore", "log1p", "linear"}
        ``g``: 1, log(1 + q) or q. A wholesaler's 500 cups are one decision, hence "ignore".
    saturation : bool
        Whether the tenth purchase adds less than the first.
    bm25_k1, bm25_b : float
        Saturation and length normalisation of BM25; ``bm25_k1=None`` turns BM25 off.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kinds: dict[str, Weight] = Field(
        default={PURCHASE: 1.0, "add_to_cart": 0.3, "email_click": 0.15, "product_view": 0.1},
        validate_default=True,
    )
    half_life_days: float | None = Field(default=90.0, gt=0)
    quantity: Literal["ignore", "log1p", "linear"] = "ignore"
    saturation: bool = True
    bm25_k1: float | None = Field(default=None, gt=0)
    bm25_b: float = Field(default=0.75, ge=0, le=1)


class AlsSettings(BaseModel):
    r"""Settings of a model whose score is a taste, a habit and a trend.

    .. math:: s_{ui} = x_u^\top y_i + \beta \, d_{ui} + \gamma \, p_i

    Taste: ``x`` and ``y`` minimise :math:`\sum_{u,i} c_{ui} (t_{ui} - x_u^\top y_i)^2 +
    \lambda (\lVert X \rVert^2 + \lVert Y \rVert^2)`, where ``t`` is 1 with any weight and else
    0, and the confidence ``c`` is ``alpha * weight`` where there is a weight and else 1. Habit:
    ``d`` is the decayed number of days on which the person bought the product. Trend: ``p`` is
    the product's popularity, 1 for the most popular. With ``beta = gamma = 0`` it is plain ALS.

    Source: Hu, Koren & Volinsky (2008), Collaborative Filtering for Implicit Feedback Datasets.
    The defaults were tuned on two retailers at once: see ``bench/recommender.md``.

    Attributes
    ----------
    factors : int
        Length of ``x`` and ``y``.
    regularization : float
        ``lambda``.
    alpha : float
        Confidence of a weight of one.
    iterations : int
        Sweeps over persons and products.
    seed : int
        Of the starting factors.
    threads : int
        Threads of the solver, 0 for all cores; the factors do not depend on it.
    weighting : Weighting
        Weight of an interaction by kind, quantity and age.
    repeat_weight : float
        ``beta``; it matters only where what was bought may be recommended again.
    repeat_half_life_days : float or None
        Half-life of ``d``.
    popularity_weight : float
        ``gamma``.
    popularity_half_life_days : float or None
        Half-life of ``p``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    factors: int = Field(default=32, ge=1)
    regularization: float = Field(default=10.0, ge=0)
    alpha: float = Field(default=3.0, gt=0)
    iterations: int = Field(default=15, ge=1)
    seed: int = Field(default=20, ge=0)
    threads: int = Field(default=0, ge=0)
    weighting: Weighting = Weighting()
    repeat_weight: float = Field(default=0.3, ge=0)
    repeat_half_life_days: float | None = Field(default=365.0, gt=0)
    popularity_weight: float = Field(default=0.2, ge=0)
    popularity_half_life_days: float | None = Field(default=7.0, gt=0)


class PopularitySettings(BaseModel):
    r"""Settings of popularity: distinct buyers, each counted by the age of their last purchase.

    .. math:: p_i = \sum_{u \in B_i} 2^{-a_{ui} / h}

    ``B`` are the product's buyers, ``a`` the days since the person last bought it (yesterday is
    1), ``h`` the half-life. Persons are counted, not units or purchases, so that one wholesaler
    makes nothing popular.

    Attributes
    ----------
    half_life_days : float or None
        ``h``, in days; None counts all buyers alike.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    half_life_days: float | None = Field(default=30.0, gt=0)


class Gate(BaseModel):
    """When a challenger becomes the champion.

    Attributes
    ----------
    tolerance : float
        Share of the champion's value that may be lost: 0.02 lets a nightly retraining replace
        the champion at 98% of its value. A holdout's own noise should fit within it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    tolerance: float = Field(default=0.02, ge=0, lt=1)
