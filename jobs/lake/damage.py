"""Damage: a table whose Delta log cannot be read, said so that it can be mended."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from jobs.lake.errors import DataError, first_line
from jobs.lake.folders import Folder

if TYPE_CHECKING:
    from deltalake import DeltaTable

_ENTRY = re.compile(r"(\d{20})\.json")
_CHECKPOINT = re.compile(r"(\d{20})\.checkpoint.*\.parquet")


class DamagedError(DataError):
    """A table cannot be read; the message names the file at fault."""


def opened(folder: Folder, name: str, version: int | None = None) -> DeltaTable:
    """Open a Delta table.

    Parameters
    ----------
    folder : Path or StoreFolder
        Where it lies.
    name : str
        How a message calls it.
    version : int, optional
        Delta version; the latest by default.

    Raises
    ------
    DamagedError
        Its log is broken; the file at fault is named.
    """
    from deltalake import DeltaTable
    from deltalake.exceptions import DeltaError, TableNotFoundError

    try:
        found = DeltaTable(str(folder), version=version)
    except TableNotFoundError:
        raise
    except DeltaError as error:
        said = fault(folder) or first_line(error)
        raise DamagedError(_advice(name, said)) from None
    # An empty entry, as a machine that lost its power leaves, is read as a commit of nothing.
    last = folder / "_delta_log" / f"{found.version():020d}.json"
    if last.exists() and last.stat().st_size == 0:
        raise DamagedError(_advice(name, f"{last} is empty"))
    return found


def fault(folder: Folder) -> str | None:
    """Say which file of a table's log is at fault; None when the log is sound."""
    log = folder / "_delta_log"
    entries = _numbered(log, _ENTRY)
    checkpoints = _numbered(log, _CHECKPOINT)
    damaged = next((p for _, p in sorted(checkpoints.items()) if not _is_parquet(p)), None)
    if damaged is not None:
        return f"{damaged} is no Parquet file"
    if not entries and not checkpoints:
        return f"{log} holds no entry"
    first = max(checkpoints, default=-1) + 1
    needed = range(first, max(entries, default=-1) + 1)
    for number in needed:
        path = log / f"{number:020d}.json"
        if number not in entries:
            return f"{path} is missing"
        if not _is_json(path):
            return f"{path} is not whole"
    return None


def _advice(name: str, said: str) -> str:
    return (
        f"{name} cannot be read: {said}. Nothing has been written to it. Put the file back from a "
        "backup, or the whole table's folder; `bespoke doctor` looks at all tables"
    )


def _numbered(log: Folder, pattern: re.Pattern[str]) -> dict[int, Folder]:
    found: dict[int, Folder] = {}
    for path in log.glob("*"):
        if match := pattern.fullmatch(path.name):
            found[int(match[1])] = path
    return found


def _is_json(path: Folder) -> bool:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return bool(lines) and all(isinstance(json.loads(line), dict) for line in lines if line)
    except ValueError:
        return False


def _is_parquet(path: Folder) -> bool:
    content = path.read_bytes()
    return content[:4] == content[-4:] == b"PAR1"
