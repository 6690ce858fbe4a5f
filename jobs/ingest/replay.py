"""Replay: refused rows are judged again, after the catalogue or a rule was mended."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from jobs.ingest.canonical import REASONS, canonical
from jobs.ingest.catalogue import source_set
from jobs.ingest.feeds import FeedNight, nights
from jobs.ingest.ingest import derive
from jobs.ingest.ledger import Batch
from jobs.ingest.silver import batch_rows, judged, write_contacts, write_silver
from jobs.lake import faults
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
        No such row waits in quarantine, or its feed is no longer in the catalogue.
    """
    sources = source_set(conf_folder() / "sources", run.settings.source)
    feeds = {night.mapping.name: night for night in nights(run, sources)}
    rows = _waiting(run, row_ids, source)
    found = rows.select("source", "file_id", "batch_id").distinct().collect()
    if gone := sorted({row["source"] for row in found} - feeds.keys()):
        raise DataError(f"{gone[0]} is no feed of the set any more: name another with --source")
    batches: dict[str, set[str]] = defaultdict(set)
    for row in found:
        if not _is_replaced(feeds[row["source"]], row["file_id"]):
            batches[row["source"]].add(row["batch_id"])
    if not batches:
        raise DataError("no such row waits in quarantine: `bespoke quarantine list` shows those")
    outcomes = [
        _replay_feed(feeds[name], sorted(ids), rows.where(rows["source"] == name))
        for name, ids in sorted(batches.items())
    ]
    return sum(good for good, _ in outcomes), sum(bad for _, bad in outcomes)


def _waiting(run: Run, row_ids: list[str] | None, source: str | None) -> DataFrame:
    """Return the rows that wait in quarantine, of those that are asked for; no whole files."""
    from pyspark.sql import functions as F

    rows = run.lake.read(QUARANTINE).where("line > 0 AND replayed_on IS NULL")
    if row_ids:
        rows = rows.where(F.col("row_id").isin(row_ids))
    return rows.where(F.col("source") == source) if source else rows


def _is_replaced(night: FeedNight, file_id: str) -> bool:
    """Whether a content's rows went when another came under its name: they are not to come back."""
    return night.mapping.feed.changed_file == "replace" and night.ledger.is_replaced(file_id)


def _replay_feed(night: FeedNight, batch_ids: list[str], waiting: DataFrame) -> tuple[int, int]:
    from pyspark.sql import functions as F

    run, mapping = night.run, night.mapping
    with recorded(run, "replay", mapping.name) as record:
        batches = [night.ledger.batch(batch_id) for batch_id in batch_ids]
        files = tuple(
            f for batch in batches for f in batch.files if not _is_replaced(night, f.file_id)
        )
        unit = Batch("replay", run.as_of, files)
        mapped, outcome = judged(_mapped(night, unit, waiting))
        try:
            good = mapped.where(F.size(REASONS) == 0)
            unit = replace(unit, id=f"replay-{run.as_of}-{_digest(night, good)}")
            done = write_silver(run, mapping, unit, mapped, few=outcome.is_few)
            write_contacts(run, mapping, unit, mapped, few=outcome.is_few)
            derive(night, unit, mapped, few=outcome.is_few)
            passed = outcome.read - outcome.quarantined
            if passed:
                _mark(night, good)
        finally:
            mapped.unpersist()
        record.counts = {
            "rows_read": outcome.read,
            "rows_accepted": done.inserted + done.updated,
            "rows_quarantined": outcome.quarantined,
            "rows_duplicate": passed - done.inserted - done.updated,
        }
    return passed, outcome.quarantined


def _mapped(night: FeedNight, unit: Batch, waiting: DataFrame) -> DataFrame:
    """Map the whole batches, of which a row may count its repeats, and keep the rows wanted."""
    mapped = canonical(batch_rows(night.run, night.mapping, unit, night.landing), night.mapping)
    wanted = waiting.select("file_id", "line")
    return mapped.join(wanted, ["file_id", "line"], "left_semi")


def _digest(night: FeedNight, good: DataFrame) -> str:
    """Digest of what a replay writes, to name its unit of work.

    Killed and run again after the catalogue or a rule was mended once more, it is another one.
    """
    from pyspark.sql import functions as F

    row = F.xxhash64("file_id", "line", "version", "row_hash")
    written = good.agg(F.count("*"), F.bit_xor(row)).collect()[0]
    read_as = [(m.name, m.reading, m.feed) for m in (night.mapping, *night.children)]
    return hashlib.sha256(repr((tuple(written), read_as)).encode()).hexdigest()[:16]


def _mark(night: FeedNight, good: DataFrame) -> None:
    """Note in quarantine of the rows that pass now that they were replayed."""
    from delta.tables import DeltaTable

    run = night.run
    here = "t.file_id = s.file_id AND t.line = s.line AND t.replayed_on IS NULL"
    target = DeltaTable.forPath(run.lake.spark, run.lake.path(QUARANTINE)).alias("t")
    merge = target.merge(
        good.select("file_id", "line").alias("s"), f"{here} AND t.source = '{night.mapping.name}'"
    )
    merge.whenMatchedUpdate(set={"replayed_on": f"DATE '{run.as_of}'"}).execute()
    faults.committed(QUARANTINE.id)
