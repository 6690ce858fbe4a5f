"""The Spark session: made in one place, with what Delta and a small machine need."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.lake import classes, jars, scratch
from jobs.lake.settings import SparkSettings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

JAVA_OPTIONS = '-Duser.timezone=UTC "-Dderby.system.home={scratch}" -XX:+UseParallelGC'
"""UTC whatever the machine's clock shows."""
LOCAL_JAVA_OPTIONS = (
    " -XX:Tier4InvocationThreshold=50000 -XX:Tier4MinInvocationThreshold=6000"
    " -XX:Tier4CompileThreshold=150000 -XX:Tier4BackEdgeThreshold=400000"
    " -XX:ReservedCodeCacheSize=256m"
)
"""A run of minutes on a few cores spends half its time compiling, so the optimizing compiler gets
only what runs ten times as often as by default. A night of 10,000 people took 162 s, as with the
quick compiler alone, and 178 s by default; 90 days of them from nothing 217, 246 and 222 s."""


def conf(settings: SparkSettings, folder: Path) -> dict[str, str]:
    """Return the Spark configuration of ``settings``.

    Parameters
    ----------
    settings : SparkSettings
        Master, memory, partitions and additions.
    folder : Path
        For what Spark writes beside tables.
    """
    classpath = [str(path) for path in jars.installed()]
    local = settings.master.startswith("local")
    options = {
        "spark.master": settings.master,
        "spark.app.name": "bespoke",
        "spark.driver.memory": settings.driver_memory,
        "spark.driver.extraClassPath": os.pathsep.join(classpath),
        "spark.driver.extraJavaOptions": JAVA_OPTIONS.format(scratch=folder)
        + (LOCAL_JAVA_OPTIONS + classes.java_options(jars.installed()) if local else ""),
        "spark.local.dir": str(folder / "shuffle"),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": str(settings.shuffle_partitions),
        "spark.databricks.delta.snapshotPartitions": str(settings.snapshot_partitions),
        # VACUUM lists folders with this many tasks; its default took 40 s a small table.
        "spark.sql.sources.parallelPartitionDiscovery.parallelism": str(
            settings.snapshot_partitions
        ),
        # Files of a table are named one by one: to look at each is not worth a job.
        "spark.sql.sources.parallelPartitionDiscovery.threshold": "2000",
        "spark.databricks.delta.merge.repartitionBeforeWrite.enabled": "true",
        # A table's rows are of one night, as a rule, and need not be sorted to be put in folders.
        "spark.sql.maxConcurrentOutputFileWriters": "4",
        # Rows of people are shuffled on their way to the keys that they are encrypted with.
        "spark.io.encryption.enabled": "true",
        # Rows that are kept for a second pass: an eighth more memory, and half the work.
        "spark.sql.inMemoryColumnarStorage.compressed": "false",
        # Rows are not sorted to be joined where a partition of one side, which cannot be spilled,
        # is this small: a sixth less work for interactions.
        "spark.sql.adaptive.maxShuffledHashJoinLocalMapThreshold": "64m",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        # Shops still send windows-1252, which Spark 4 refuses unless told otherwise.
        "spark.sql.legacy.javaCharsets": "true",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
    }
    if local:
        # A laptop's own name may resolve to an address of another network.
        options |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
        # Ranges that are read side by side spare an object store's round trips; a disk has none,
        # and Hadoop does not count the bytes of them (HADOOP-18103), which `ops.runs` tells.
        options["spark.hadoop.parquet.hadoop.vectored.io.enabled"] = "false"
    else:
        options |= {
            "spark.jars": ",".join(classpath),
            # A worker's machine may be in another zone. As defaults: a user's own options add to
            # them.
            "spark.executor.defaultJavaOptions": "-Duser.timezone=UTC",
            "spark.executorEnv.TZ": "UTC",
        }
    return options | store_options() | settings.conf


def store_options() -> dict[str, str]:
    """Return what Spark's connector to an object store does not find in the environment itself."""
    region, address = os.environ.get("AWS_REGION"), os.environ.get("AWS_ENDPOINT_URL")
    options = {"spark.hadoop.fs.s3a.endpoint.region": region} if region else {}
    if address:
        # A store of one's own has no name in the DNS for each bucket.
        options["spark.hadoop.fs.s3a.path.style.access"] = "true"
    return options


def prepare_environment(settings: SparkSettings) -> None:
    """Set the variables that Spark reads before it starts: its Python, and loopback."""
    # Else a worker is whatever `python3` the path finds first.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    if settings.master.startswith("local"):
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")


def open_session(settings: SparkSettings) -> SparkSession:
    """Start a session, or return the one this process has.

    Raises
    ------
    JarsMissingError
        The set-up has not been run.
    """
    from pyspark.sql import SparkSession

    active = _active()
    if active is not None:
        return active
    prepare_environment(settings)
    builder = SparkSession.builder
    for key, value in conf(settings, scratch.folder()).items():
        builder = builder.config(key, value)
    return builder.getOrCreate()


def _active() -> SparkSession | None:
    """Return the session of this process; None as well where its JVM has died, as of memory."""
    from py4j.protocol import Py4JError
    from pyspark.sql import SparkSession

    try:
        return SparkSession.getActiveSession()
    except (Py4JError, OSError):
        _forget()
        return None


def _forget() -> None:
    """Let go of a JVM that is gone, so that a task that is tried again gets another one.

    PySpark keeps the connection for as long as the process lives, and has no call for this.
    """
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    context = SparkContext._active_spark_context
    if context is not None:
        with suppress(Exception):
            context.stop()
    SparkContext._active_spark_context = None
    SparkContext._gateway = None
    SparkContext._jvm = None
    SparkSession._instantiatedSession = None
