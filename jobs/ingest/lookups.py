"""Small tables that stand in the plan: what is known of a file, and files to look things up in."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.ingest.parts import Lookup
from jobs.lake.errors import DataError

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

LARGEST = 4 << 20
"""Bytes of a file to look things up in: it stands in the plan, which every task is sent."""


def looked_up(key: Column, facts: Mapping[str, Mapping[str, object]], schema: str) -> Column:
    """Return a struct of what is known of each key; null for a key of which nothing is.

    For a few hundred keys: they stand in the plan, which is planned and run sooner than a join.

    Parameters
    ----------
    key : Column
        Text.
    facts : mapping of str to mapping
        Key to the struct's fields.
    schema : str
        Fields of the struct, as ``name type, …``.
    """
    from pyspark.sql import functions as F

    text = json.dumps(facts, default=str)
    return F.from_json(F.lit(text), f"map<string,struct<{schema}>>")[key]


def with_lookups(rows: DataFrame, lookups: Mapping[str, Lookup], landing: Path) -> DataFrame:
    """Add a struct column for each small file that the feed looks things up in.

    Raises
    ------
    DataError
        Such a file is missing or too large, lacks its key column, or names a key twice.
    """
    from pyspark.sql import functions as F

    for name, lookup in lookups.items():
        found = read_lookup(landing / lookup.path, lookup.key)
        first = next(iter(found.values()), {lookup.key: None})
        schema = ", ".join(f"`{column}` string" for column in first)
        rows = rows.withColumn(name, looked_up(F.col("raw")[lookup.key], found, schema))
    return rows


def read_lookup(path: Path, key: str) -> dict[str, dict[str, str | None]]:
    """Return the rows of a small CSV file by their key; empty values are None."""
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise DataError(
                f"lookup {path}: {size / (1 << 20):.1f} MB, where at most {LARGEST >> 20} MB are "
                "looked things up in: leave out rows or columns that the feed does not need"
            )
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [{k: v or None for k, v in row.items() if k} for row in csv.DictReader(file)]
    except OSError as error:
        raise DataError(f"lookup {path}: {error.strerror}") from None
    found: dict[str, dict[str, str | None]] = {}
    for line, row in enumerate(rows, start=2):
        value = row.get(key)
        if value is None or value in found:
            what = f"names {key} {value} again" if value else f"has no {key}"
            raise DataError(f"lookup {path}: row {line} {what}: every row wants one of its own")
        found[value] = row
    return found
