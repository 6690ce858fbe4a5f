"""Bronze: the rows of new files, as they came, once; personal values encrypted on the way."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import reduce
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from jobs.ingest.catalogue import ROW_KEY, Feed
from jobs.ingest.landing import Inspected, is_packed, unpacked
from jobs.ingest.ledger import Batch
from jobs.ingest.lookups import looked_up
from jobs.ingest.mapping import Mapping
from jobs.ingest.reading import (
    ROW,
    absolute,
    beside_their_columns,
    has_no_text,
    has_undeclared,
    one_task_a_file,
    read_jdbc,
    read_raw,
)
from jobs.ingest.sealing import minted_key, minted_keys, sealed
from jobs.lake import scratch
from jobs.lake.run import Run
from jobs.lake.tables.bronze import VAULT_KEYS
from jobs.privacy.keyring import key_file, read_keyring

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame


log = logging.getLogger("bespoke")

UNPACKED = ".unpacked-"
FEW_BYTES = 2**18
"""Size of files, as they came, whose rows are few: their text fits the driver many times over."""
FEW = 5_000
"""Data keys that are made here: a night's new records are few, and sooner done than Spark's Python
is started."""
_UNDECLARED = "a column that the catalogue does not name"


def bronze_unit(batch: Batch) -> str:
    """Name of the commit that brings a batch into bronze."""
    return f"bronze:{batch.id}"


def write_bronze(run: Run, mapping: Mapping, batch: Batch, files: Sequence[Inspected]) -> int:
    """Append the rows of a batch's files to bronze, once; return the table's Delta version."""
    feed = mapping.feed
    place = workplace(run.settings.spark.master, feed, files)
    with (
        one_task_a_file(run.lake.spark),
        TemporaryDirectory(prefix=UNPACKED, dir=place) as folder,
    ):
        files = unpacked(files, feed, Path(folder))
        # Few partitions from here on, the lines being counted: a Python worker and its buffers
        # for each of a hundred small files would be held until the last of them is done.
        rows = _placed(run, mapping, files).coalesce(run.settings.ingest.output_files)
        few = mapping.feed.jdbc is None and sum(f.landed.bytes for f in files) <= FEW_BYTES
        if not feed.pii and not any(f.new_columns for f in files):
            try:
                return _append(run, mapping, batch, _plain(rows, feed), few=few)
            except Exception as error:
                if _UNDECLARED not in str(error):
                    raise
                log.warning("%s: %s; it is kept encrypted", mapping.name, _UNDECLARED)
        with _sealed(run, mapping, batch, rows) as safe:
            return _append(run, mapping, batch, safe, few=few)


def workplace(master: str, feed: Feed, files: Sequence[Inspected]) -> Path:
    """Return where files are unpacked: scratch, or beside them for workers, who do not see that.

    Hidden there, so that nobody takes it for a file that came. What a killed run has left is
    removed: a lake has one writer.
    """
    if master.startswith("local") or not is_packed(feed, files):
        return scratch.folder()
    place = files[0].landed.path.parent
    for left in place.glob(f"{UNPACKED}*"):
        shutil.rmtree(left, ignore_errors=True)
    return place


def _append(run: Run, mapping: Mapping, batch: Batch, rows: DataFrame, *, few: bool) -> int:
    from pyspark.sql import functions as F

    finished = rows.withColumns(
        {
            "source": F.lit(mapping.name),
            "batch_id": F.lit(batch.id),
            "loaded_on": F.lit(batch.loaded_on),
            "run_id": F.lit(run.id),
        }
    )
    table = mapping.kind.bronze
    finished = finished.select(*table.names)
    return run.lake.append(table, finished, unit=bronze_unit(batch), few=few).version


def _plain(rows: DataFrame, feed: Feed) -> DataFrame:
    """Leave rows of a feed without PII as they are; fail on a column that nobody has declared.

    What stands deep in a file of JSON, or in a database's table, is known when it is read only.
    """
    from pyspark.sql import functions as F

    raw = F.col("raw")
    # A header says all the columns that there are.
    if feed.format is not None and feed.format.type in ("jsonl", "jdbc"):
        raw = F.when(
            has_undeclared(raw, feed.field_names), F.raise_error(F.lit(_UNDECLARED))
        ).otherwise(raw)
    nothing = F.lit(None).cast("map<string,string>")
    return rows.withColumns(
        {
            "raw": raw,
            "record_id": F.lit(None).cast("string"),
            "tokens": nothing,
            "sealed": nothing,
        }
    )


def _placed(run: Run, mapping: Mapping, files: Sequence[Inspected]) -> DataFrame:
    """Read the files and say of every row which file it is from."""
    from pyspark.sql import functions as F

    spark = run.lake.spark
    if mapping.feed.jdbc is not None:
        raw = read_jdbc(spark, mapping.feed, files[0].landed.name)
        paths = [files[0].landed.name]
    else:
        raw = read_raw(spark, mapping.feed, files)
        paths = [absolute(f.landed.path) for f in files]
    facts = {
        path: {
            "file": f.landed.name,
            "file_id": f.file_id,
            "known_from": f.landed.known_from,
        }
        for path, f in zip(paths, files, strict=True)
    }
    of_file = looked_up(F.col("path"), facts, "file string, file_id string, known_from date")
    lost = F.raise_error(F.concat(F.lit("a row of no file that was asked for: "), "path"))
    placed = raw.withColumn("_of", of_file)
    return placed.withColumn(
        "_of", F.when(F.col("_of").isNull(), lost).otherwise(F.col("_of"))
    ).select("line", "raw", "corrupt", "_of.*")


@contextmanager
def _sealed(run: Run, mapping: Mapping, batch: Batch, rows: DataFrame) -> Iterator[DataFrame]:
    """Encrypt what is personal, with keys that are minted and committed first."""
    from pyspark import StorageLevel
    from pyspark.sql import functions as F

    path = key_file(run.home)
    ring = read_keyring(path)
    rows = rows.transform(_whole_or_corrupt)
    beside = beside_their_columns(rows, mapping.feed.field_names)
    known = beside.select(f"{ROW}.*", _record_id(mapping).alias("record_id"))
    # Read once for its keys and once to be written; never on disk, where it would be in the clear.
    known.persist(StorageLevel.MEMORY_ONLY)
    mine = F.col("source") == mapping.name
    held = run.lake.read(VAULT_KEYS).where(mine).select("record_id")
    lacking = known.select("record_id").distinct().join(held, "record_id", "left_anti")
    of_batch = {"source": mapping.name, "loaded_on": batch.loaded_on}
    # Minted once by what is held and not by the unit: run again, the batch may have other records.
    unit = f"keys:{batch.id}:{run.lake.version(VAULT_KEYS)}"
    few = [row["record_id"] for row in lacking.limit(FEW + 1).collect()]
    if len(few) <= FEW:
        minted = [minted_key(ring, record_id) | of_batch for record_id in few]
        run.lake.append_rows(VAULT_KEYS, minted, unit=unit)
    else:
        facts = {name: F.lit(value) for name, value in of_batch.items()}
        many = minted_keys(lacking, path, ring.id).withColumns(facts)
        run.lake.append(VAULT_KEYS, many.select(*VAULT_KEYS.names), unit=unit)
    keys = run.lake.read(VAULT_KEYS).where(mine).select("record_id", "wrapped_key")
    try:
        yield sealed(_keyed(known, keys, mapping.name), mapping.source, mapping.feed, path)
    finally:
        known.unpersist()


def _keyed(rows: DataFrame, keys: DataFrame, name: str) -> DataFrame:
    """Add the data key of each row; a row without one fails its batch, and is not left out."""
    from pyspark.sql import functions as F

    lost = F.raise_error(F.concat(F.lit(f"{name}: no data key was minted for "), "record_id"))
    key = F.when(F.col("wrapped_key").isNull(), lost).otherwise(F.col("wrapped_key"))
    return rows.join(keys, "record_id", "left").withColumn("wrapped_key", key)


def _whole_or_corrupt(rows: DataFrame) -> DataFrame:
    """Leave of a row that could not be taken apart its text only, which is encrypted as a whole.

    Its values may stand in each other's columns, a street in the one that holds the town. The same
    goes for one with bytes that are no text, which nobody sees once it is encrypted.
    """
    from pyspark.sql import functions as F

    text = F.when(has_no_text("raw"), F.coalesce("corrupt", F.to_json("raw"))).otherwise(
        F.col("corrupt")
    )
    return rows.withColumn("corrupt", text).withColumn(
        "raw", F.when(F.col("corrupt").isNull(), F.col("raw"))
    )


def _record_id(mapping: Mapping) -> Column:
    """Name of the record whose key encrypts a row: its key, or its file where it has none.

    Of a feed without PII only columns that nobody has declared are encrypted, by the file's key.
    """
    from pyspark.sql import functions as F

    of_file = F.concat(F.lit(f"{mapping.name}:file:"), F.col(f"{ROW}.file_id"))
    feed = mapping.feed
    if feed.key == ROW_KEY or not feed.pii:
        return of_file
    parts = [F.nullif(F.trim(F.expr(e).cast("string")), F.lit("")) for e in feed.key]
    missing = reduce(lambda a, b: a | b, [p.isNull() for p in parts])
    of_row = F.concat(F.lit(f"{mapping.name}:"), F.concat_ws("|", *parts))
    return F.when(missing, of_file).otherwise(of_row)
