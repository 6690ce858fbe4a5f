"""Storage: bytes and files of every table, now and after each night, from the Delta logs.

``deltalake`` says what a table holds now. How it grew is reckoned backwards from there, by what
each commit of its log added and removed: the log's own records have the size of every file, which
the counts that the writers leave beside them do not.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from jobs.lake.damage import opened
from jobs.lake.folders import Folder, StoreFolder
from jobs.lake.query import stored_tables
from jobs.maintenance.sizes import partitions, small

RECORDING = timedelta(seconds=5)
"""A night's last job is recorded, in a commit of its own, just after the end that it records."""

_ACTIONS = ('{"add"', '{"remove"', '{"commitInfo"')


@dataclass(frozen=True)
class Stored:
    """One table as it is stored.

    Attributes
    ----------
    table : str
        ``layer.table``.
    bytes, files : int
        Of its latest version.
    small, spare : int
        Files that maintenance would join, and how many of them that would save: all but one a
        partition.
    on_disk : int
        Bytes in its folder, with former versions and the log.
    versions : int
        Delta commits since it was made.
    history : tuple of tuple of int, or None
        Bytes and files after each night; None where the log no longer says.
    """

    table: str
    bytes: int
    files: int
    small: int
    spare: int
    on_disk: int
    versions: int
    history: tuple[tuple[int, int] | None, ...]


@dataclass(frozen=True)
class Commit:
    """What one commit changed: when, and by how many bytes and files."""

    at: datetime
    bytes: int
    files: int


def read_storage(lake: Folder, ends: Sequence[datetime], small_bytes: int) -> list[Stored]:
    """Measure every table.

    Parameters
    ----------
    lake : Path or StoreFolder
        The lake.
    ends : sequence of datetime
        When each night ended, in the nights' order.
    small_bytes : int
        A file below this size is small (``maintenance.small_file_mb``).
    """
    return [_stored(lake, table, ends, small_bytes) for table in stored_tables(lake)]


def _stored(lake: Folder, table: str, ends: Sequence[datetime], small_bytes: int) -> Stored:
    folder = lake.joinpath(*table.split("."))
    delta = opened(folder, table)
    parts = partitions(delta).values()
    total, files = sum(file.size for part in parts for file in part), sum(map(len, parts))
    joined = [len(found) for part in parts if (found := small(part, small_bytes))]
    return Stored(
        table,
        total,
        files,
        sum(joined),
        sum(joined) - len(joined),
        _on_disk(folder),
        int(delta.version()) + 1,
        _history(folder / "_delta_log", (total, files), ends),
    )


def _history(
    log: Folder, now: tuple[int, int], ends: Sequence[datetime]
) -> tuple[tuple[int, int] | None, ...]:
    """Return bytes and files at each of these times."""
    if not ends:
        return ()
    paths = sorted((p for p in log.glob("*.json") if p.stem.isdigit()), reverse=True)
    commits = _commits(paths, min(ends))
    reaches = bool(paths) and int(paths[-1].stem) == 0
    oldest = commits[-1].at if commits else None
    found: list[tuple[int, int] | None] = []
    for end in (end + RECORDING for end in ends):
        later = [commit for commit in commits if commit.at > end]
        if oldest is not None and end < oldest and not reaches:
            found.append(None)
            continue
        found.append((now[0] - sum(c.bytes for c in later), now[1] - sum(c.files for c in later)))
    return tuple(found)


def _commits(newest_first: Sequence[Folder], since: datetime) -> list[Commit]:
    """Read commits back to the last one that is not after a time."""
    read: list[tuple[datetime, list[dict[str, Any]]]] = []
    for path in newest_first:
        actions = list(_actions(path))
        read.append((_time(actions, path), actions))
        if read[-1][0] <= since:
            break
    sizes = {
        action["add"]["path"]: int(action["add"]["size"])
        for _, actions in read
        for action in actions
        if "add" in action
    }
    return [_commit(at, actions, sizes) for at, actions in read]


def _commit(at: datetime, actions: Sequence[dict[str, Any]], sizes: dict[str, int]) -> Commit:
    added = [int(action["add"]["size"]) for action in actions if "add" in action]
    gone = [action["remove"] for action in actions if "remove" in action]
    # The size of a removed file is optional in a log; the record that added it has it.
    removed = sum(int(g.get("size") or sizes.get(g["path"], 0)) for g in gone)
    return Commit(at, sum(added) - removed, len(added) - len(gone))


def _actions(path: Folder) -> Iterator[dict[str, Any]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith(_ACTIONS):
            yield json.loads(line)


def _time(actions: Sequence[dict[str, Any]], path: Folder) -> datetime:
    for action in actions:
        stamp = action.get("commitInfo", {}).get("timestamp")
        if stamp is not None:
            return datetime.fromtimestamp(stamp / 1000, UTC)
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _on_disk(folder: Folder) -> int:
    if isinstance(folder, StoreFolder):
        return sum(stat.st_size for _, stat in folder.objects())
    size = 0
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            size += _on_disk(Path(entry.path))
        else:
            size += entry.stat(follow_symlinks=False).st_size
    return size
