"""What a model may learn of: what persons who agreed did, and products that may be shown."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from jobs.lake.run import Record, Run
from jobs.lake.runner import of_this_night
from jobs.lake.tables.gold import INTERACTIONS, PROFILES
from jobs.lake.tables.silver import PRODUCTS

if TYPE_CHECKING:
    import pandas as pd


MODEL = "recommender"
"""Name of the registered model."""
MODEL_ID = f"models/{MODEL}"
"""How ``ops.runs`` names it among what was read and written."""
COLUMNS = ["person_id", "product_id", "kind", "occurred_on", "quantity"]
"""What it is learnt from."""


def recommendable(run: Run, record: Record) -> list[str]:
    """Products that may be recommended tonight: real ones with a name, in stock, on sale."""
    return [
        row["product_id"]
        for row in _products(run, record, on_sale=run.as_of + timedelta(days=1))
        if row["stock"] is None or row["stock"] > 0
    ]


def once_recommendable(run: Run, record: Record, day: date) -> list[str]:
    """Products that could be recommended on a past day, as far as we know.

    Of stock only tonight's is known. To bar by it would judge a model of that day by what has
    been sold out since, which are often its best guesses.
    """
    return [row["product_id"] for row in _products(run, record, on_sale=day)]


def _products(run: Run, record: Record, *, on_sale: date) -> list[dict[str, Any]]:
    """Real products with a name that are on sale on a day, by id."""
    rows = run.lake.rows(
        PRODUCTS,
        [("item_type", "=", "product")],
        ["product_id", "name", "stock", "launched_on"],
        version=run.version_of(PRODUCTS, record),
    )
    return [
        row
        for row in rows.sort_by("product_id").to_pylist()
        if row["name"] is not None and (row["launched_on"] is None or row["launched_on"] <= on_sale)
    ]


@dataclass(frozen=True, eq=False)
class Learnt:
    """What one machine holds of what persons who agreed did.

    Attributes
    ----------
    rows : DataFrame
        All interactions of ``persons``, of the columns ``COLUMNS``, in the order of the first four.
    persons : list of str
        In order.
    of_all : int
        Interactions that there are of everybody.
    below : str or None
        Only persons whose id is below this were looked at; None where all were.
    """

    rows: pd.DataFrame
    persons: list[str]
    of_all: int
    below: str | None

    @property
    def whole(self) -> bool:
        """Whether it is everybody who agreed, and not a sample of them."""
        return self.below is None

    @property
    def among(self) -> list[tuple[str, str, str]]:
        """Filter by which tables are read for these persons."""
        return _among(self.below)


def learnt(run: Run, record: Record) -> Learnt:
    """Read what persons who agreed to personalization did, by tonight's profiles.

    Where there are more interactions than ``recommend.single_node_interactions``, those of a
    sample of persons, as large as that allows: the same persons from night to night, but for what
    the shop grows by.

    Raises
    ------
    DataError
        The interactions are another night's.
    """
    of_this_night(run, INTERACTIONS)
    delta = run.lake.delta(INTERACTIONS)
    record.inputs[INTERACTIONS.id] = int(delta.version())
    record.inputs[PROFILES.id] = run.lake.version(PROFILES)
    of_all = delta.to_pyarrow_dataset().count_rows()
    limit = run.settings.recommend.single_node_interactions
    below = None if of_all <= limit else sample(limit / of_all)
    among = _among(below)
    agreed = [("as_of", "=", run.as_of), ("personalization", "=", True), *among]
    persons = sorted(run.lake.rows(PROFILES, agreed, ["person_id"]).column("person_id").to_pylist())
    rows: pd.DataFrame = run.lake.rows(INTERACTIONS, among, COLUMNS).to_pandas()
    kept = rows[rows["person_id"].isin(persons)]
    return Learnt(in_order(kept), persons, of_all, below)


def in_order(rows: pd.DataFrame) -> pd.DataFrame:
    """Sort interactions by their key, so that what is made of them does not depend on files."""
    return rows[COLUMNS].sort_values(COLUMNS[:4], ignore_index=True)


def _among(below: str | None) -> list[tuple[str, str, str]]:
    return [] if below is None else [("person_id", "<", below)]


def sample(share: float) -> str:
    """Return the id below which a share of all persons are, which are named by a hash.

    Examples
    --------
    >>> sample(0.5)
    'p_80000000'
    """
    return f"p_{int(share * 16**8):08x}"


def digest(frame: pd.DataFrame) -> str:
    """Hash of a frame's content: the same rows give the same, whatever table version held them."""
    import pandas as pd

    hashes = pd.util.hash_pandas_object(frame, index=False).to_numpy()
    return hashlib.sha256(hashes.tobytes()).hexdigest()[:16]
