"""The model registry: MLflow, one registered version a training, in use by alias.

Everything goes through a client with explicit places, never through MLflow's global state, so
that nothing is written to the working directory and two registries can be open at once.
"""

import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, Self, TypeVar

from models.als import SETTINGS_FILE, AlsModel
from models.gate import (
    CHALLENGER,
    CHAMPION,
    DECISION,
    METRIC,
    TRAINED_UNTIL,
    Alias,
    decided,
    of_its_time,
    with_alias,
)
from models.settings import AlsSettings, Gate

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

RUN_KEY: Final = "bespoke.run_key"

MODEL_FOLDER: Final = "model"


class Model(Protocol):
    """What can be registered: it is written to a folder and read from there, nothing is pickled."""

    @property
    def trained_until(self) -> date:
        """End of what it has seen."""

    def parameters(self) -> dict[str, Any]:
        """Return its settings, as MLflow is to show them."""

    def save(self, folder: Path) -> None:
        """Write it."""

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what :meth:`save` has written."""


AnyModel = TypeVar("AnyModel", bound=Model)


class RegistryError(RuntimeError):
    """The registry cannot do what was asked; the message says what to do."""


@dataclass(frozen=True)
class Registered:
    """A registered version.

    Attributes
    ----------
    name, version : str
        As MLflow has them.
    alias : {"champion", "challenger"} or None
        What the version was made when it was registered; None for one that is older than the
        champion, which a backfill must not put in its place.
    reason : str
        Why, in words.
    reused : bool
        Whether the same run key had registered it before; then no alias was moved.
    """

    name: str
    version: str
    alias: Alias | None
    reason: str
    reused: bool


@dataclass(frozen=True)
class Registry:
    """A place for models.

    Attributes
    ----------
    tracking_uri : str
        Such as ``sqlite:////lake/mlflow.db`` or ``postgresql://...``.
    artifacts : Path or str
        Folder, or URI of an object store, of the model files.
    experiment : str
        MLflow experiment of the training runs; it is made when missing.
    committed : callable, optional
        Is told of everything that has just been written, by its name.
    promoting : callable, optional
        Is told before an alias is given: model, version, alias and reason.
    """

    tracking_uri: str
    artifacts: Path | str
    experiment: str = "bespoke"
    committed: Callable[[str], None] = lambda _: None
    promoting: Callable[[str, str, str, str], None] = lambda *_: None

    def register(
        self,
        name: str,
        model: Model,
        *,
        run_key: str,
        metric: str,
        metrics: Mapping[str, float],
        tables: Mapping[str, int],
        parameters: Mapping[str, Any] | None = None,
        gate: Gate | None = None,
        champion_value: float | None = None,
    ) -> Registered:
        """Log a training, register its model and decide on its alias, once a run key.

        Parameters
        ----------
        name : str
            Registered model, such as ``als``.
        model : Model
            The trained model.
        run_key : str
            Names the training: logical date, inputs and settings. A second call with the same
            key changes nothing and returns the first version, also after a crash half way.
        metric : str
            Name of the metric that decides, higher is better.
        metrics : mapping of str to float
            Of the holdout, such as ``Evaluation.flat_metrics``; ``metric`` must be among them.
        tables : mapping of str to int
            Delta version of every table that was read.
        parameters : mapping of str to Any, optional
            Settings of the training to log beside the model's own; they may be nested.
        gate : Gate, optional
            When a challenger becomes the champion.
        champion_value : float, optional
            The champion's value of ``metric`` on the same holdout. By default the value
            it was registered with, which came from the window of its own time.

        Raises
        ------
        RegistryError
            When ``metric`` is not among the metrics, or the run key cannot be searched.
        """
        if metric not in metrics:
            raise RegistryError(
                f"{metric!r} is to decide on {name}, which was measured by {sorted(metrics)}: "
                "measure it, or let one of these decide"
            )
        if not run_key or "'" in run_key:
            raise RegistryError(f"the run key {run_key!r} is empty or holds a quote")
        client = self._client()
        version = _version_of(client, name, run_key)
        if version is not None and DECISION in version.tags:
            alias, _, reason = version.tags[DECISION].partition(": ")
            kept: Alias | None = alias if alias in (CHAMPION, CHALLENGER) else None  # type: ignore[assignment]
            return Registered(name, str(version.version), kept, reason, reused=True)
        if version is None:
            settings = model.parameters() | dict(parameters or {})
            run_id = self._logged(client, name, model, run_key, settings, metrics, tables)
            self.committed("mlflow run")
            version = _created(client, name, run_id, run_key, model, metrics[metric])
            self.committed("mlflow version")
        alias_now, reason = decided(
            client,
            name,
            model.trained_until,
            metric,
            metrics[metric],
            gate or Gate(),
            champion_value,
        )
        number = str(version.version)
        if alias_now is not None:
            self.promoting(name, str(number), alias_now, reason)
            client.set_registered_model_alias(name, alias_now, number)
            self.committed("mlflow alias")
        # Written last: a version without it is one whose registration was cut short.
        client.set_model_version_tag(name, number, DECISION, f"{alias_now or 'none'}: {reason}")
        self.committed("mlflow decision")
        return Registered(name, number, alias_now, reason, reused=False)

    def load(
        self, kind: type[AnyModel], name: str, alias: str = CHAMPION, *, until: date | None = None
    ) -> tuple[AnyModel, str]:
        """Load the model behind an alias, and its version; nothing is unpickled.

        Parameters
        ----------
        kind : type
            What it is.
        name, alias : str
            Which model.
        until : date, optional
            End of what it may have seen, exclusive: a past night gets the model of its time, not
            today's, which knows what came after.

        Raises
        ------
        RegistryError
            When no version has the alias, or none was trained by then.
        """
        client = self._client()
        version = _in_use(client, name, alias, until)
        if version is None:
            raise RegistryError(
                f"no version of {name!r} is {alias!r} in {self.tracking_uri}"
                f"{'' if until is None else f' by {until}'}: train and register one first"
            )
        with tempfile.TemporaryDirectory() as folder:
            local = client.download_artifacts(str(version.run_id), MODEL_FOLDER, folder)
            return kind.load(Path(local)), str(version.version)

    def in_use(self, name: str, alias: str = CHAMPION, *, until: date | None = None) -> str | None:
        """Return the version that :meth:`load` would load; None where it would find none."""
        version = _in_use(self._client(), name, alias, until)
        return None if version is None else str(version.version)

    def holds(self, name: str, version: str) -> bool:
        """Whether a version is registered."""
        from mlflow.exceptions import MlflowException

        try:
            self._client().get_model_version(name, version)
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            return False
        return True

    def settings_of(self, name: str, alias: str = CHAMPION) -> AlsSettings | None:
        """Return the settings of the model behind an alias; None when no version has it."""
        client = self._client()
        version = with_alias(client, name, alias)
        if version is None:
            return None
        # Not the factors, which `load` reads: they are all but the whole of a model.
        with tempfile.TemporaryDirectory() as folder:
            path = f"{MODEL_FOLDER}/{SETTINGS_FILE}"
            local = client.download_artifacts(str(version.run_id), path, folder)
            return AlsModel.settings_in(Path(local))

    def _client(self) -> "MlflowClient":
        # MLflow reports use to its makers unless told not to before it is imported.
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        os.environ.setdefault("DO_NOT_TRACK", "true")
        os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
        # Importing MLflow takes ten seconds: only who talks to the registry pays for it.
        from mlflow import MlflowClient

        return MlflowClient(tracking_uri=self.tracking_uri, registry_uri=self.tracking_uri)

    def _experiment(self, client: "MlflowClient") -> str:
        found = client.get_experiment_by_name(self.experiment)
        if found is not None:
            return str(found.experiment_id)
        place = self.artifacts
        uri = place.absolute().as_uri() if isinstance(place, Path) else place
        return str(client.create_experiment(self.experiment, artifact_location=uri))

    def _logged(
        self,
        client: "MlflowClient",
        name: str,
        model: Model,
        run_key: str,
        settings: Mapping[str, Any],
        metrics: Mapping[str, float],
        tables: Mapping[str, int],
    ) -> str:
        """Log a run, or find the one that a crashed attempt had finished."""
        experiment = self._experiment(client)
        wanted = f"tags.`{RUN_KEY}` = '{run_key}' and attributes.status = 'FINISHED'"
        done = client.search_runs([experiment], wanted, max_results=1)
        if done:
            return str(done[0].info.run_id)
        tags = {RUN_KEY: run_key, TRAINED_UNTIL: model.trained_until.isoformat()}
        tags |= {f"bespoke.table.{table}": str(version) for table, version in tables.items()}
        run_id = str(client.create_run(experiment, run_name=name, tags=tags).info.run_id)
        try:
            for key, value in _flat(settings).items():
                client.log_param(run_id, key, value)
            for table, version in sorted(tables.items()):
                client.log_param(run_id, f"table.{table}", version)
            for key, value in metrics.items():
                client.log_metric(run_id, key, value)
            with tempfile.TemporaryDirectory() as folder:
                model.save(Path(folder))
                client.log_artifacts(run_id, folder, MODEL_FOLDER)
        except BaseException:
            client.set_terminated(run_id, "FAILED")
            raise
        client.set_terminated(run_id, "FINISHED")
        return run_id


def _created(
    client: "MlflowClient", name: str, run_id: str, run_key: str, model: Model, value: float
) -> "ModelVersion":
    from mlflow.exceptions import MlflowException

    try:
        client.get_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        client.create_registered_model(name)
    source = f"{client.get_run(run_id).info.artifact_uri}/{MODEL_FOLDER}"
    tags = {
        RUN_KEY: run_key,
        TRAINED_UNTIL: model.trained_until.isoformat(),
        METRIC: repr(value),
    }
    return client.create_model_version(name, source, run_id=run_id, tags=tags)


def _in_use(
    client: "MlflowClient", name: str, alias: str, until: date | None
) -> "ModelVersion | None":
    version = with_alias(client, name, alias)
    if version is None or until is None:
        return version
    return of_its_time(client, name, version, until)


def _version_of(client: "MlflowClient", name: str, run_key: str) -> "ModelVersion | None":
    found = client.search_model_versions(f"name = '{name}' and tags.`{RUN_KEY}` = '{run_key}'")
    return found[0] if found else None


def _flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat
