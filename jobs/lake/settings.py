"""Settings: read in one place, from ``conf/`` and the environment, and checked once.

``conf/base.yaml`` holds the defaults, ``conf/<profile>.yaml`` what a machine or a cluster changes,
variables named ``BESPOKE__SECTION__KEY`` what a run changes. A key that nobody knows is an error
that names the file and the key.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from jobs.identity.settings import IdentitySettings
from jobs.lake.days import Zone
from jobs.lake.errors import DataError
from jobs.lake.metrics import MetricsSettings
from jobs.maintenance.settings import MaintenanceSettings
from jobs.profiles.settings import ProfilesSettings
from jobs.recommend.settings import RecommendSettings
from jobs.segments.settings import SegmentsSettings
from jobs.simulate.settings import SimulateSettings


class SettingsError(DataError):
    """A settings file or variable cannot be used; the message says which and why."""


class Section(BaseModel):
    """A group of settings; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SparkSettings(Section):
    """The engine."""

    master: str = "local[*]"
    driver_memory: str = "3g"
    shuffle_partitions: int = Field(default=4, ge=1)
    snapshot_partitions: int = Field(default=2, ge=1)
    conf: dict[str, str] = Field(default_factory=dict)


class LakeSettings(Section):
    """The tables."""

    root: str | None = Field(default=None, pattern=r"^s3a://[^/]+/.+[^/]$")
    """A folder of an S3-compatible store, ``s3a://bucket/lake``; None means below the home."""


class IngestSettings(Section):
    """Landing of files."""

    side_by_side: int = Field(default=2, ge=1)
    """Kinds of feeds that are ingested at the same time; one plans while another computes."""
    files_per_batch: int = Field(default=2000, ge=1)
    """Files read together; more files are taken in several batches."""
    output_files: int = Field(default=2, ge=1)
    """Files a batch writes into a bronze table."""
    future_tolerance_minutes: int = Field(default=60, ge=0)
    """A row that is later than its file's day by more than this is of the future."""


class QualitySettings(Section):
    """Expectations."""

    volume_low: float = Field(default=0.3, ge=0)
    volume_high: float = Field(default=5.0, gt=1)
    """A night's rows must lie between these multiples of the former nights' median."""
    volume_nights: int = Field(default=30, ge=2)
    """Former nights that are looked at."""
    nights_needed: int = Field(default=7, ge=1)
    """Nights below which volume is not judged."""
    late_days: int = Field(default=3, ge=1)
    stale_days: int = Field(default=14, ge=1)
    """Days without news after which a feed is late (a warning) or stale (the run stops)."""
    data_docs: bool = True


class AirflowSettings(Section):
    """How the DAGs are scheduled."""

    schedule: str = "0 2 * * *"
    """Cron expression: when the night is run."""
    time_zone: Zone | None = None
    """Zone of the schedules; None takes that of the source set, whose business days they follow."""
    poke_seconds: int = Field(default=300, ge=1)
    """How often is looked for files that a night waits for."""
    start_date: date = date(2010, 1, 1)
    """Before which the schedules begin no run."""
    submit: Literal["in_process", "spark_submit"] = "in_process"
    """Whether a task runs its stage itself or hands it to spark-submit."""
    spark_conn_id: str = "spark_default"
    """Airflow's connection to the cluster; by default it names ``spark.master``."""
    database: str | None = None
    """Of Airflow's own state, as SQLAlchemy writes it, without a password (PostgreSQL's is in
    ``~/.pgpass``); None means SQLite below the home."""
    retries: int = Field(default=2, ge=0)
    retry_delay_seconds: int = Field(default=60, ge=0)
    alert_webhook: str | None = None
    deadline_minutes: int | None = Field(default=240, ge=1)
    """After which a night that has not ended is told of at ``alert_webhook``; None never does."""
    port: int = Field(default=8080, ge=1024, le=65535)
    """Of the local web page (`bespoke airflow`)."""


