"""One stage or one step, run by hand for one night."""

from __future__ import annotations

import logging
from datetime import date

from jobs.cli.logs import to_file
from jobs.cli.progress import Progress
from jobs.cli.summary import counts
from jobs.lake.errors import BespokeError
from jobs.lake.folders import lake_root
from jobs.lake.settings import home
from jobs.stages import STAGES, run_steps

log = logging.getLogger("bespoke")


class NoSuchJobError(BespokeError):
    """Nothing of that name runs in a night."""


def steps_of(name: str) -> list[tuple[str, ...]]:
    """Return the groups of steps of a stage, or the one step of that name.

    Raises
    ------
    NoSuchJobError
        Neither is there; the message lists what is.
    """
    for stage in STAGES:
        if stage.name == name:
            return list(stage.steps)
    every = (step for stage in STAGES for group in stage.steps for step in group)
    steps = {step.partition(":")[2]: step for step in every}
    if name in steps:
        return [(steps[name],)]
    raise NoSuchJobError(
        f"no stage or step {name!r}; stages: {', '.join(s.name for s in STAGES)}; "
        f"steps: {', '.join(steps)}"
    )


def run_single(name: str, as_of: date) -> None:
    """Run a stage or a step; what it says goes to ``logs/job-<name>.log``."""
    steps = steps_of(name)
    path = home() / "logs" / f"job-{name}.log"
    path.unlink(missing_ok=True)
    with to_file(path) as console:
        progress = Progress(console, lambda since: counts(lake_root(), since))
        for group in steps:
            progress.begin(", ".join(step.partition(":")[2] for step in group))
            try:
                run_steps(group, as_of, "manual")
            except Exception as error:
                progress.fail(str(error), again=False)
                log.exception("%s failed", group)
                raise BespokeError(
                    f"{name} failed for {as_of}: {error}\nThe whole story is in {path}"
                ) from None
            progress.end()
