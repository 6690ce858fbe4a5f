"""Durations: what each stage and job took, beside what it usually takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from jobs.report.nights import STAGE_OF, Night
from jobs.stages import STAGES


@dataclass(frozen=True)
class Duration:
    """A stage or a job over the nights.

    Attributes
    ----------
    stage : str
        The stage.
    job : str or None
        The job; None for the whole stage.
    seconds : tuple of float or None
        By night, oldest first; None where it did not run to its end.
    usual : float or None
        Median of the nights before the last one.
    """

    stage: str
    job: str | None
    seconds: tuple[float | None, ...]
    usual: float | None

    @property
    def last(self) -> float | None:
        """Of the last night."""
        return self.seconds[-1] if self.seconds else None


def durations(nights: Sequence[Night]) -> list[Duration]:
    """Return every stage in the order of the night, each followed by its jobs if it has several."""
    found = []
    for stage in STAGES:
        whole = _of(stage.name, None, [night.stages.get(stage.name) for night in nights])
        jobs = [
            _of(stage.name, job, [night.jobs.get(job) for night in nights])
            for job, of_stage in STAGE_OF.items()
            if of_stage == stage.name
        ]
        ran = [job for job in jobs if any(s is not None for s in job.seconds)]
        if any(s is not None for s in whole.seconds) or ran:
            found += [whole, *(ran if len(ran) > 1 else [])]
    return found


def usual(values: Iterable[float | None]) -> float | None:
    """Return the median of what there is; None of nothing."""
    there = [value for value in values if value is not None]
    return median(there) if there else None


def _of(stage: str, job: str | None, seconds: Sequence[float | None]) -> Duration:
    return Duration(stage, job, tuple(seconds), usual(seconds[:-1]))
