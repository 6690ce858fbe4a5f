"""Logs: every line says of which run and job it is, for people and, as JSON, for machines."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path

PROJECT = logging.getLogger("bespoke")
"""The one logger of the project."""
TEXT = "%(asctime)s %(levelname)s %(name)s %(of)s%(message)s"

_of: ContextVar[dict[str, str]] = ContextVar("of", default={})  # noqa: B039 - never changed


@contextmanager
def logged_as(run_id: str, job: str, source: str | None) -> Iterator[None]:
    """Name the run and the job that what this thread logs is of."""
    facts = {"run_id": run_id, "job": job, **({"source": source} if source else {})}
    token = _of.set(facts)
    try:
        yield
    finally:
        _of.reset(token)


def text_formatter() -> logging.Formatter:
    """Return what writes lines for people: time, level, run, job, message."""
    return _Text(TEXT)


@contextmanager
def json_lines(folder: Path) -> Iterator[None]:
    """Write what the project logs into ``jobs-<day>.jsonl`` of a folder as well.

    A line is an object of ``at`` (UTC), ``level``, ``message``, the run and the job it is of, and
    ``error``, a traceback, where there is one. A file is one day's, so that it need not be
    rotated while several processes write to it.
    """
    if any(isinstance(handler, _Lines) for handler in PROJECT.handlers):
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    handler = _Lines(folder / f"jobs-{datetime.now(UTC):%Y-%m-%d}.jsonl", encoding="utf-8")
    handler.setFormatter(_Json())
    PROJECT.addHandler(handler)
    if PROJECT.getEffectiveLevel() > logging.INFO:
        PROJECT.setLevel(logging.INFO)
    try:
        yield
    finally:
        PROJECT.removeHandler(handler)
        handler.close()


class _Lines(logging.FileHandler):
    """A handler that is known from others."""


class _Text(logging.Formatter):
    """Puts run, job and feed before the message."""

    def format(self, record: logging.LogRecord) -> str:
        facts = _of.get()
        record.of = f"[{' '.join(facts.values())}] " if facts else ""
        return super().format(record)


class _Json(logging.Formatter):
    """One object a line."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC)
        told = {
            "at": at.isoformat(timespec="milliseconds"),
            "level": record.levelname,
            **_of.get(),
            "message": record.getMessage(),
        }
        if record.exc_info:
            told["error"] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=False)
