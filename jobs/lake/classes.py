"""The JVM's class-data archive: what one session loads, the next one finds parsed.

A short run spends a quarter of its time loading and verifying the same twenty thousand classes.
The JVM can write them down as it exits (JEP 350) and map them into memory when it starts. The first
session of an environment makes the archive, all later ones use it; where it does not fit the JVM
or its jars any more, the JVM itself passes it over.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

UNFINISHED = b"\0\0\0\0"
"""How an archive begins until it is whole: the JVM writes its header last."""


def folder() -> Path:
    """Folder of the archives, inside the Python environment."""
    return Path(sys.prefix) / "share" / "bespoke" / "classes"


def java_options(classpath: Sequence[Path]) -> str:
    """Return the JVM options that use the archive, or make it where there is none.

    Parameters
    ----------
    classpath : sequence of Path
        The jars beside Spark's own.

    Returns
    -------
    str
        To be put after other options; empty where no archive can be kept.
    """
    java = _java()
    if java is None:
        return ""
    archive = folder() / f"{_name(java, classpath)}.jsa"
    writable = _writable()
    if writable:
        _adopt(archive)
    # Else the JVM tells of every class that it cannot keep, on the user's screen.
    quiet = "-Xlog:disable -Xlog:all=error:stderr"
    if archive.exists():
        return f' "-XX:SharedArchiveFile={archive}" {quiet}'
    if writable:
        return f' "-XX:ArchiveClassesAtExit={archive}.{os.getpid()}" {quiet}'
    return ""


def _java() -> Path | None:
    """Return the ``java`` that PySpark will start."""
    home = os.environ.get("JAVA_HOME")
    found = f"{home}/bin/java" if home else shutil.which("java")
    return Path(found).resolve() if found and Path(found).exists() else None


def _writable() -> bool:
    try:
        folder().mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder(), os.W_OK)


def _name(java: Path, classpath: Sequence[Path]) -> str:
    """Name an archive by what it holds for: this Java, this Spark, these jars."""
    parts = [str(java), str(java.stat().st_mtime_ns), version("pyspark"), *map(str, classpath)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _adopt(archive: Path) -> None:
    """Give an archive that an earlier session has finished its name; others stay until then."""
    for made in sorted(archive.parent.glob(f"{archive.name}.*")):
        # Another process that starts in the same moment may have done it.
        with suppress(FileNotFoundError):
            with made.open("rb") as file:
                begins = file.read(len(UNFINISHED))
            if begins not in (b"", UNFINISHED) and not archive.exists():
                made.replace(archive)
            elif archive.exists():
                made.unlink()
