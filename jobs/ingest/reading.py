"""Reading: files of any format to one frame of raw rows, each with its file and line.

Every file is read by one task, so a row's place in its partition is its place in its file: the
line number costs neither a shuffle nor a second reading. A column is text, as it came.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import reduce
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.ingest.catalogue import Feed
from jobs.ingest.landing import Inspected
from jobs.ingest.parts import Format
from jobs.lake.errors import DataError
from jobs.lake.files import literally

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

CORRUPT = "_corrupt"
ROW = "_row"
"""A struct of what is ours, beside which a feed's own columns may have any name."""
_INDEX_BITS = (1 << 33) - 1
_WHOLE_FILE = str(1 << 40)
_FETCHED = 10_000
"""Rows of a table that a database hands over at a time; some drivers' default is ten, or all."""


@contextmanager
def one_task_a_file(spark: SparkSession) -> Iterator[None]:
    """Let Spark give every file a task of its own while frames of this module are run."""
    keys = ("spark.sql.files.maxPartitionBytes", "spark.sql.files.openCostInBytes")
    before = {key: spark.conf.get(key) for key in keys}
    for key in keys:
        spark.conf.set(key, _WHOLE_FILE)
    try:
        yield
    finally:
        for key, value in before.items():
            spark.conf.set(key, str(value))


def read_raw(spark: SparkSession, feed: Feed, files: Sequence[Inspected]) -> DataFrame:
    """Read files of one feed.

    Parameters
    ----------
    spark : SparkSession
        The session.
    feed : Feed
        Says the format.
    files : sequence of Inspected
        None of them empty or refused.

    Returns
    -------
    DataFrame
        ``path`` string (absolute), ``line`` bigint (a header is record 1), ``raw`` map of column
        to text (absent where the column is empty), ``corrupt`` string (the text of a record that
        could not be taken apart).
    """
    if feed.format is None:
        raise ValueError("the feed has no format")
    if feed.format.type == "jsonl":
        return _jsonl(spark, [literally(absolute(f.landed.path)) for f in files])
    # Spark takes one file's columns and types for all that it reads together.
    alike = sorted(files, key=_shape)
    frames = []
    for (header, _), group in groupby(alike, key=_shape):
        paths = [literally(absolute(f.landed.path)) for f in group]
        if feed.format.type == "csv":
            frames.append(_csv(spark, feed.format, header, paths))
        else:
            frames.append(_parquet(spark, header, paths))
    return reduce(lambda a, b: a.unionByName(b), frames)


def read_jdbc(spark: SparkSession, feed: Feed, path: str) -> DataFrame:
    """Read a JDBC table as it stands; columns as :func:`read_raw`."""
    from pyspark.sql import functions as F

    if feed.jdbc is None:
        raise ValueError("the feed has no jdbc table")
    reader = spark.read.format("jdbc").option("url", feed.jdbc.url)
    reader = reader.option("dbtable", feed.jdbc.table)
    # A database's plain timestamp is the wall clock's, to be read in the feed's time zone.
    reader = reader.option("preferTimestampNTZ", True)
    reader = reader.option("fetchsize", _FETCHED)
    if feed.jdbc.driver:
        reader = reader.option("driver", feed.jdbc.driver)
    if feed.jdbc.user:
        reader = reader.option("user", feed.jdbc.user)
    if feed.jdbc.password_env:
        password = os.environ.get(feed.jdbc.password_env)
        if password is None:
            raise DataError(
                f"{feed.jdbc.table}: its password is wanted in {feed.jdbc.password_env}"
            )
        reader = reader.option("password", password)
    frame = reader.load()
    return frame.select(
        F.lit(path).alias("path"),
        (F.monotonically_increasing_id() + 1).alias("line"),
        _raw(frame.columns, _instants(frame)),
        F.lit(None).cast("string").alias("corrupt"),
    )


def beside_their_columns(rows: DataFrame, names: Iterable[str], *keep: str) -> DataFrame:
    """Lay the columns of the files, which stand in the map ``raw``, beside the rows.

    Parameters
    ----------
    rows : DataFrame
        With a map ``raw``.
    names : iterable of str
        Columns of the files.
    *keep : str
        Columns of ``rows`` that stay beside them under their own names.

    Returns
    -------
    DataFrame
        ``_row``, a struct of all other columns of ``rows``, and one text column for each name.
    """
    from pyspark.sql import functions as F

    own = [c for c in rows.columns if c not in keep]
    theirs = [F.col("raw")[name].alias(name) for name in dict.fromkeys(names)]
    return rows.select(F.struct(*own).alias(ROW), *keep, *theirs)


