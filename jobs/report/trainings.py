"""Trainings: the figures of every registered version of the recommender, and what was decided.

MLflow's client needs eight seconds to be imported and to open its database, so the default store, a
SQLite file, is read by itself: four tables, in milliseconds. Any other store, and a file whose
tables are not as expected, is asked through the client.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from jobs.cli.databases import unreachable
from jobs.recommend.learnt import MODEL
from jobs.report.discreet import discreet

_DISTANT = ("http://", "https://", "postgresql", "mysql")

FIGURES = {"ndcg": "ndcg_at_10", "recall": "recall_at_10"}

_VERSIONS = "SELECT version, run_id FROM model_versions WHERE name = ?"
_TAGS = "SELECT version, key, value FROM model_version_tags WHERE name = ?"
_ALIASES = "SELECT version, alias FROM registered_model_aliases WHERE name = ?"
_METRICS = """
    SELECT m.run_uuid, m.key, m.value FROM latest_metrics m
    JOIN model_versions v ON v.run_id = m.run_uuid WHERE v.name = ? AND NOT m.is_nan
"""


@dataclass(frozen=True)
class Training:
    """One registered version.

    Attributes
    ----------
    version : int
        As MLflow has it.
    trained_until : str
        End of what it has seen, exclusive.
    alias : str or None
        champion or challenger, as it is now.
    decision : str
        What was decided when it was registered, and why.
    judged_by : str
        new: by products the person had not bought; all: by all products.
    figures : dict of str to float
        ``ndcg``, ``recall``, and the same of ``popularity_`` and ``champion_``.
    """

    version: int
    trained_until: str
    alias: str | None
    decision: str
    judged_by: str
    figures: dict[str, float]


def read_trainings(home: Path, tracking_uri: str | None) -> list[Training]:
    """Return every registered version, oldest first.

    Parameters
    ----------
    home : Path
        Folder of all data.
    tracking_uri : str or None
        ``models.tracking_uri``; None means SQLite below the home.
    """
    uri = tracking_uri or f"sqlite:///{home / 'mlflow.db'}"
    path = Path(uri.removeprefix("sqlite:///"))
    if uri.startswith("sqlite:///"):
        if not path.exists():
            return []
        try:
            return _of_file(path)
        except sqlite3.OperationalError:
            # Locked, or of a version of MLflow whose tables are others.
            return _of_client(uri)
    return _of_client(uri)


def _of_file(path: Path) -> list[Training]:
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=2)
    try:
        tags: dict[int, dict[str, str]] = {}
        for version, key, value in connection.execute(_TAGS, [MODEL]):
            tags.setdefault(int(version), {})[key] = value
        aliases = dict(connection.execute(_ALIASES, [MODEL]).fetchall())
        metrics: dict[str, dict[str, float]] = {}
        for run, key, value in connection.execute(_METRICS, [MODEL]):
            metrics.setdefault(run, {})[key] = value
        versions = connection.execute(_VERSIONS, [MODEL]).fetchall()
    finally:
        connection.close()
    named = {int(version): alias for version, alias in aliases.items()}
    return _in_order(
        _training(
            int(version), tags.get(int(version), {}), named.get(int(version)), metrics.get(run, {})
        )
        for version, run in versions
    )


def _of_client(uri: str) -> list[Training]:
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("DO_NOT_TRACK", "true")
    # The client itself would try for minutes.
    if uri.startswith(_DISTANT) and (why := unreachable(uri)) is not None:
        raise ConnectionError(why)
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=uri, registry_uri=uri)
    models = client.search_registered_models(f"name = '{MODEL}'")
    aliases = {int(v): alias for model in models for alias, v in model.aliases.items()}
    return _in_order(
        _training(
            int(version.version),
            version.tags,
            aliases.get(int(version.version)),
            client.get_run(str(version.run_id)).data.metrics,
        )
        for version in client.search_model_versions(f"name = '{MODEL}'")
    )


def _in_order(found: Iterable[Training]) -> list[Training]:
    return sorted(found, key=lambda training: training.version)


def _training(
    version: int, tags: Mapping[str, str], alias: str | None, metrics: Mapping[str, float]
) -> Training:
    # A set is judged by what it shows: only new products, or bought ones as well.
    judged_by = "all" if "ndcg_at_10_all_warm" in metrics else "new"
    found = {
        f"{whose}{short}": metrics[name]
        for whose in ("", "popularity_", "champion_")
        for short, metric in FIGURES.items()
        if (name := f"{whose}{metric}_{judged_by}_warm") in metrics
    }
    return Training(
        version,
        tags.get("bespoke.trained_until", ""),
        alias,
        discreet(tags.get("bespoke.decision", "none: its registration was cut short")),
        judged_by,
        found,
    )
