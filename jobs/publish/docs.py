"""Data Docs: what was checked in a night, as pages."""

from __future__ import annotations

import logging

from jobs.lake.run import Run
from jobs.lake.runner import recorded

log = logging.getLogger("bespoke")


def data_docs(run: Run) -> None:
    """Build the Data Docs of the night, unless the settings leave them out."""
    if not run.settings.quality.data_docs:
        return
    from expectations.docs import build

    with recorded(run, "data_docs"):
        page = build(run.home / "quality", run.as_of)
    log.info("data docs: %s", page)