def has_undeclared(raw: Column | str, names: Iterable[str]) -> Column:
    """Whether a row has columns beside those that the catalogue names."""
    from pyspark.sql import functions as F

    # No lambda: Spark interprets one, column by column.
    declared = F.array(*[F.lit(n) for n in names])
    return F.size(F.array_except(F.map_keys(raw), declared)) > 0


def has_no_text(raw: Column | str) -> Column:
    """Whether a value of a row has bytes that are no text in the file's encoding."""
    from pyspark.sql import functions as F

    # All values as one text, for want of a lambda, as above.
    return F.concat_ws("", F.map_values(raw)).contains("\ufffd")


def absolute(path: Path) -> str:
    """Return a path as rows of :func:`read_raw` name it."""
    return os.path.abspath(path)


def _path() -> Column:
    """Path of the file that a row came from; Spark gives an URI, in which a plus is a plus."""
    from pyspark.sql import functions as F

    encoded = F.replace(F.col("_metadata.file_path"), F.lit("+"), F.lit("%2B"))
    return F.regexp_replace(F.url_decode(encoded), "^file:/+", "/").alias("path")


def _shape(file: Inspected) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return file.header, file.types


def _csv(spark: SparkSession, form: Format, header: tuple[str, ...], paths: list[str]) -> DataFrame:
    from pyspark.sql import functions as F
    from pyspark.sql.types import StringType, StructField, StructType

    names = [*header, CORRUPT]
    frame = (
        spark.read.schema(StructType([StructField(n, StringType()) for n in names]))
        .option("header", True)
        .option("enforceSchema", True)
        .option("multiLine", True)
        .option("sep", form.delimiter)
        .option("quote", form.quote)
        .option("escape", form.quote)
        .option("encoding", form.encoding)
        .option("mode", "PERMISSIVE")
        .option("columnNameOfCorruptRecord", CORRUPT)
        .csv(paths)
    )
    return frame.select(
        _path(),
        # The header is record 1 and the index counts from 0.
        _place().alias("line"),
        _raw(header),
        F.col(CORRUPT).alias("corrupt"),
    )


def _jsonl(spark: SparkSession, paths: list[str]) -> DataFrame:
    from pyspark.sql import functions as F

    text = spark.read.text(paths).select(_path(), (_place() - 1).alias("line"), "value")
    # A column of its own: as an expression it would be parsed anew wherever it is used.
    parsed = text.where(F.trim("value") != "").withColumn(
        "parsed", F.from_json("value", "map<string,string>")
    )
    keys = F.map_keys("parsed")
    sound = F.is_valid_utf8("value") & (F.size(keys) == F.size(F.array_distinct(keys)))
    named = F.map_filter("parsed", lambda _, v: v.isNotNull() & (v != ""))
    return parsed.select(
        "path",
        "line",
        F.when(sound, named).alias("raw"),
        F.when(~sound | F.col("parsed").isNull(), F.make_valid_utf8("value")).alias("corrupt"),
    )


def _parquet(spark: SparkSession, header: tuple[str, ...], paths: list[str]) -> DataFrame:
    from pyspark.sql import functions as F

    frame = spark.read.option("mergeSchema", False).parquet(*paths)
    return frame.select(
        _path(),
        (_place() - 1).alias("line"),
        _raw(header, _instants(frame)),
        F.lit(None).cast("string").alias("corrupt"),
    )


def _place() -> Column:
    """Record number when the header is record 1: the row's index in its partition, plus 2."""
    from pyspark.sql import functions as F

    return F.monotonically_increasing_id().bitwiseAND(F.lit(_INDEX_BITS)) + 2


def _instants(frame: DataFrame) -> frozenset[str]:
    """Columns that hold a moment and not what a clock on the wall showed."""
    return frozenset(name for name, kind in frame.dtypes if kind == "timestamp")


def _raw(names: Sequence[str], instants: frozenset[str] = frozenset()) -> Column:
    """Map of column name to text, without the empty ones; a moment says that it is UTC."""
    from pyspark.sql import functions as F

    texts = {n: F.col(f"`{n}`").cast("string") for n in names}
    texts |= {n: F.concat(texts[n], F.lit("Z")) for n in names if n in instants}
    pairs = [x for n, text in texts.items() for x in (F.lit(n), text)]
    return F.map_filter(F.create_map(*pairs), lambda _, v: v.isNotNull()).alias("raw")
