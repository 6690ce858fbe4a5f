"""A run of one of Splink's demonstrations: its model learnt and its pairs clustered as it does."""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from splink import DuckDBAPI, Linker, SettingsCreator

THRESHOLDS: Final = (0.01, 0.1, 0.2, 0.5, 0.8, 0.9, 0.95, 0.99, 0.999)
"""Where clusters are cut besides the notebook's own, to choose the best with the truth in hand."""
_UNSAID: Final = 0.95
"""Where clusters are cut when a notebook makes none."""
_SEED: Final = 1
_PATIENCE: Final = 60.0
"""Seconds within which Splink links two files one to one."""


@dataclass(frozen=True)
class Demonstration:
    """What one notebook sets.

    Attributes
    ----------
    notebook : str
        Its name, below ``docs/demos/examples/duckdb`` or ``docs/demos/tutorials``.
    unique_id : str
        Column that names a record.
    blocking : tuple
        Rules of the pairs that are scored.
    comparisons : callable
        Makes the comparisons: Splink's objects are changed by use.
    sure : tuple
        Deterministic rules from which the share of matches is estimated.
    sure_recall : float
        Which part of the matches those are said to find.
    learn : tuple
        Blocking of each round of expectation maximisation.
    random_pairs : float
        Pairs drawn to estimate u.
    seed : int
        Of that draw; most notebooks have none.
    term_frequencies : bool
        Whether they count while the model is learnt.
    edges_at : float
        Probability from which the notebook calls a pair a match.
    clusters_at : float
        Probability at which it clusters.
    select : str
        The columns in SQL, where the notebook makes new ones.
    """

    notebook: str
    unique_id: str
    blocking: tuple[Any, ...]
    comparisons: Callable[[], list[Any]]
    sure: tuple[Any, ...]
    sure_recall: float
    learn: tuple[Any, ...]
    random_pairs: float
    edges_at: float
    seed: int = _SEED
    term_frequencies: bool = False
    clusters_at: float = _UNSAID
    select: str = "*"


@dataclass(frozen=True, eq=False)
class Demonstrated:
    """What a demonstration found; records are numbered from 0, those of a second file after.

    Attributes
    ----------
    seconds : float
        From the records to clusters at the notebook's threshold.
    peak_bytes : int
        Most memory the process held until then.
    left, right : array of int
        The pairs it calls matches.
    clusters : mapping
        For each way of clustering, ``threshold`` or ``single best links, threshold``, the cluster
        of each record; the notebook's own first.
    """

    seconds: float
    peak_bytes: int
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    clusters: Mapping[str, NDArray[np.int64]]


def peak_bytes() -> int:
    """Return the most memory this process has held, of Linux.

    ``getrusage`` would count what the process that started it held.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return 1024 * int(status.partition("VmHWM:")[2].split()[0])


def demonstrate(demo: Demonstration, files: Sequence[pd.DataFrame]) -> Demonstrated:
    """Run a demonstration on the records of one file, or on those of two that are linked."""
    # What it could not observe in so few records it says, a page of it.
    logging.getLogger("splink").setLevel(logging.ERROR)
    started = time.perf_counter()
    linker, database = _learnt(demo, files)
    found = linker.inference.predict(threshold_match_probability=_least(demo))
    number = {
        key: place for place, key in enumerate(key for f in files for key in f[demo.unique_id])
    }

    def clustered(at: float) -> NDArray[np.int64]:
        return _numbered(
            linker.clustering.cluster_pairwise_predictions_at_threshold(
                found, threshold_match_probability=at
            ),
            demo.unique_id,
            number,
        )

    clusters = {str(demo.clusters_at): clustered(demo.clusters_at)}
    seconds, held = time.perf_counter() - started, peak_bytes()
    for at in THRESHOLDS:
        if at != demo.clusters_at:
            clusters[str(at)] = clustered(at)
        if len(files) == 2 and (links := _single_best(linker, database, found, at)):
            clusters[f"single best links, {at}"] = _numbered(links, demo.unique_id, number)
    ids = ", ".join(f"{demo.unique_id}_{side} AS {side}" for side in "lr")
    edges = found.query_sql(
        f"SELECT {ids} FROM {{this}} WHERE match_probability >= {demo.edges_at}"
    ).as_pandas_dataframe()
    left, right = (edges[side].map(number).to_numpy(dtype=np.int64) for side in "lr")
    return Demonstrated(seconds, held, left, right, clusters)


def _single_best(
    linker: Linker, database: duckdb.DuckDBPyConnection, pairs: Any, at: float
) -> Any | None:
    """Link two files one to one; None where Splink's loop, which ties can keep up, does not end."""
    patience = threading.Timer(_PATIENCE, database.interrupt)
    ended = time.monotonic() + _PATIENCE
    patience.start()
    try:
        return linker.clustering.cluster_using_single_best_links(
            pairs, duplicate_free_datasets=["a", "b"], threshold_match_probability=at
        )
    except Exception:
        if time.monotonic() < ended:
            raise
        return None
    finally:
        patience.cancel()


def _learnt(
    demo: Demonstration, files: Sequence[pd.DataFrame]
) -> tuple[Linker, duckdb.DuckDBPyConnection]:
    """Train the notebook's model by the notebook's steps."""
    database = duckdb.connect()
    database.execute("SET enable_progress_bar = false")
    api = DuckDBAPI(connection=database)
    tables = []
    for name, file in zip("ab", files, strict=False):
        told = file.astype(object).where(file.notna() & (file != ""), None)
        database.register("given", pa.Table.from_pandas(told, preserve_index=False))
        chosen = database.sql(f"SELECT {demo.select} FROM given").to_arrow_table()
        tables.append(api.register(chosen, dataset_display_name=name))
    settings = SettingsCreator(
        link_type="dedupe_only" if len(files) == 1 else "link_only",
        unique_id_column_name=demo.unique_id,
        blocking_rules_to_generate_predictions=list(demo.blocking),
        comparisons=demo.comparisons(),
        retain_intermediate_calculation_columns=True,
    )
    linker = Linker(tables, settings, log_level=None)
    training = linker.training
    training.estimate_probability_two_random_records_match(list(demo.sure), recall=demo.sure_recall)
    training.estimate_u_using_random_sampling(max_pairs=demo.random_pairs, seed=demo.seed)
    for rule in demo.learn:
        training.estimate_parameters_using_expectation_maximisation(
            rule, estimate_without_term_frequencies=not demo.term_frequencies
        )
    return linker, database


def _least(demo: Demonstration) -> float:
    """Return what has to be predicted for the edges and for every way of clustering."""
    return min(demo.edges_at, demo.clusters_at, *THRESHOLDS)


def _numbered(clusters: Any, unique_id: str, number: Mapping[Any, int]) -> NDArray[np.int64]:
    """Bring Splink's clusters into the order of the records."""
    frame = clusters.as_pandas_dataframe()
    codes, _ = pd.factorize(frame["cluster_id"])
    found = np.empty(len(number), dtype=np.int64)
    found[frame[unique_id].map(number).to_numpy(dtype=np.int64)] = codes
    return found
