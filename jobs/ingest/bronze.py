"""Bronze: the rows of new files, as they came, once; personal values encrypted on the way."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from jobs.ingest.canonical import Mapping
from jobs.ingest.catalogue import KINDS, ROW_KEY
from jobs.ingest.keyring import key_file, read_keyring
from jobs.ingest.landing import Inspected, unpacked
from jobs.ingest.ledger import Batch
from jobs.ingest.reading import (
    ROW,
    beside_their_columns,
    one_task_a_file,
    read_jdbc,
    read_raw,
)
from jobs.ingest.sealing import minted_keys, sealed
from jobs.lake.run import Run
from jobs.lake.tables.bronze import VAULT_KEYS

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame


def bronze_unit(batch: Batch) -> str:
    """Name of the commit that brings a batch into bronze."""
    return f"bronze:{batch.id}"


def write_bronze(run: Run, mapping: Mapping, batch: Batch, files: Sequence[Inspected]) -> int:
    """Append the rows of a batch's files to bronze, once; return the table's Delta version."""
    from pyspark.sql import functions as F

    feed = mapping.feed
    scratch = run.home / "scratch"
    scratch.mkdir(parents=True, exist_ok=True)
    with one_task_a_file(run.lake.spark), TemporaryDirectory(dir=scratch) as folder:
        files = unpacked(files, feed, Path(folder))
        # Few partitions from here on, the lines being counted: a Python worker and its buffers
        # for each of a hundred small files would be held until the last of them is done.
        rows = _placed(run, mapping, files).coalesce(run.settings.ingest.output_files)
        names = sorted({c for f in files for c in f.header})
        if feed.pii or any(f.new_columns for f in files):
            rows = _sealed(run, mapping, batch, rows, names)
        else:
            nothing = F.lit(None).cast("map<string,string>")
            rows = rows.withColumns({"record_id": F.lit(None).cast("string")}).withColumns(
                {"tokens": nothing, "sealed": nothing}
            )
        finished = rows.withColumns(
            {
                "source": F.lit(mapping.name),
                "batch_id": F.lit(batch.id),
                "loaded_on": F.lit(batch.loaded_on),
                "run_id": F.lit(run.id),
            }
        )
        table = KINDS[feed.kind].bronze
        rows = finished.select(*table.names)
        return run.lake.append(table, rows, unit=bronze_unit(batch)).version


def _placed(run: Run, mapping: Mapping, files: Sequence[Inspected]) -> DataFrame:
    """Read the files and say of every row which file it is from."""
    from pyspark.sql import functions as F

    spark = run.lake.spark
    if mapping.feed.jdbc is not None:
        raw = read_jdbc(spark, mapping.feed, files[0].landed.name)
        uris = [files[0].landed.name]
    else:
        raw = read_raw(spark, mapping.feed, files)
        uris = [f.landed.path.absolute().as_uri() for f in files]
    known = spark.createDataFrame(
        [
            (uri, f.landed.name, f.file_id, f.landed.known_from)
            for uri, f in zip(uris, files, strict=True)
        ],
        "path string, file string, file_id string, known_from date",
    )
    # Hadoop writes `file:/x` where a URI has `file:///x`.
    plain = F.regexp_replace("path", "^file:/+", "file:///")
    return raw.withColumn("path", plain).join(F.broadcast(known), "path").drop("path")


def _sealed(
    run: Run, mapping: Mapping, batch: Batch, rows: DataFrame, names: Sequence[str]
) -> DataFrame:
    """Encrypt what is personal, with keys that are minted and committed first."""
    from pyspark.sql import functions as F

    path = key_file(run.home)
    ring = read_keyring(path)
    rows = rows.transform(_whole_or_corrupt)
    beside = beside_their_columns(rows, (*mapping.feed.field_names, *names))
    known = beside.select(f"{ROW}.*", _record_id(mapping).alias("record_id"))
    held = run.lake.read(VAULT_KEYS).select("record_id")
    lacking = known.select("record_id").distinct().join(held, "record_id", "left_anti")
    minted = minted_keys(lacking, path, ring.id).withColumns(
        {"source": F.lit(mapping.name), "loaded_on": F.lit(batch.loaded_on)}
    )
    # Kept, since a key drawn again in a second pass of the merge would be another key.
    minted = minted.localCheckpoint()
    run.lake.merge(VAULT_KEYS, minted, unit=f"keys:{batch.id}")
    mine = F.col("source") == mapping.name
    keys = run.lake.read(VAULT_KEYS).where(mine).select("record_id", "wrapped_key")
    return sealed(known.join(keys, "record_id"), mapping.source, mapping.feed, names, path)


def _whole_or_corrupt(rows: DataFrame) -> DataFrame:
    """Leave of a row that could not be taken apart its text only, which is encrypted as a whole.

    Its values may stand in each other's columns, a street in the one that holds the town. The same
    goes for one with bytes that are no text, which nobody sees once it is encrypted.
    """
    from pyspark.sql import functions as F

    broken = F.exists(F.map_values("raw"), lambda v: v.contains("\ufffd"))
    text = F.when(broken, F.coalesce("corrupt", F.to_json("raw"))).otherwise(F.col("corrupt"))
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
