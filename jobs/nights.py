"""Nights that stand on one that was done again: done again as well, in order."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from jobs.lake.history import outdated, successes
from jobs.stages import LATER, REPORT, STAGES, run_stage

if TYPE_CHECKING:
    from jobs.lake.run import Run

log = logging.getLogger("bespoke")


def later_nights(run: Run) -> None:
    """Do every night again that stands on one which was done again since it ran.

    Segments, clusters and the state of identity go from night to night. Where no past night was
    done again there is nothing to do; a run that is killed here leaves the rest to the next one.
    """
    while nights := outdated(successes(run.lake)):
        log.info("later nights: %s again, %d after it", nights[0], len(nights) - 1)
        for stage in STAGES:
            if stage.name not in (REPORT, LATER):
                run_stage(stage.name, nights[0], run.dag)
