"""Make the report: read the facts, write the page."""

from __future__ import annotations

import logging
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.report.facts import Facts, gather
from jobs.report.page import page

if TYPE_CHECKING:
    from jobs.lake.run import Run

log = logging.getLogger("bespoke")


def report(run: Run) -> None:
    """Make the report at the end of a night, however the night went."""
    from jobs.lake.runner import recorded

    with recorded(run, "report"):
        facts = gather(run.home, datetime.now(UTC), run.settings)
        path = write(facts, run.home)
    log.info("report: %s", path)


def write(facts: Facts, home: Path) -> Path:
    """Write the page below a home, in one step: a reader sees the old one or the new one.

    Returns
    -------
    Path
        ``<home>/reports/nights.html``.
    """
    path = home / "reports" / "nights.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        scratch.write_text(page(facts, home), encoding="utf-8")
        os.replace(scratch, path)
    finally:
        scratch.unlink(missing_ok=True)
    return path
