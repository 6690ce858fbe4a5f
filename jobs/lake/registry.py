"""The model registry of a home."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.lake import faults
from jobs.privacy.audit import MODEL, Act, note

if TYPE_CHECKING:
    from jobs.lake.run import Run
    from models.registry import Registry


def open_registry(run: Run, experiment: str) -> Registry:
    """Return the model registry of this home, for the trainings of an experiment."""
    from models.registry import Registry

    uri = run.settings.models.tracking_uri or f"sqlite:///{run.home / 'mlflow.db'}"
    artifacts = run.settings.models.artifacts or run.home / "mlflow"

    def promoting(name: str, version: str, alias: str, reason: str) -> None:
        note(
            run.lake,
            Act(MODEL, f"{name}/{version}", reason, run_id=run.id, details={"alias": alias}),
        )

    return Registry(uri, artifacts, experiment, faults.committed, promoting)
