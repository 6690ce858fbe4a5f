"""History: what nights have run, and what each of them read when it was run first.

Tables that are merged hold the latest state of a row only. A night that is done again, after later
ones, reads them as they were when it was done before, so that it comes out the same; Delta keeps
those versions for as long as VACUUM leaves them.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from jobs.lake.contract import Refresh, Table
from jobs.lake.tables.columns import AS_OF
from jobs.lake.tables.ops import FILES, RUNS

if TYPE_CHECKING:
    from jobs.lake.store import Lake

log = logging.getLogger("bespoke")

BRINGS_ROWS = ("ingest", "derive", "replay")
"""Jobs by which rows come into the lake."""
LAST_JOB = "publish"
"""The job whose success makes a night whole."""


@dataclass(frozen=True)
class Success:
    """A job of a night that came to its end.

    Attributes
    ----------
    job : str
        The job.
    as_of : date
        The night.
    started_at : datetime
        When.
    inputs : dict of str to int
        Table to the Delta version that it read.
    brought : int
        Rows that it brought into the lake.
    outputs : dict of str to int
        Table to the Delta version that it wrote.
    basis : str or None
        Digest of what decides its result beside the inputs.
    repeats : datetime or None
        Start of the try whose result it left as it was.
    counts : dict of str to int
        ``rows_read``, ``rows_written``, as far as they make sense.
    remark : str or None
        What it had to say.
    """

    job: str
    as_of: date
    started_at: datetime
    inputs: dict[str, int]
    brought: int
    outputs: dict[str, int] = field(default_factory=dict)
    basis: str | None = None
    repeats: datetime | None = None
    counts: dict[str, int] = field(default_factory=dict)
    remark: str | None = None


def successes(lake: Lake) -> list[Success]:
    """Every job of every night that came to its end, oldest first."""
    # Every column that there is: a lake of an earlier release lacks some.
    rows = lake.rows(RUNS, [("state", "=", "succeeded")]).to_pylist()
    return sorted(map(_success, rows), key=lambda s: s.started_at)


def arrivals(lake: Lake) -> list[tuple[date, datetime]]:
    """Night and time of every file that was read to its end."""
    rows = lake.rows(FILES, [("state", "=", "done")], ["loaded_on", "recorded_at"]).to_pylist()
    return [(row["loaded_on"], row["recorded_at"]) for row in rows]


def version_then(
    done: Sequence[Success],
    job: str,
    as_of: date,
    table: Table,
    files: Sequence[tuple[date, datetime]] = (),
) -> int | None:
    """Return the version of a table that a past night is to read; None for the latest.

    Parameters
    ----------
    done : sequence of Success
        What ran, oldest first.
    job, as_of : str, date
        The job that reads, and its night.
    table : Table
        What it reads.
    files : sequence of (date, datetime)
        As :func:`arrivals` returns them.

    Notes
    -----
    The latest is read by the newest night, and by one that got rows of its own since, as from a
    file that came late below its date: what it read before lacks them, or has those that a
    corrected file leaves out. Tables that are replaced hold a night's rows by themselves.
    """
    if table.refresh is Refresh.REPLACE_ALL or table.date == AS_OF.name:
        return None
    if not any(s.job == job and s.as_of > as_of for s in done):
        return None
    own = [s for s in done if s.job == job and s.as_of == as_of and table.id in s.inputs]
    if not own:
        return None
    brought = [
        s.started_at for s in done if s.job in BRINGS_ROWS and s.as_of <= as_of and s.brought
    ]
    # Files too: one that was corrected may have brought nothing, and a killed try says nothing.
    brought += [at for night, at in files if night <= as_of]
    changed = any(at > own[-1].started_at for at in brought)
    return None if changed else own[-1].inputs[table.id]


def outdated(done: Iterable[Success]) -> list[date]:
    """Nights that stand on an earlier one which was done again since, in order."""
    last: dict[date, datetime] = {}
    for success in done:
        if success.job == LAST_JOB:
            last[success.as_of] = success.started_at
    found, newest = [], None
    for night in sorted(last):
        if newest is not None and last[night] < newest:
            found.append(night)
        newest = last[night] if newest is None else max(newest, last[night])
    return found


def _success(row: dict[str, Any]) -> Success:
    brought = row["rows_accepted"] if row["job"] != "derive" else row["rows_written"]
    return Success(
        row["job"],
        row["as_of"],
        row["started_at"],
        dict(row["inputs"] or []),
        brought or 0,
        dict(row["outputs"] or []),
        row.get("basis"),
        row.get("repeats"),
        {name: row[name] for name in ("rows_read", "rows_written") if row[name] is not None},
        row["error"],
    )
