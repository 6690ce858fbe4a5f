"""Identity models: what is known of every registered version, without importing MLflow.

As in ``trainings.py``: the default store is read as the SQLite file that it is.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlparse

from jobs.cli.databases import unreachable
from jobs.lake.errors import BespokeError

if TYPE_CHECKING:
    from jobs.identity.matching.matcher import Matcher

MODEL = "identity"
"""Name of the registered model."""
CHAMPION = "champion"
_VERSIONS = "SELECT version, run_id, storage_location FROM model_versions WHERE name = ?"
_ALIASES = "SELECT version, alias FROM registered_model_aliases WHERE name = ?"
_TAGS = "SELECT version, value FROM model_version_tags WHERE name = ? AND key = ?"
_UNTIL = "bespoke.trained_until"
_PARAMETERS = """
    SELECT p.run_uuid, p.key, p.value FROM params p
    JOIN model_versions v ON v.run_id = p.run_uuid WHERE v.name = ?
"""


class ModelError(BespokeError):
    """The identity model cannot be read; the message says why."""


@dataclass(frozen=True)
class IdentityModel:
    """One registered version.

    Attributes
    ----------
    version : int
        As MLflow has it.
    in_use : bool
        Whether the next night weighs records by it.
    trained_on : int or None
        Number of records.
    trained_until : str
        Last night whose records it has seen.
    rules : tuple of str
        By what records are looked for.
    why : str
        Why it was trained.
    run_id, place : str
        Its training, and where its files lie.
    """

    version: int
    in_use: bool
    trained_on: int | None
    trained_until: str
    rules: tuple[str, ...]
    why: str
    run_id: str
    place: str


def read_models(home: Path, tracking_uri: str | None) -> list[IdentityModel]:
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
    if not uri.startswith("sqlite:///"):
        return _of_client(uri)
    if not path.exists():
        return []
    try:
        return _of_file(path)
    except sqlite3.OperationalError:
        # Locked, or of a version of MLflow whose tables are others.
        return _of_client(uri)


def load_matcher(model: IdentityModel, home: Path, tracking_uri: str | None) -> Matcher:
    """Load a version.

    Raises
    ------
    ModelError
        Its files are not where MLflow says.
    """
    from jobs.identity.matching.matcher import Matcher

    place = urlparse(model.place)
    if place.scheme in ("", "file"):
        folder = Path(unquote(place.path))
        if not folder.is_dir():
            raise ModelError(f"identity model {model.version} is not in {folder}, as MLflow says")
        return Matcher.load(folder)
    client = _client(tracking_uri or f"sqlite:///{home / 'mlflow.db'}")
    with tempfile.TemporaryDirectory() as scratch:
        return Matcher.load(Path(client.download_artifacts(model.run_id, "model", scratch)))


def _of_file(path: Path) -> list[IdentityModel]:
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=2)
    try:
        aliases = dict(connection.execute(_ALIASES, [MODEL]).fetchall())
        until = dict(connection.execute(_TAGS, [MODEL, _UNTIL]).fetchall())
        told: dict[str, dict[str, str]] = {}
        for run, key, value in connection.execute(_PARAMETERS, [MODEL]):
            told.setdefault(run, {})[key] = value
        versions = connection.execute(_VERSIONS, [MODEL]).fetchall()
    finally:
        connection.close()
    return sorted(
        (
            _model(
                int(version),
                aliases.get(version) == CHAMPION,
                until.get(version, ""),
                told.get(run, {}),
                (run, place),
            )
            for version, run, place in versions
        ),
        key=lambda model: model.version,
    )


def _of_client(uri: str) -> list[IdentityModel]:
    client = _client(uri)
    aliases = {
        int(version): alias
        for model in client.search_registered_models(f"name = '{MODEL}'")
        for alias, version in model.aliases.items()
    }
    return sorted(
        (
            _model(
                int(version.version),
                aliases.get(int(version.version)) == CHAMPION,
                version.tags.get(_UNTIL, ""),
                client.get_run(version.run_id).data.params,
                (version.run_id, client.get_model_version_download_uri(MODEL, version.version)),
            )
            for version in client.search_model_versions(f"name = '{MODEL}'")
        ),
        key=lambda model: model.version,
    )


def _client(uri: str) -> Any:
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("DO_NOT_TRACK", "true")
    # The client itself would try for minutes.
    if not uri.startswith("sqlite") and (why := unreachable(uri)) is not None:
        raise ModelError(f"MLflow does not answer: {why}")
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=uri, registry_uri=uri)


def _model(
    version: int, in_use: bool, until: str, told: Mapping[str, Any], place: tuple[str, str]
) -> IdentityModel:
    records = told.get("trained_on", "")
    rules = tuple(rule for rule in str(told.get("rules", "")).split(", ") if rule)
    return IdentityModel(
        version,
        in_use,
        int(records) if str(records).isdigit() else None,
        until,
        rules,
        str(told.get("why", "")),
        *place,
    )
