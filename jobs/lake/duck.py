"""DuckDB in memory, which keeps what does not fit in a private folder."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.lake import scratch
from jobs.lake.settings import SettingsError, home

if TYPE_CHECKING:
    import duckdb


@contextmanager
def opened() -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database in memory, whose times are UTC.

    What does not fit would go to ``.tmp`` below wherever the process was started, readable by all.
    It goes to the scratch folder, and of who may not write to the home to the system's.
    """
    import duckdb

    with (
        tempfile.TemporaryDirectory(prefix="duckdb-", dir=_above()) as spilt,
        duckdb.connect(config={"temp_directory": spilt}) as database,
    ):
        database.execute("SET enable_progress_bar = false; SET TimeZone = 'UTC'")
        yield database


def _above() -> Path | None:
    try:
        here = home()
    except SettingsError:
        # A file of records is resolved without a home.
        return None
    return scratch.folder() if here.is_dir() and os.access(here, os.W_OK) else None