class NightsSettings(Section):
    """Nights one after another."""

    catch_up: Literal["latest", "each"] = "latest"
    """After an outage: one night that takes all that has come, or each missed one before it."""
    catch_up_most: int = Field(default=31, ge=1)
    """Missed nights that are caught up at most; the first of them takes what is older."""
    skip_unchanged: bool = True
    """Whether a job of a night that is run again is left out where it would do the same again."""


class ModelSettings(Section):
    """Where models are tracked."""

    tracking_uri: str | None = None
    """MLflow; None means SQLite below the home. A password stays out of it, as above."""
    artifacts: str | None = None
    """Where model files are kept, such as ``s3://bucket/models``; None means below the home."""


class ExportSettings(Section):
    """The nightly export for email systems."""

    purpose: str = "marketing"
    channel: str = "email"
    products: int = Field(default=5, ge=1, le=20)
    """Products a row carries."""


class ErasureSettings(Section):
    """What becomes of rows of who is erased."""

    anonymised: dict[str, str] = Field(
        default_factory=lambda: {
            "silver.order_lines": "orders are kept for the books, without whose they are"
        }
    )
    """Tables whose rows stay without naming anybody, each with the reason."""
    deadline_days: int = Field(default=30, ge=1)
    """By when a request has to be done (GDPR, Article 12 (3): within one month)."""


class PrivacySettings(Section):
    """Personal values, and who may ask for what."""

    erasure: ErasureSettings = ErasureSettings()


class Settings(Section):
    """All that a user would set."""

    source: str = "demo"
    """The source set of this lake."""
    landing: str | None = None
    """Where the set's files lie; None leaves it to the catalogue."""
    spark: SparkSettings = SparkSettings()
    lake: LakeSettings = LakeSettings()
    simulate: SimulateSettings = SimulateSettings()
    ingest: IngestSettings = IngestSettings()
    identity: IdentitySettings = IdentitySettings()
    profiles: ProfilesSettings = ProfilesSettings()
    segments: SegmentsSettings
    recommend: RecommendSettings = RecommendSettings()
    quality: QualitySettings = QualitySettings()
    nights: NightsSettings = NightsSettings()
    airflow: AirflowSettings = AirflowSettings()
    models: ModelSettings = ModelSettings()
    export: ExportSettings = ExportSettings()
    maintenance: MaintenanceSettings = MaintenanceSettings()
    metrics: MetricsSettings = MetricsSettings()
    privacy: PrivacySettings = PrivacySettings()


def conf_folder() -> Path:
    """Folder of the settings: ``BESPOKE_CONF``, or ``conf/`` beside the code."""
    named = os.environ.get("BESPOKE_CONF")
    return Path(named) if named else Path(__file__).resolve().parents[2] / "conf"


def home() -> Path:
    """Folder of all data: ``BESPOKE_HOME``, or ``data/`` beside the code.

    A home holds one source set. Where ``data/`` holds another than the one that
    ``BESPOKE_SOURCE`` names, that one's home is ``data/<set>/``.

    Raises
    ------
    SettingsError
        It is not named, and the code is an installed package, beside which no data belong.
    """
    named = os.environ.get("BESPOKE_HOME")
    if named:
        return Path(named).absolute()
    code = Path(__file__).resolve().parents[2]
    if not (code / "pyproject.toml").exists():
        raise SettingsError("BESPOKE_HOME is not set: name the folder that is to hold all data")
    path = code / "data"
    wanted, held = os.environ.get("BESPOKE_SOURCE"), held_set(path)
    return path / wanted if wanted and held not in (None, wanted) else path


def held_set(path: Path) -> str | None:
    """Name the source set that a home holds; None where it holds none yet."""
    try:
        return (path / "source_set").read_text().strip() or None
    except FileNotFoundError:
        return None


