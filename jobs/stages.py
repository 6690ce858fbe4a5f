"""The stages of a night, in the order of the data's way: what a DAG's tasks run."""

from __future__ import annotations

import importlib
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from jobs.lake.beside import side_by_side
from jobs.lake.job import Job
from jobs.lake.lock import writer
from jobs.lake.settings import Settings, claim_home, conf_folder, home, merged, settings

if TYPE_CHECKING:
    from jobs.lake.run import Run

log = logging.getLogger("bespoke")


PAGES = (
    "jobs.publish.docs:data_docs",
    "jobs.report.report:report",
    "jobs.report.identity_report:identity_report",
)
REPORT = "report"
LATER = "later_nights"


@dataclass(frozen=True)
class Stage:
    """One task of a night.

    Attributes
    ----------
    name : str
        The task's id.
    description : str
        One sentence.
    steps : tuple of tuple of str
        ``module:name`` of jobs, or of functions of a :class:`~jobs.lake.run.Run`; named and not
        imported, since a DAG file is read every few seconds. Groups run one after the other, the
        steps of one group side by side: none of them reads what another writes.
    writes : tuple of str
        Tables it writes, as assets of the DAG.
    for_all : bool
        Whether of several nights that wait only the last one runs it, for all of them.
    """

    name: str
    description: str
    steps: tuple[tuple[str, ...], ...]
    writes: tuple[str, ...]
    for_all: bool = False


STAGES: tuple[Stage, ...] = (
    Stage(
        "ingest",
        "New files to bronze, bronze to silver, PII to the vault.",
        (
            ("jobs.nights:missed_nights",),
            ("jobs.ingest.ingest:ingest",),
            ("jobs.ingest.checks:check_silver",),
        ),
        (
            "silver.customers",
            "silver.order_lines",
            "silver.events",
            "silver.consents",
            "silver.products",
            "silver.messages",
            "silver.feedback",
        ),
    ),
    Stage(
        "identity",
        "Which identifiers are one person, and what was done under each of them.",
        (
            (
                "jobs.identity.links:links",
                "jobs.identity.sightings:sightings",
                "jobs.identity.match:match",
            ),
            ("jobs.identity.persons:persons", "jobs.profiles.activity:activity"),
            (
                "jobs.identity.golden:golden",
                "jobs.identity.households:households",
                "jobs.identity.history:history",
            ),
        ),
        (
            "identity.links",
            "identity.sightings",
            "identity.blocks",
            "identity.matches",
            "identity.names",
            "identity.identifiers",
            "identity.persons",
            "identity.review",
            "identity.history",
            "identity.golden",
            "identity.conflicts",
            "identity.households",
            "gold.visits",
            "gold.touchpoints",
        ),
    ),
    Stage(
        "profiles",
        "Who had to do with which product, and one profile per person.",
        (("jobs.profiles.interactions:interactions", "jobs.profiles.profiles:profiles"),),
        ("gold.interactions", "gold.profiles"),
    ),
    Stage(
        "learn",
        "RFM, behavioural clusters and segments; the recommender, trained and measured.",
        (
            ("jobs.segments.rfm:rfm", "jobs.segments.clusters:clusters"),
            # Training is Python's and segments are Spark's.
            ("jobs.segments.segments:segments", "jobs.recommend.train:train"),
        ),
        ("gold.rfm", "gold.clusters", "gold.cluster_centres", "gold.segments"),
    ),
    Stage(
        "recommend",
        "A ranked and explained list for every person.",
        (("jobs.recommend.score:score",), ("jobs.recommend.recommend:recommend",)),
        ("gold.scores", "serving.recommendations"),
    ),
    Stage(
        "publish",
        "The night's lists and export become the ones that are read.",
        (("jobs.publish.publish:publish",),),
        ("ops.publications",),
    ),
    Stage(
        REPORT,
        "Data Docs of what was checked, and the pages of the last nights and of who is who.",
        (PAGES,),
        (),
    ),
    Stage(
        LATER,
        "Later nights done again, where this is a past one that they stand on.",
        (("jobs.nights:later_nights",),),
        (),
        for_all=True,
    ),
)


def stage(name: str) -> Stage:
    """Return the stage of that name; KeyError names those that there are."""
    for found in STAGES:
        if found.name == name:
            return found
    raise KeyError(f"no stage {name!r}; there are {', '.join(s.name for s in STAGES)}")


def load_step(step: str) -> Job | Callable[[Run], None]:
    """Import one step by its ``module:name``."""
    module, _, name = step.partition(":")
    found: Job | Callable[[Run], None] = getattr(importlib.import_module(module), name)
    return found


def night_settings() -> Settings:
    """Return the settings of this process, with what its source set declares."""
    from jobs.ingest.catalogue import source_set

    own = settings()
    main = source_set(conf_folder() / "sources", own.source).main
    assumed = tuple(entry.purpose for entry in main.assumed_purposes)
    of_set = {"assumed_purposes": assumed, "time_zone": main.time_zone}
    profiles = own.profiles.model_copy(update=of_set)
    # What somebody has set wins over what the set's catalogue proposes.
    wanted = merged(main.recommend, own.recommend.model_dump(exclude_unset=True))
    recommend = type(own.recommend).model_validate(wanted)
    return own.model_copy(update={"profiles": profiles, "recommend": recommend})


def run_stage(name: str, as_of: date, dag: str = "nightly", leads_to: date | None = None) -> None:
    """Run one stage of one night, with the lake's lock held.

    Parameters
    ----------
    name : str
        A stage.
    as_of : date
        The business day after whose end the night runs.
    dag : str
        Who runs it.
    leads_to : date, optional
        The night before which this one, which was missed, is caught up.

    Raises
    ------
    LockedError
        Another live process writes the lake.
    DataError
        The data stops the night; running again changes nothing.
    """
    for steps in stage(name).steps:
        run_steps(steps, as_of, dag, leads_to)


def run_steps(
    steps: Sequence[str], as_of: date, dag: str = "nightly", leads_to: date | None = None
) -> None:
    """Run steps (``module:name``) of one night side by side, with the lake's lock held.

    Planning and compiling a query keep one core busy while the other waits: two jobs that need
    nothing of each other share them.

    Raises
    ------
    Exception
        The first step's that failed; the others have ended by then.
    """
    from jobs.lake.decisions import refuse_given_up
    from jobs.lake.logs import json_lines
    from jobs.lake.outage import outages_named
    from jobs.lake.quality import QualityError
    from jobs.lake.run import open_run

    claim_home(settings().source)
    names = ", ".join(step.partition(":")[2] for step in steps)
    with (
        json_lines(home() / "logs"),
        outages_named(settings()),
        writer(home() / "lake", f"{dag}:{as_of} {names}"),
    ):
        run = open_run(night_settings(), as_of, dag, leads_to)
        refuse_given_up(run)
        try:
            runs = [run] if len(steps) == 1 else [run.alongside() for _ in steps]
            side_by_side([partial(_run_step, *pair) for pair in zip(steps, runs, strict=True)])
        except QualityError:
            # The night ends here; whoever looks into it wants the pages of what did not hold.
            for page in PAGES:
                with suppress(Exception):
                    _run_step(page, run)
            raise


def _run_step(step: str, run: Run) -> None:
    from jobs.lake.runner import run_job

    started = time.monotonic()
    found = load_step(step)
    if isinstance(found, Job):
        run_job(found, run)
    else:
        found(run)
    log.info("%s done in %.1f s", step.partition(":")[2], time.monotonic() - started)
