"""Time that passes for a table: its log and its files are set back by days."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

_TIMES = ("timestamp", "deletionTimestamp", "modificationTime", "inCommitTimestamp")


def age(folder: Path, days: int) -> None:
    """Let all that happened to a table have happened some days earlier."""
    for commit in (folder / "_delta_log").glob("*.json"):
        actions = [_set_back(json.loads(line), days) for line in commit.read_text().splitlines()]
        commit.write_text("".join(f"{json.dumps(action)}\n" for action in actions))
    for path in folder.rglob("*"):
        then = path.stat().st_mtime - days * 86_400
        os.utime(path, (then, then))


def _set_back(action: dict[str, Any], days: int) -> dict[str, Any]:
    for part in action.values():
        part |= {name: part[name] - days * 86_400_000 for name in _TIMES if name in part}
    return action
