"""A run: one night of one lake, and the record it leaves in ``ops.runs``."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from jobs.lake import metrics
from jobs.lake.contract import Table
from jobs.lake.folders import home_of, lake_root
from jobs.lake.history import Success, arrivals, successes, version_then
from jobs.lake.opening import open_lake
from jobs.lake.session import open_session
from jobs.lake.settings import Settings
from jobs.lake.store import Lake
from jobs.lake.tables.ops import RUNS

log = logging.getLogger("bespoke")


@dataclass
class Record:
    """What a job says of itself while it runs.

    Attributes
    ----------
    job : str
        Its name.
    source : str or None
        The feed it reads, if it reads one.
    inputs, outputs : dict of str to int
        Table to Delta version.
    counts : dict of str to int
        ``rows_read``, ``rows_accepted``, ``rows_quarantined``, ``rows_duplicate``,
        ``rows_written``, ``bytes_read``, as far as they make sense.
    error : str or None
        What failed, or what was refused as a whole.
    basis : str or None
        Digest of what decides the result beside the inputs.
    repeats : datetime or None
        Start of the earlier try whose result stands, if this one had nothing to do.
    """

    job: str
    source: str | None = None
    inputs: dict[str, int] = field(default_factory=dict)
    outputs: dict[str, int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    error: str | None = None
    basis: str | None = None
    repeats: datetime | None = None
    state: str = "succeeded"
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True)
class Run:
    """One night.

    Attributes
    ----------
    settings : Settings
        As read for this process.
    lake : Lake
        Opened with a session.
    as_of : date
        The business day after whose end the night runs.
    dag : str
        Who runs it.
    leads_to : date or None
        The night before which this one, which was missed, is caught up; None for any other.
    """

    settings: Settings
    lake: Lake
    as_of: date
    dag: str = "nightly"
    leads_to: date | None = None

    @property
    def id(self) -> str:
        """``<dag>:<business day>``; the same for every try of one night."""
        return f"{self.dag}:{self.as_of}"

    @property
    def home(self) -> Path:
        """Folder of all data."""
        return home_of(self.lake.root)

    def alongside(self) -> Run:
        """Return the same run with a session of its own, for another thread."""
        return replace(self, lake=self.lake.alongside())

    def write(self, *records: Record) -> None:
        """Append to ``ops.runs`` what jobs say of themselves."""
        ended = datetime.now(UTC)
        self.lake.append_rows(RUNS, [self._row(record, ended) for record in records])
        for record in records:
            # A feed's name has a dot, by which StatsD would make folders of it.
            parts = (self.dag, record.job, (record.source or "").replace(".", "_"))
            metrics.send(
                self.settings.metrics,
                ".".join(filter(None, parts)),
                state=record.state,
                took=ended - record.started_at,
                counts=record.counts,
            )

    @cached_property
    def done(self) -> Sequence[Success]:
        """What had come to its end when it was first asked for, oldest first."""
        return successes(self.lake)

    @cached_property
    def arrived(self) -> Sequence[tuple[date, datetime]]:
        """Files that had been read when it was first asked for, with their nights."""
        return arrivals(self.lake)

    def last_night(self, job: str) -> date | None:
        """Latest night before this one on which the job succeeded."""
        nights = [s.as_of for s in self.done if s.job == job and s.as_of < self.as_of]
        return max(nights, default=None)

    def version_of(self, table: Table, record: Record) -> int:
        """Return the version of a table that a job reads on this night, and note it.

        The latest, or on a past night that is done again the one it read then, if it is kept.
        """
        version = version_then(self.done, record.job, self.as_of, table, self.arrived)
        if version is not None and not self.lake.holds(table, version):
            log.warning(
                "%s: version %d of %s, which the night of %s read, is gone: the latest is read",
                record.job,
                version,
                table.id,
                self.as_of,
            )
            version = None
        if version is None:
            version = self.lake.version(table)
        record.inputs[table.id] = version
        return version

    def _row(self, record: Record, ended: datetime) -> dict[str, Any]:
        counts = ("rows_read", "rows_accepted", "rows_quarantined", "rows_duplicate")
        return {
            "run_id": self.id,
            "dag": self.dag,
            "job": record.job,
            "source": record.source,
            "as_of": self.as_of,
            "started_at": record.started_at,
            "ended_at": ended,
            "state": record.state,
            **{name: record.counts.get(name) for name in counts},
            "inputs": sorted(record.inputs.items()),
            "outputs": sorted(record.outputs.items()),
            "rows_written": record.counts.get("rows_written"),
            "bytes_read": record.counts.get("bytes_read"),
            "error": record.error,
            "basis": record.basis,
            "repeats": record.repeats,
        }


def open_run(
    settings: Settings, as_of: date, dag: str = "nightly", leads_to: date | None = None
) -> Run:
    """Open the lake of this home with a session, for one night."""
    lake = Lake(lake_root(), open_session(settings.spark))
    open_lake(lake)
    return Run(settings, lake, as_of, dag, leads_to)
