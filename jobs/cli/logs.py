"""Logging, set up in one place: a calm terminal, and everything else in a file."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rich.console import Console

from jobs.lake.logs import PROJECT, text_formatter


def terminal() -> Console:
    """Return a console on standard output; colour only where it is a terminal."""
    return Console(highlight=False, soft_wrap=True)


def to_terminal() -> None:
    """Show warnings of the project on standard error, for commands without a log file."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")


@contextmanager
def to_file(path: Path) -> Iterator[Console]:
    """Send all that this process and those it starts print to a file.

    The file descriptors themselves are turned, since the JVM and Airflow write to them past
    Python's ``sys.stdout``.

    Parameters
    ----------
    path : Path
        The log; what it holds is kept.

    Yields
    ------
    Console
        Still writes to where standard output was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    kept = os.dup(1), os.dup(2)
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(text_formatter())
    PROJECT.setLevel(logging.INFO)
    PROJECT.addHandler(handler)
    # Airflow hands what is logged to its own handlers too: once is enough.
    PROJECT.propagate = False
    with path.open("ab") as log, os.fdopen(os.dup(kept[0]), "w", encoding="utf-8") as shown:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        try:
            yield Console(file=shown, highlight=False, soft_wrap=True)
        finally:
            with suppress(OSError):
                sys.stdout.flush()
                sys.stderr.flush()
            os.dup2(kept[0], 1)
            os.dup2(kept[1], 2)
            for descriptor in kept:
                os.close(descriptor)
            # What closes when the process ends says so on the terminal that is back now.
            logging.getLogger("py4j").setLevel(logging.WARNING)
            PROJECT.removeHandler(handler)
            PROJECT.propagate = True
            # On a full disk the log's last line is lost, and what is wrong is still told.
            with suppress(OSError):
                handler.close()
