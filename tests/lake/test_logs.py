"""Logs: which run and job a line is of."""

from __future__ import annotations

import json
import logging
from datetime import datetime
from pathlib import Path

from jobs.lake.logs import PROJECT, json_lines, logged_as, text_formatter


def test_a_line_is_an_object_that_names_run_job_and_feed(tmp_path: Path) -> None:
    with json_lines(tmp_path), json_lines(tmp_path):
        PROJECT.info("begun")
        with logged_as("nightly:2026-03-01", "ingest", "shop.orders"):
            PROJECT.warning("%d rows\nin two lines, for 5 €", 7)
            try:
                raise ValueError("no such thing")
            except ValueError:
                PROJECT.exception("it broke off")
    PROJECT.info("after all")
    (path,) = tmp_path.iterdir()
    begun, told, broken = map(json.loads, path.read_text("utf-8").splitlines())
    assert begun.keys() == {"at", "level", "message"}
    assert datetime.fromisoformat(told.pop("at")).utcoffset() is not None
    assert told == {
        "level": "WARNING",
        "run_id": "nightly:2026-03-01",
        "job": "ingest",
        "source": "shop.orders",
        "message": "7 rows\nin two lines, for 5 €",
    }
    assert broken["error"].endswith("ValueError: no such thing")


def test_a_text_line_begins_with_run_and_job() -> None:
    record = logging.LogRecord("bespoke", logging.INFO, "", 0, "done", (), None)
    assert text_formatter().format(record).endswith(" INFO bespoke done")
    with logged_as("nightly:2026-03-01", "rfm", None):
        shown = text_formatter().format(record)
    assert shown.endswith(" INFO bespoke [nightly:2026-03-01 rfm] done")
