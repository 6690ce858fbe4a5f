"""Table rules of the silver tables, held against what the night brought."""

from __future__ import annotations

from jobs.ingest.catalogue import KINDS, source_set
from jobs.lake.errors import DataError
from jobs.lake.quality import QualityError, judge_increment
from jobs.lake.run import Run
from jobs.lake.settings import conf_folder


def check_silver(run: Run) -> None:
    """Check every silver table that the set has a feed for.

    Raises
    ------
    DataError
        Rules that stop the run do not hold; all tables were checked before.
    """
    sources = source_set(conf_folder() / "sources", run.settings.source)
    fed = {feed.kind for _, _, feed in sources.feeds()}
    stopped = []
    for kind in KINDS.values():
        if kind.name in fed:
            try:
                judge_increment(run, kind.silver)
            except QualityError as error:
                stopped.append(str(error))
    if stopped:
        raise DataError("\n".join(stopped))
