"""Champion or challenger: whether a newly registered version goes into use."""

from datetime import date
from typing import TYPE_CHECKING, Final, Literal

from models.settings import Gate

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

CHAMPION: Final = "champion"
CHALLENGER: Final = "challenger"

METRIC: Final = "bespoke.metric"
TRAINED_UNTIL: Final = "bespoke.trained_until"
DECISION: Final = "bespoke.decision"

Alias = Literal["champion", "challenger"]


def decided(
    client: "MlflowClient",
    name: str,
    trained_until: date,
    metric: str,
    value: float,
    gate: Gate,
    champion_value: float | None,
) -> tuple[Alias | None, str]:
    """Decide on a version's alias, and say why; None for a model older than the champion."""
    champion = with_alias(client, name, CHAMPION)
    if champion is None:
        return "champion", "the first of its name"
    if champion.tags[TRAINED_UNTIL] > trained_until.isoformat():
        return None, (
            f"trained until {trained_until}, before the champion (version "
            f"{champion.version}, {champion.tags[TRAINED_UNTIL]})"
        )
    best = float(champion.tags[METRIC]) if champion_value is None else champion_value
    words = f"{metric} {value:.5f} against {best:.5f} of version {champion.version}"
    if value >= best * (1.0 - gate.tolerance):
        return "champion", words
    return "challenger", f"{words}, worse by more than {gate.tolerance:.0%}"


def with_alias(client: "MlflowClient", name: str, alias: str) -> "ModelVersion | None":
    """Find the version behind an alias, None where the model or the alias is missing."""
    from mlflow.exceptions import MlflowException

    try:
        return client.get_model_version_by_alias(name, alias)
    except MlflowException as error:
        # A missing alias comes as a bad value, a missing model as a missing resource.
        if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            return None
        raise


def of_its_time(
    client: "MlflowClient", name: str, champion: "ModelVersion", until: date
) -> "ModelVersion | None":
    """Find the champion of a past day: the newest version, but no challenger, trained by then."""
    if champion.tags[TRAINED_UNTIL] <= until.isoformat():
        return champion
    past = [
        version
        for version in client.search_model_versions(f"name = '{name}'")
        if version.tags.get(TRAINED_UNTIL, "9") <= until.isoformat()
        and not version.tags.get(DECISION, CHALLENGER).startswith(CHALLENGER)
    ]
    return max(past, key=lambda v: (v.tags[TRAINED_UNTIL], int(v.version)), default=None)
