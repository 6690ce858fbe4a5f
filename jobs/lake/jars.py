"""The jars beside Spark's own: fetched once at set-up, so that no run fetches anything.

Ivy would resolve them at every cold start (20 s and more) and bring a second Hadoop, Jackson and
Log4j. Here it is asked once, through Spark, and only what Spark itself lacks is kept: Delta, and
Hadoop's connector to an object store where the lake is to be in one.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Collection, Iterable
from importlib.metadata import distribution, version
from pathlib import Path

from jobs.lake.errors import BespokeError
from jobs.lake.settings import settings

KEPT = (
    "io.delta_",
    "io.unitycatalog_",
    "org.roaringbitmap_",
    "org.apache.hadoop_hadoop-aws",
    "software.amazon.",
    "org.reactivestreams_",
)
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
    # All of AWS in one jar of 600 MB; the parts that S3 needs are named below. Netty's and Apache's
    # clients are Spark's own: older ones before them on the path keep it from starting.
    "software.amazon.awssdk:bundle",
    "software.amazon.awssdk:netty-nio-client",
    "org.apache.httpcomponents:httpclient",
    "org.apache.httpcomponents:httpcore",
    "org.wildfly.openssl:wildfly-openssl",
    "com.google.code.findbugs:jsr305",
)
AWS_SDK, AWS_ACCELERATOR = "2.35.4", "1.3.1"
"""As Hadoop 3.5.0's connector was built with."""


class JarsMissingError(BespokeError):
    """The Delta jars are not where the set-up puts them."""


def folder() -> Path:
    """Folder of the jars, inside the Python environment."""
    return Path(sys.prefix) / "share" / "bespoke" / "jars"


def package() -> str:
    """Maven coordinates of the Delta that fits the installed PySpark."""
    spark = ".".join(version("pyspark").split(".")[:2])
    return f"io.delta:delta-spark_{spark}_2.13:{version('delta-spark')}"


def store_packages() -> list[str]:
    """Maven coordinates of the connector to an object store that fits Spark's Hadoop."""
    # Not of the imported module: spark-submit has PySpark imported from an archive.
    spark = Path(str(distribution("pyspark").locate_file("pyspark/jars")))
    (own,) = spark.glob("hadoop-client-api-*.jar")
    hadoop = own.stem.rpartition("-")[2]
    parts = ("s3", "s3-transfer-manager", "sts", "apache-client")
    return [
        f"org.apache.hadoop:hadoop-aws:{hadoop}",
        *(f"software.amazon.awssdk:{part}:{AWS_SDK}" for part in parts),
        f"software.amazon.s3.analyticsaccelerator:analyticsaccelerator-s3:{AWS_ACCELERATOR}",
    ]


def wanted() -> list[str]:
    """Maven coordinates of all that the settings ask for."""
    return [package(), *(store_packages() if settings().lake.root else [])]


def similarity() -> Path:
    """Return the jar with distances between texts that Splink's wheel carries for Spark 4."""
    folder = Path(str(distribution("splink").locate_file("splink/internals/files/spark_jars")))
    return max(folder.glob("scala-udf-similarity-*_spark4.x.jar"))


def installed() -> list[Path]:
    """Return the jars.

    Raises
    ------
    JarsMissingError
        One that the settings ask for is not there, is cut off, or has one of another version
        beside it.
    """
    found = sorted(folder().glob("*.jar"))
    for path in found:
        if path.name.startswith(KEPT) and not zipfile.is_zipfile(path):
            raise JarsMissingError(f"{path} is not whole: run `bespoke setup` to fetch it again")
    there = {path.name for path in found}
    names = {"{}_{}-{}.jar".format(*coordinates.split(":")) for coordinates in wanted()}
    for name in sorted(names - there):
        raise JarsMissingError(f"{name} is not in {folder()}: run `bespoke setup` to fetch it")
    for path in _former(found, names):
        raise JarsMissingError(f"{path} is of another version: run `bespoke setup` to remove it")
    return [*found, similarity()]


def _former(paths: Iterable[Path], names: Collection[str]) -> list[Path]:
    """Return jars of the same artifacts as those named, of other versions."""
    ours = {_artifact(name) for name in names}
    return [path for path in paths if path.name not in names and _artifact(path.name) in ours]


def _artifact(name: str) -> str:
    """Return what a jar is, without its version and those of the Spark and Scala it is for."""
    return re.sub(r"(_\d[\d._]*)?-\d+\..*", "", name)


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
            f".config('spark.jars.packages', {','.join(wanted())!r})"
            f".config('spark.jars.excludes', {','.join(EXCLUDED)!r})"
            f".config('spark.jars.ivy', {scratch!r}).getOrCreate().stop()"
        )
        done = subprocess.run(
            [sys.executable, "-c", resolve], capture_output=True, text=True, check=False
        )
        found = [p for p in Path(scratch, "jars").glob("*.jar") if p.name.startswith(KEPT)]
        if done.returncode or not found:
            said = (done.stderr + done.stdout)[-2000:]
            raise JarsMissingError(f"{', '.join(wanted())} could not be fetched by Ivy:\n{said}")
        _put(found)
    return installed()


def _put(found: list[Path]) -> None:
    """Copy jars to their place, each in one step, then remove those of other versions."""
    place, names = folder(), {path.name for path in found}
    place.mkdir(parents=True, exist_ok=True)
    asked = {c.split(":")[1] for c in wanted()}
    # Those that `installed` asks for come last: where they are, all are.
    for path in sorted(found, key=lambda path: any(f"_{name}-" in path.name for name in asked)):
        scratch = place / f".{path.name}.part"
        shutil.copy(path, scratch)
        os.replace(scratch, place / path.name)
    for former in _former(place.glob("*.jar"), names):
        former.unlink()
