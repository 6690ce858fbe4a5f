"""Replay: refused rows are judged again, after the catalogue or a rule was mended."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from jobs.ingest.canonical import REASONS, Mapping
from jobs.ingest.catalogue import source_set
from jobs.ingest.ingest import FeedNight, derive, nights
from jobs.ingest.ledger import Batch
from jobs.ingest.silver import batch_rows, judged, write_contacts, write_silver
from jobs.lake.errors import DataError
from jobs.lake.run import Run
from jobs.lake.runner import recorded
from jobs.lake.settings import conf_folder
from jobs.lake.tables.ops import QUARANTINE

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def replay(run: Run, row_ids: list[str] | None, source: str | None) -> tuple[int, int]:
    """Judge quarantined rows again by today's catalogue and rules.

    Parameters
    ----------
    run : Run
        The night the rows then count for.
    row_ids : list of str or None
        Rows of ``ops.quarantine``; None for all of the source.
    source : str or None
        Feed; None for any.

    Returns
    -------
    tuple of int
        Rows accepted now, and rows refused again.

    Raises
    ------
    DataError
        No such row waits in quarantine.
    """
    filters: list[tuple[str, str, object]] = [("line", ">", 0)]
    if row_ids:
        filters.append(("row_id", "in", row_ids))
    if source:
        filters.append(("source", "=", source))
    waiting = [r for r in run.lake.rows(QUARANTINE, filters).to_pylist() if not r["replayed_on"]]
    if not waiting:
        raise DataError("no such row waits in quarantine: `bespoke quarantine list` shows those")
    sources = source_set(conf_folder() / "sources", run.settings.source)
    feeds = {night.mapping.name: night for night in nights(run, sources)}
    accepted = refused = 0
    for name in sorted({row["source"] for row in waiting}):
        ids = sorted(row["row_id"] for row in waiting if row["source"] == name)
        good, bad = _replay_feed(feeds[name], ids, waiting)
        accepted, refused = accepted + good, refused + bad
    return accepted, refused


def _replay_feed(
    night: FeedNight, ids: list[str], waiting: list[dict[str, object]]
) -> tuple[int, int]:
    from pyspark.sql import functions as F

    run, mapping = night.run, night.mapping
    digest = hashlib.sha256("\n".join(ids).encode()).hexdigest()[:16]
    batches = {row["batch_id"] for row in waiting if row["row_id"] in set(ids)}
    with recorded(run, "replay", mapping.name) as record:
        unit = Batch(f"replay-{run.as_of}-{digest}", run.as_of, ())

        def rows_of(mapping: Mapping) -> DataFrame:
            return _union([_rows_of(night, mapping, b, ids) for b in sorted(map(str, batches))])

        mapped, outcome = judged(rows_of(mapping), mapping)
        try:
            done = write_silver(run, mapping, unit, mapped, [])
            write_contacts(run, mapping, unit, mapped)
            for child in night.children:
                derive(night, child, unit, rows_of)
            good = mapped.where(F.size(REASONS) == 0).select(F.concat_ws(":", "file_id", "line"))
            passed = [row[0] for row in good.collect()]
        finally:
            mapped.unpersist()
        if passed:
            listed = ", ".join(f"'{row_id}'" for row_id in passed)
            run.lake.update_rows(
                QUARANTINE,
                f"source = '{mapping.name}' AND row_id IN ({listed})",
                {"replayed_on": f"DATE '{run.as_of}'"},
            )
        record.counts = {
            "rows_read": outcome.read,
            "rows_accepted": done.inserted + done.updated,
            "rows_quarantined": outcome.quarantined,
            "rows_duplicate": outcome.read - outcome.quarantined - done.inserted - done.updated,
        }
    return len(passed), outcome.quarantined


def _rows_of(night: FeedNight, mapping: Mapping, batch_id: str, ids: list[str]) -> DataFrame:
    from pyspark.sql import functions as F

    batch = night.ledger.batch(batch_id)
    rows = batch_rows(night.run, night.mapping.kind.bronze, mapping, batch, night.landing)
    return rows.where(F.concat_ws(":", "file_id", "line").isin(ids))


def _union(frames: list[DataFrame]) -> DataFrame:
    first, *others = frames
    for frame in others:
        first = first.unionByName(frame)
    return first