def claim_home(name: str) -> None:
    """Note that this home holds a source set from now on.

    Raises
    ------
    SettingsError
        It holds another one: two shops' customers in one lake would be taken for each other. Or
        its path has a bracket, with which ``deltalake`` writes nothing.
    """
    path = home()
    if set("[]") & set(str(path)):
        raise SettingsError(f"{path} cannot hold a lake: name a folder without [ or ] in its path")
    held = held_set(path)
    if held not in (None, name):
        raise SettingsError(
            f"{path} holds the source set {held}: name another folder for {name} in BESPOKE_HOME"
        )
    if held is None:
        path.mkdir(parents=True, exist_ok=True)
        (path / "source_set").write_text(f"{name}\n")


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML file that holds a mapping.

    Raises
    ------
    SettingsError
        The file is missing, is no YAML or holds something else.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(f"{path}: no such file") from None
    except yaml.YAMLError as error:
        raise SettingsError(f"{path}: not readable as YAML: {error}") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise SettingsError(f"{path}: a mapping of settings is wanted")
    return content


def explain(error: ValidationError, origin: str) -> str:
    """Say in one line a problem what of ``origin`` was refused."""
    lines = []
    for problem in error.errors():
        key = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            lines.append(f"{origin}: unknown key {key!r}")
        else:
            lines.append(f"{origin}: {key}: {problem['msg']}")
    return "\n".join(lines)


def load_settings(
    folder: Path | None = None, environment: Mapping[str, str] | None = None
) -> Settings:
    """Read the settings of the chosen profile.

    Parameters
    ----------
    folder : Path, optional
        Folder of the YAML files; :func:`conf_folder` by default.
    environment : mapping, optional
        Variables; the process's own by default. ``BESPOKE_PROFILE`` names the profile
        (``local``), ``BESPOKE_SOURCE`` the source set, ``BESPOKE__A__B`` sets ``a.b``.

    Raises
    ------
    SettingsError
        Something is unknown or has a wrong value; file (or variable) and key are named.
    """
    folder = folder or conf_folder()
    environment = os.environ if environment is None else environment
    profile = environment.get("BESPOKE_PROFILE", "local")
    files = [folder / "base.yaml", folder / f"{profile}.yaml"]
    layers = [(str(path), read_yaml(path)) for path in files]
    rfm = folder / "segments" / "rfm.yaml"
    layers.insert(0, (str(rfm), {"segments": read_yaml(rfm)}))
    layers.extend(_from_environment(environment))
    whole: dict[str, Any] = {}
    for _, layer in layers:
        whole = merged(whole, layer)
    try:
        return Settings.model_validate(whole)
    except ValidationError as error:
        raise SettingsError(_blame(error, layers)) from None


def _from_environment(environment: Mapping[str, str]) -> list[tuple[str, dict[str, Any]]]:
    layers: list[tuple[str, dict[str, Any]]] = []
    for short, key in (("BESPOKE_SOURCE", "source"), ("BESPOKE_LANDING", "landing")):
        if environment.get(short):
            layers.append((short, {key: environment[short]}))
    for name in sorted(environment):
        if name.startswith("BESPOKE__"):
            value: Any = yaml.safe_load(environment[name])
            for part in reversed(name.removeprefix("BESPOKE__").lower().split("__")):
                value = {part: value}
            layers.append((name, value))
    return layers


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return two layers of settings as one; what stands above wins, key by key."""
    found = dict(below)
    for key, value in above.items():
        under = found.get(key)
        if isinstance(value, dict) and isinstance(under, dict):
            found[key] = merged(under, value)
        else:
            found[key] = value
    return found


def _blame(error: ValidationError, layers: list[tuple[str, dict[str, Any]]]) -> str:
    """Name for each problem the last layer that sets the key."""
    lines = []
    for problem in error.errors():
        path = [part for part in problem["loc"] if isinstance(part, str)]
        origin = next((o for o, layer in reversed(layers) if _holds(layer, path)), "settings")
        key = ".".join(str(part) for part in problem["loc"])
        what = "unknown key" if problem["type"] == "extra_forbidden" else problem["msg"]
        lines.append(f"{origin}: {key}: {what}")
    return "\n".join(lines)


def _holds(layer: dict[str, Any], path: list[str]) -> bool:
    node: Any = layer
    for part in path:
        if not isinstance(node, dict) or part not in node:
            return False
        node = node[part]
    return True


@cache
def settings() -> Settings:
    """Return the settings of this process, read once."""
    return load_settings()
