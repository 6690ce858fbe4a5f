"""Sizes: what a table is made of, and which of its files are too small."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jobs.lake.folders import Folder

if TYPE_CHECKING:
    from deltalake import DeltaTable

Partition = tuple[tuple[str, Any], ...]
"""Partition columns with their values; empty where a table has none."""


@dataclass(frozen=True)
class File:
    """A file of a table's latest version.

    Attributes
    ----------
    size : int
        Bytes.
    counted : bool
        Whether the log has statistics of it.
    """

    size: int
    counted: bool = True


@dataclass(frozen=True)
class Sizes:
    """What a table's latest version is made of.

    Attributes
    ----------
    files, small_files, bytes, log_files, version : int
        As in ``ops.maintenance``.
    """

    files: int
    small_files: int
    bytes: int
    log_files: int
    version: int


def measured(delta: DeltaTable, folder: Folder, small_bytes: int) -> Sizes:
    """Measure the latest version of a table.

    Parameters
    ----------
    delta : DeltaTable
        The table.
    folder : Path or StoreFolder
        Where it lies.
    small_bytes : int
        A file below this size is small.
    """
    parts = partitions(delta)
    files = [file for found in parts.values() for file in found]
    return Sizes(
        files=len(files),
        small_files=sum(len(small(found, small_bytes)) for found in parts.values()),
        bytes=sum(file.size for file in files),
        log_files=sum(1 for path in (folder / "_delta_log").iterdir() if path.name[0] not in "._"),
        version=int(delta.version()),
    )


def partitions(delta: DeltaTable) -> dict[Partition, list[File]]:
    """Return the files of each partition."""
    import pyarrow as pa

    columns = delta.metadata().partition_columns
    found: defaultdict[Partition, list[File]] = defaultdict(list)
    for action in pa.table(delta.get_add_actions(flatten=True)).to_pylist():
        partition = tuple((name, action[f"partition.{name}"]) for name in columns)
        counted = action["num_records"] is not None
        found[partition].append(File(action["size_bytes"], counted))
    return found


def small(files: list[File], small_bytes: int) -> list[File]:
    """Return those of a partition's files that are worth joining: none, where it is one alone."""
    found = [file for file in files if file.size < small_bytes or not file.counted]
    return found if len(found) > 1 else []
