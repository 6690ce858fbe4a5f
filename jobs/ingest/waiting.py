"""Waiting batches: planned on a night that was killed or stopped, and not in silver yet.

What bronze has of them is taken from there, unless the catalogue says since that their files are
read in another way: then it is not used, and they are read anew.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from jobs.ingest.bronze import bronze_unit
from jobs.ingest.feeds import FeedNight
from jobs.ingest.landing import Inspected, find_files
from jobs.ingest.ledger import Batch, LedgerFile
from jobs.ingest.silver import quarantine_unit, silver_unit
from jobs.lake.tables.ops import QUARANTINE

log = logging.getLogger("bespoke")


@dataclass
class Work:
    """What a night has to do for a feed.

    Attributes
    ----------
    begun : list of Batch
        Their rows are in bronze.
    to_read : list of tuple
        Files that are ingested together, each with the night that planned it first.
    """

    begun: list[Batch] = field(default_factory=list)
    to_read: list[tuple[date, list[Inspected]]] = field(default_factory=list)


def work(night: FeedNight, found: Sequence[Inspected], files_per_batch: int) -> Work:
    """Say which batches bronze has, and which files are to be read.

    Parameters
    ----------
    night : FeedNight
        The feed.
    found : sequence of Inspected
        Its files that are not in silver yet, those of waiting batches among them.
    files_per_batch : int
        How many new files are ingested together.
    """
    todo = Work()
    left = {file.file_id: file for file in found}
    for batch in night.ledger.planned():
        if not night.run.lake.committed(night.mapping.kind.bronze, bronze_unit(batch)):
            continue
        here = [left.pop(f.file_id) for f in batch.files if f.file_id in left]
        if _holds(night, batch):
            todo.begun.append(batch)
            continue
        if here:
            _forget(night, batch, here)
            todo.to_read.append((batch.loaded_on, here))
        if gone := _gone(night, batch, here):
            todo.begun.append(replace(batch, files=gone))
    new = list(left.values())
    for start in range(0, len(new), files_per_batch):
        todo.to_read.append((night.run.as_of, new[start : start + files_per_batch]))
    return todo


def _holds(night: FeedNight, batch: Batch) -> bool:
    """Whether what bronze has of a batch is what its files would be read as today.

    What has come to silver and was only not noted as done stays, as that of batches that are done.
    """
    mapping = night.mapping
    return batch.is_read_as(mapping.reading) or night.run.lake.committed(
        mapping.kind.silver, silver_unit(mapping, batch)
    )


def _gone(night: FeedNight, batch: Batch, here: Sequence[Inspected]) -> tuple[LedgerFile, ...]:
    """Return the files of a batch that cannot be read anew; others may lie there for later."""
    feed = night.mapping.feed
    lying = [] if feed.path is None else find_files(night.landing, feed, date.max)
    there = {f.name for f in lying} | {f.landed.name for f in here}
    gone = tuple(f for f in batch.files if f.file not in there)
    for file in gone:
        log.warning(
            "%s: %s is gone: its rows count as they were read before the catalogue was mended",
            night.mapping.name,
            file.file,
        )
    return gone


def _forget(night: FeedNight, batch: Batch, files: Sequence[Inspected]) -> None:
    """Take out of quarantine what was refused of files that are read anew.

    Done before they are planned: a night that is killed in between does it once more.
    """
    lake, mapping = night.run.lake, night.mapping
    log.info("%s: batch %s is read anew: the catalogue was mended", mapping.name, batch.id)
    if lake.committed(QUARANTINE, quarantine_unit(mapping, batch)):
        ids = ", ".join(f"'{f.file_id}'" for f in files)
        lake.update_rows(
            QUARANTINE,
            f"source = '{mapping.name}' AND batch_id = '{batch.id}' AND file_id IN ({ids})",
            {"replayed_on": f"DATE '{night.run.as_of}'"},
        )
