"""Writes the feeds as one folder a day, whole or not at all."""

import gzip
import json
import os
import shutil
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs.simulate.clock import Clock
from jobs.simulate.faults import Feed, damaged_columns, damaged_line
from jobs.simulate.settings import SimulateSettings

MARKER = "_SIMULATED.json"
FOLDER = "folder"
"""The partition column: the day of a file, as its folder is named."""


def day_folders(settings: SimulateSettings) -> list[str]:
    """Return the names of the days' folders in order."""
    return [
        (settings.first_day + timedelta(days=ahead)).isoformat() for ahead in range(settings.days)
    ]


def write_feed(
    spark: SparkSession,
    feed: Feed,
    rows: DataFrame,
    settings: SimulateSettings,
    clock: Clock,
    staging: Path,
) -> None:
    """Write one feed's delivered rows as a file a day below `staging`.

    All days are written by one partitioned job and the parts renamed: a Spark write a day would
    cost its start-up that many times.
    """
    parts = staging / f"_{feed.name}"
    spread = min(settings.days, max(4, spark.sparkContext.defaultParallelism))
    if feed.format == "parquet":
        frame = damaged_columns(feed, rows).withColumn(FOLDER, clock.date(F.col("day")))
        order = [F.col(FOLDER), F.col("mark"), *[F.col(name) for name in feed.columns[:1]]]
        by_day = frame.repartition(spread, FOLDER).sortWithinPartitions(*order)
        by_day.select(*feed.columns, FOLDER).write.partitionBy(FOLDER).parquet(str(parts))
    else:
        frame = lines(spark, feed, rows, settings).withColumn(FOLDER, clock.date(F.col("day")))
        by_day = frame.repartition(spread, FOLDER).sortWithinPartitions(FOLDER, "place", "line")
        compression = "gzip" if feed.file.endswith(".gz") else "none"
        writer = by_day.select("line", FOLDER).write.partitionBy(FOLDER)
        writer.text(str(parts), compression=compression)
    _rename_parts(feed, parts, staging, day_folders(settings))


def lines(
    spark: SparkSession, feed: Feed, rows: DataFrame, settings: SimulateSettings
) -> DataFrame:
    """Render rows to lines: `day`, `place` (null, so first, for the header), `line`."""
    if feed.format == "json":
        whole = rows.withColumn("line", F.to_json(_struct(feed), {"ignoreNullFields": "false"}))
        return whole.select("day", "place", damaged_line(feed).alias("line"))
    options = {"sep": feed.separator, "escape": '"', "nullValue": ""}
    whole = damaged_columns(feed, rows).withColumn("line", F.to_csv(_struct(feed), options))
    written = whole.select("day", "place", damaged_line(feed).alias("line"))
    header = spark.range(settings.days).select(
        F.col("id").cast("int").alias("day"),
        F.lit(None).cast("long").alias("place"),
        F.lit(feed.separator.join(feed.columns)).alias("line"),
    )
    return header.unionByName(written)


def _struct(feed: Feed) -> Column:
    return F.struct(*[F.col(name) for name in feed.columns])


def _rename_parts(feed: Feed, parts: Path, staging: Path, folders: Iterable[str]) -> None:
    for folder in folders:
        target = staging / folder / feed.file
        target.parent.mkdir(parents=True, exist_ok=True)
        written = sorted((parts / f"{FOLDER}={folder}").glob("part-*"))
        if len(written) > 1:
            raise RuntimeError(
                f"{feed.name}: {len(written)} parts for {folder} under {parts}, expected one; "
                "is spark.sql.files.maxRecordsPerFile set? Unset it and run again."
            )
        if written:
            os.replace(written[0], target)
        elif feed.format != "parquet":
            # A system with nothing to say still drops its file; a catalogue does not.
            empty = gzip.compress(b"", mtime=0) if feed.file.endswith(".gz") else b""
            target.write_bytes(empty)
    shutil.rmtree(parts)


def is_done(landing: Path, truth: Path, settings: SimulateSettings) -> bool:
    """Return whether this very world is already there."""
    marker = _read_marker(landing)
    return (
        marker.get("state") == "done"
        and marker.get("digest") == settings.digest()
        and truth.is_dir()
    )


def held_digest(landing: Path) -> str | None:
    """Return the digest of the settings whose world lies there, or is being put there."""
    digest: str | None = _read_marker(landing).get("digest")
    return digest


def publish(
    staging: Path, landing: Path, staged_truth: Path, truth: Path, settings: SimulateSettings
) -> None:
    """Put the staged days and truth in place of those of an earlier world.

    The marker says `writing` meanwhile, with the days of both worlds, so that a run after a kill
    knows what to clear. Other files in the landing folder are left alone.
    """
    landing.mkdir(parents=True, exist_ok=True)
    folders = day_folders(settings)
    earlier = _read_marker(landing).get("days", [])
    _write_marker(landing, settings, "writing", sorted({*earlier, *folders}))
    for folder in earlier:
        shutil.rmtree(landing / date.fromisoformat(folder).isoformat(), ignore_errors=True)
    for folder in folders:
        shutil.rmtree(landing / folder, ignore_errors=True)
        os.replace(staging / folder, landing / folder)
    shutil.rmtree(truth, ignore_errors=True)
    truth.parent.mkdir(parents=True, exist_ok=True)
    os.replace(staged_truth, truth)
    _write_marker(landing, settings, "done", folders)


def _read_marker(landing: Path) -> dict[str, Any]:
    path = landing / MARKER
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text())
    except json.JSONDecodeError:
        return {}
    return content if isinstance(content, dict) else {}


def _write_marker(landing: Path, settings: SimulateSettings, state: str, days: list[str]) -> None:
    content = {
        "state": state,
        "digest": settings.digest(),
        "settings": settings.model_dump(mode="json", exclude=settings.unsaid()),
        "days": days,
    }
    temporary = landing / f"{MARKER}.tmp"
    temporary.write_text(json.dumps(content, indent=2) + "\n")
    os.replace(temporary, landing / MARKER)
