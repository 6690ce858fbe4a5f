"""The Delta jars: fetched once at set-up, so that no run fetches anything.

Ivy would resolve them at every cold start (20 s and more) and bring a second Hadoop, Jackson and
Log4j. Here it is asked once, through Spark, and only what Spark itself lacks is kept.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from jobs.lake.errors import BespokeError

KEPT = ("io.delta_", "io.unitycatalog_", "org.roaringbitmap_")
# What Delta asks for and Spark already has, or Delta never loads here.
EXCLUDED = (
    "org.apache.hadoop:hadoop-client-api",
    "org.apache.hadoop:hadoop-client-runtime",
    "com.fasterxml.jackson.core:jackson-databind",
    "com.fasterxml.jackson.core:jackson-core",
    "com.fasterxml.jackson.core:jackson-annotations",
    "com.fasterxml.jackson.datatype:jackson-datatype-jdk8",
    "org.apache.logging.log4j:log4j-api",
    "org.apache.logging.log4j:log4j-core",
    "org.apache.logging.log4j:log4j-slf4j2-impl",
    "org.slf4j:slf4j-api",
    "org.apache.parquet:parquet-hadoop",
    "org.apache.parquet:parquet-column",
    "org.apache.parquet:parquet-common",
    "com.github.luben:zstd-jni",
    "org.xerial.snappy:snappy-java",
    "org.locationtech.jts:jts-core",
    "io.airlift:aircompressor",
)


class JarsMissingError(BespokeError):
    """The Delta jars are not where the set-up puts them."""


def folder() -> Path:
    """Folder of the jars, inside the Python environment."""
    return Path(sys.prefix) / "share" / "bespoke" / "jars"


def package() -> str:
    """Maven coordinates of the Delta that fits the installed PySpark."""
    spark = ".".join(version("pyspark").split(".")[:2])
    return f"io.delta:delta-spark_{spark}_2.13:{version('delta-spark')}"


def installed() -> list[Path]:
    """Return the jars.

    Raises
    ------
    JarsMissingError
        None are there, or they are of another version than the installed packages.
    """
    found = sorted(folder().glob("*.jar"))
    wanted = "{}_{}-{}.jar".format(*package().split(":"))
    if not any(path.name == wanted for path in found):
        raise JarsMissingError(f"{wanted} is not in {folder()}: run `bespoke setup` to fetch it")
    return found


def fetch() -> list[Path]:
    """Fetch the jars unless they are there; return them.

    Raises
    ------
    JarsMissingError
        They could not be fetched.
    """
    try:
        return installed()
    except JarsMissingError:
        pass
    with tempfile.TemporaryDirectory() as scratch:
        resolve = (
            "from pyspark.sql import SparkSession;"
            "SparkSession.builder.master('local[1]').config('spark.ui.enabled', 'false')"
            f".config('spark.jars.packages', {package()!r})"
            f".config('spark.jars.excludes', {','.join(EXCLUDED)!r})"
            f".config('spark.jars.ivy', {scratch!r}).getOrCreate().stop()"
        )
        done = subprocess.run(
            [sys.executable, "-c", resolve], capture_output=True, text=True, check=False
        )
        found = [p for p in Path(scratch, "jars").glob("*.jar") if p.name.startswith(KEPT)]
        if done.returncode or not found:
            raise JarsMissingError(
                f"{package()} could not be fetched by Ivy:\n{(done.stderr + done.stdout)[-2000:]}"
            )
        folder().mkdir(parents=True, exist_ok=True)
        for path in found:
            shutil.copy(path, folder() / path.name)
    return installed()
