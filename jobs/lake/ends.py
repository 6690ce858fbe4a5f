"""Ends of logs: a table whose last commits are missing, as after a restore of half a folder.

Such a table can be read, and lacks rows without a word. What runs have recorded that they wrote
tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import unquote

from jobs.lake.folders import Folder
from jobs.lake.rewrite import place
from jobs.lake.tables.migrations import MIGRATIONS_RUN
from jobs.lake.tables.ops import RUNS
from jobs.lake.upgrade import ANEW

if TYPE_CHECKING:
    from jobs.lake.store import Lake

RECENT = timedelta(days=2)
"""Before the last run: what an opening looks at. What was missing before stopped an earlier one."""

_NUMBER = re.compile(r"(\d{20})\.(json|checkpoint.*)")


def missing_ends(lake: Lake, *, recent: bool = False) -> list[str]:
    """Say of each table whose log ends before what runs have written to it.

    Parameters
    ----------
    lake : Lake
        The lake; a table that is gone is not told of.
    recent : bool
        Whether to look at the last runs only, which takes milliseconds.
    """
    said = []
    for name, version in sorted(versions_written(lake, recent=recent).items()):
        log = place(lake.root, name) / "_delta_log"
        # Old entries are tidied up, and later ones are there then.
        if not log.is_dir() or (log / f"{version:020d}.json").exists():
            continue
        last = _last(log)
        if last < version:
            said.append(
                f"{name} ends with version {last}, though a run has written version {version}: "
                "the end of its log is missing; restore its folder from a backup"
            )
    return said


def versions_written(lake: Lake, *, recent: bool = False) -> dict[str, int]:
    """Return the greatest Delta version of each table that a run has recorded."""
    if not lake.exists(RUNS):
        return {}
    anew = _made_anew(lake)
    found: dict[str, int] = {}
    for ended, outputs in _outputs(lake, recent=recent):
        for name, version in outputs:
            # A table that was made anew counts from the beginning again.
            if name not in anew or (ended is not None and ended > anew[name]):
                found[name] = max(version, found.get(name, 0))
    return found


def _outputs(
    lake: Lake, *, recent: bool
) -> Iterable[tuple[datetime | None, Iterable[tuple[str, int]]]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    delta, folder = lake.delta(RUNS), lake.folder(RUNS)
    actions = pa.table(delta.get_add_actions(flatten=True)).to_pylist()
    ends = {action["path"]: action.get("max.ended_at") for action in actions}
    last = max((end for end in ends.values() if end is not None), default=None)
    for path, end in ends.items():
        if recent and last is not None and end is not None and end < last - RECENT:
            continue
        # One file, and not a dataset of the folder.
        content = pa.BufferReader((folder / unquote(path)).read_bytes())
        rows = pq.ParquetFile(content).read(["ended_at", "outputs"]).to_pylist()
        for row in rows:
            yield row["ended_at"], row["outputs"] or ()


def _made_anew(lake: Lake) -> dict[str, datetime]:
    if not lake.exists(MIGRATIONS_RUN):
        return {}
    columns = ["table", "recorded_at"]
    rows = lake.rows(MIGRATIONS_RUN, [("action", "=", ANEW)], columns).to_pylist()
    latest: dict[str, datetime] = {}
    for row in sorted(rows, key=lambda row: row["recorded_at"]):
        latest[row["table"]] = row["recorded_at"]
    return latest


def _last(log: Folder) -> int:
    """Return the latest version that a log holds; -1 where it holds none."""
    found = (_NUMBER.fullmatch(path.name) for path in log.iterdir())
    return max((int(match[1]) for match in found if match), default=-1)
