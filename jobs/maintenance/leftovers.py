"""Leftovers: exports and logs that are older than anybody asks for."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path

from jobs.publish.pointer import export_folder


def old_exports(home: Path, day: date | None, days: int) -> list[Path]:
    """Return export folders of nights that are as old as ``days``, or older.

    Parameters
    ----------
    home : Path
        Folder of all data.
    day : date or None
        The night from which ages are counted; None leaves everything.
    days : int
        Nights that are kept. The night that is shown is among them, and what ``latest`` leads to
        stays, whichever it is.
    """
    folder = export_folder(home)
    if day is None or not folder.is_dir():
        return []
    latest = (folder / "latest").resolve()
    # What a removal that was killed had put out of sight already.
    hidden = sorted(folder.glob(".*.old"))
    return hidden + sorted(
        path
        for path in folder.iterdir()
        if (night := _night(path)) is not None
        and night <= day - timedelta(days=days)
        and path.resolve() != latest
    )


def old_logs(home: Path, now: datetime, days: int) -> list[Path]:
    """Return log files, those of Airflow's tasks too, that were last written ``days`` ago."""
    until = (now - timedelta(days=days)).timestamp()
    files = [*(home / "logs").glob("*"), *(home / "airflow" / "logs").rglob("*")]
    # A link, as Airflow's `latest`, has no age of its own.
    return sorted(
        path
        for path in files
        if path.is_file() and not path.is_symlink() and path.stat().st_mtime < until
    )


def remove_exports(folders: Iterable[Path]) -> None:
    """Remove export folders, each out of the readers' sight first, in one step."""
    for folder in folders:
        hidden = folder
        if not folder.name.startswith("."):
            hidden = folder.with_name(f".{folder.name}.old")
            os.replace(folder, hidden)
        shutil.rmtree(hidden)


def remove_logs(files: Iterable[Path]) -> None:
    """Remove log files, and folders that are empty then."""
    for file in files:
        file.unlink(missing_ok=True)
        with suppress(OSError):
            # Not empty yet, for most files.
            os.removedirs(file.parent)


def extent(paths: Iterable[Path]) -> tuple[int, int]:
    """Return how many files there are in some folders, or among files, and their bytes."""
    files = [f for path in paths for f in ([path] if path.is_file() else path.rglob("*"))]
    sizes = [file.stat().st_size for file in files if file.is_file()]
    return len(sizes), sum(sizes)


def _night(folder: Path) -> date | None:
    try:
        return date.fromisoformat(folder.name)
    except ValueError:
        return None
