"""Table rules of the silver tables, held against what the night brought."""

from __future__ import annotations

from jobs.ingest.catalogue import source_set
from jobs.ingest.kinds import KINDS
from jobs.lake.decisions import given_up
from jobs.lake.quality import QualityError, judge_increment
from jobs.lake.run import Run
from jobs.lake.runner import recorded
from jobs.lake.settings import conf_folder
from jobs.lake.unchanged import unchanged


def check_silver(run: Run) -> None:
    """Check every silver table that the set has a feed for.

    What is checked is what came since the last night whose check held: rows of a night that was
    stopped are not let through by the next one, unless somebody has given that night up.

    Raises
    ------
    QualityError
        Rules that stop the run do not hold; all tables were checked before.
    """
    sources = source_set(conf_folder() / "sources", run.settings.source)
    fed = {feed.kind for _, _, feed in sources.feeds()}
    with recorded(run, "check_silver") as record:
        without = given_up(run.lake).keys()
        if unchanged(run, record, also=f"{sorted(without)}"):
            return
        since = run.last_night("check_silver")
        stopped = []
        for kind in KINDS.values():
            if kind.name in fed:
                record.inputs[kind.silver.id] = run.lake.version(kind.silver)
                try:
                    judge_increment(run, kind.silver, since, without)
                except QualityError as error:
                    stopped.append(str(error))
        if stopped:
            raise QualityError("\n".join(stopped))
