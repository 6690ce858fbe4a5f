"""Replay: refused rows are judged again, after the catalogue or a rule was mended."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from jobs.ingest.canonical import REASONS, canonical
from jobs.ingest.catalogue import source_set
from jobs.ingest.feeds import FeedNight, nights
from jobs.ingest.ingest import derive
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
        No such row waits in quarantine, or its feed is no longer in the catalogue.
    """
    sources = source_set(conf_folder() / "sources", run.settings.source)
    feeds = {night.mapping.name: night for night in nights(run, sources)}
    filters: list[tuple[str, str, object]] = [("line", ">", 0)]
    if row_ids:
        filters.append(("row_id", "in", row_ids))
    if source:
        filters.append(("source", "=", source))
    rows = [r for r in run.lake.rows(QUARANTINE, filters).to_pylist() if not r["replayed_on"]]
    if gone := sorted({row["source"] for row in rows} - feeds.keys()):
        raise DataError(f"{gone[0]} is no feed of the set any more: name another with --source")
    waiting: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if not _is_replaced(feeds[row["source"]], row["file_id"]):
            waiting[row["source"]].append(row)
    if not waiting:
        raise DataError("no such row waits in quarantine: `bespoke quarantine list` shows those")
    outcomes = [_replay_feed(feeds[name], found) for name, found in sorted(waiting.items())]
    return sum(good for good, _ in outcomes), sum(bad for _, bad in outcomes)


def _is_replaced(night: FeedNight, file_id: str) -> bool:
    """Whether a content's rows went when another came under its name: they are not to come back."""
    return night.mapping.feed.changed_file == "replace" and night.ledger.is_replaced(file_id)


def _replay_feed(night: FeedNight, waiting: list[dict[str, Any]]) -> tuple[int, int]:
    from pyspark.sql import functions as F

    run, mapping = night.run, night.mapping
    ids = sorted(row["row_id"] for row in waiting)
    digest = hashlib.sha256("\n".join(ids).encode()).hexdigest()[:16]
    with recorded(run, "replay", mapping.name) as record:
        batches = [night.ledger.batch(i) for i in sorted({row["batch_id"] for row in waiting})]
        files = {f.file_id: f for batch in batches for f in batch.files}
        unit = Batch(f"replay-{run.as_of}-{digest}", run.as_of, tuple(files.values()))
        mapped, outcome = judged(_mapped(night, unit, ids))
        try:
            done = write_silver(run, mapping, unit, mapped)
            write_contacts(run, mapping, unit, mapped)
            derive(night, unit, mapped)
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


def _mapped(night: FeedNight, unit: Batch, ids: list[str]) -> DataFrame:
    """Map the whole batches, of which a row may count its repeats, and keep the rows wanted."""
    from pyspark.sql import functions as F

    mapped = canonical(batch_rows(night.run, night.mapping, unit, night.landing), night.mapping)
    return mapped.where(F.concat_ws(":", "file_id", "line").isin(ids))
