"""Nights that go with another one: missed ones before it, later ones that stand on it after it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable
from datetime import date, timedelta
from typing import TYPE_CHECKING

from jobs.lake.decisions import given_up
from jobs.lake.errors import DataError
from jobs.lake.history import LAST_JOB, Success, outdated, successes
from jobs.stages import LATER, REPORT, STAGES, run_stage

if TYPE_CHECKING:
    from jobs.lake.run import Run

log = logging.getLogger("bespoke")

NIGHTLY = [stage.name for stage in STAGES if stage.name not in (REPORT, LATER)]


def missed_nights(run: Run) -> None:
    """Run the nights that were missed before this one, in order, where ``nights.catch_up`` says so.

    A run that is killed here leaves the rest to the next one.

    Raises
    ------
    DataError
        One of them is stopped: it is mended, released or given up before the others come.
    """
    from jobs.cli.schedule import has_run

    wanted = run.settings.nights
    if wanted.catch_up == "latest":
        return
    nights = missed(run.done, run.as_of, given_up(run.lake), has_run)[-wanted.catch_up_most :]
    for night in nights:
        log.info("missed nights: %s before %s", night, run.as_of)
        try:
            for stage in NIGHTLY:
                run_stage(stage, night, run.dag, run.as_of)
        except DataError as error:
            raise DataError(f"the night of {night}, missed before {run.as_of}: {error}") from error


def missed(
    done: Iterable[Success],
    as_of: date,
    without: Collection[date],
    has_run: Callable[[date], bool],
) -> list[date]:
    """Return the nights between the last one published and another, in order.

    Parameters
    ----------
    done : iterable of Success
        What has come to its end.
    as_of : date
        The night that is to run. One that is not after all that were published misses none, and
        neither does the first of a lake.
    without : collection of date
        Nights that are given up.
    has_run : callable
        Whether the schedule has a run for a business day.
    """
    published = [success.as_of for success in done if success.job == LAST_JOB]
    if not published:
        return []
    last = max(published)
    between = (last + timedelta(days=n) for n in range(1, (as_of - last).days))
    return [night for night in between if night not in without and has_run(night)]


def later_nights(run: Run) -> None:
    """Do every night again that stands on one which was done again since it ran.

    Segments, clusters and the state of identity go from night to night. Where no past night was
    done again there is nothing to do; a run that is killed here leaves the rest to the next one.
    """
    while nights := outdated(successes(run.lake)):
        log.info("later nights: %s again, %d after it", nights[0], len(nights) - 1)
        for stage in NIGHTLY:
            run_stage(stage, nights[0], run.dag)
