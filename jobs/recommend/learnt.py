"""What a model may learn of: what persons who agreed did, and products that may be shown."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from jobs.lake import faults
from jobs.lake.errors import DataError
from jobs.lake.run import Record, Run
from jobs.lake.runner import of_this_night
from jobs.lake.tables.gold import INTERACTIONS, PROFILES
from jobs.lake.tables.silver import PRODUCTS

if TYPE_CHECKING:
    import pandas as pd

    from models.registry import Registry

MODEL = "recommender"
"""Name of the registered model."""
MODEL_ID = f"models/{MODEL}"
"""How ``ops.runs`` names it among what was read and written."""


def open_registry(run: Run) -> Registry:
    """Return the model registry of this home."""
    from models.registry import Registry

    uri = run.settings.models.tracking_uri or f"sqlite:///{run.home / 'mlflow.db'}"
    artifacts = run.settings.models.artifacts or run.home / "mlflow"
    return Registry(uri, artifacts, "recommender", faults.committed)


def agreed_persons(run: Run, record: Record) -> list[str]:
    """Persons who agreed to personalization, by tonight's profiles, in order."""
    record.inputs[PROFILES.id] = run.lake.version(PROFILES)
    rows = run.lake.rows(
        PROFILES, [("as_of", "=", run.as_of), ("personalization", "=", True)], ["person_id"]
    )
    return sorted(rows.column("person_id").to_pylist())


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


def interactions(run: Run, record: Record, persons: list[str]) -> pd.DataFrame:
    """Interactions of these persons as one pandas frame, in a fixed order.

    Raises
    ------
    DataError
        There are more than the settings let one machine hold, or they are another night's.
    """
    of_this_night(run, INTERACTIONS)
    delta = run.lake.delta(INTERACTIONS)
    record.inputs[INTERACTIONS.id] = int(delta.version())
    rows = delta.to_pyarrow_dataset().count_rows()
    limit = run.settings.recommend.single_node_interactions
    if rows > limit:
        raise DataError(
            f"gold.interactions has {rows:,} rows, more than recommend.single_node_interactions "
            f"({limit:,}): raise it if the memory allows"
        )
    columns = ["person_id", "product_id", "kind", "occurred_on", "quantity"]
    frame: pd.DataFrame = run.lake.rows(INTERACTIONS, None, columns).to_pandas()
    kept = frame[frame["person_id"].isin(persons)]
    return kept.sort_values(columns[:4], ignore_index=True)


def digest(frame: pd.DataFrame) -> str:
    """Hash of a frame's content: the same rows give the same, whatever table version held them."""
    import pandas as pd

    hashes = pd.util.hash_pandas_object(frame, index=False).to_numpy()
    return hashlib.sha256(hashes.tobytes()).hexdigest()[:16]
