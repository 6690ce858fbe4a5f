"""Folders: where tables lie, on disk or in an object store, looked at in the same words.

The address of a store, its region and the keys are variables that each of the three who read it
knows by itself: ``deltalake``, PyArrow and Spark's connector (``AWS_ENDPOINT_URL``, ``AWS_REGION``,
``AWS_ACCESS_KEY_ID``, ``AWS_SECRET_ACCESS_KEY``, or a machine's role).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any, TypeAlias

from jobs.lake.settings import home, settings

SCHEME = "s3a:"


@dataclass(frozen=True)
class Stat:
    """Size (bytes) and time of the last change (seconds since 1970) of an object."""

    st_size: int
    st_mtime: float


class StoreFolder(PurePosixPath):
    """A folder or an object of an S3-compatible store, ``s3a://bucket/…``.

    It has those methods of a path that the lake needs, and no others: what cannot be done in a
    store, as a rename in one step, fails here and touches no disk.
    """

    def __str__(self) -> str:
        """Return the address, as Spark and ``deltalake`` take it."""
        return f"{SCHEME}//{self._key}"

    @property
    def _key(self) -> str:
        return "/".join(self.parts[1:])

    @property
    def _store(self) -> Any:
        return _store(self.parts[1])

    def exists(self) -> bool:
        """Whether an object is there, or something below it."""
        return self._kind() != "NotFound"

    def is_dir(self) -> bool:
        """Whether something lies below it."""
        return self._kind() == "Directory"

    def is_file(self) -> bool:
        """Whether it is an object."""
        return self._kind() == "File"

    def stat(self) -> Stat:
        """Return size and time of an object.

        Raises
        ------
        FileNotFoundError
            It is not there.
        """
        return _stat(self._info())

    def iterdir(self) -> Iterator[StoreFolder]:
        """Look at what lies in it."""
        yield from (path for path, _ in self._below(recursive=False))

    def glob(self, pattern: str) -> Iterator[StoreFolder]:
        """Find what lies below it by a pattern without ``**``."""
        first, _, rest = pattern.partition("/")
        for path in self.iterdir():
            if fnmatchcase(path.name, first):
                yield from path.glob(rest) if rest else [path]

    def rglob(self, pattern: str) -> Iterator[StoreFolder]:
        """Find objects by their name, at any depth."""
        yield from (path for path, _ in self.objects() if fnmatchcase(path.name, pattern))

    def objects(self) -> Iterator[tuple[StoreFolder, Stat]]:
        """Look at every object below it, in one listing."""
        for path, info in self._below(recursive=True):
            if info.type.name == "File":
                yield path, _stat(info)

    def read_bytes(self) -> bytes:
        """Return an object's content."""
        with self._store.open_input_stream(self._key) as stream:
            content: bytes = stream.read()
        return content

    def read_text(self, encoding: str = "utf-8") -> str:
        """Return an object's content as text."""
        return self.read_bytes().decode(encoding)

    def write_text(self, text: str, encoding: str = "utf-8") -> None:
        """Put an object there, whole or not at all."""
        with self._store.open_output_stream(self._key) as stream:
            stream.write(text.encode(encoding))

    def unlink(self, missing_ok: bool = False) -> None:
        """Remove an object."""
        if missing_ok and not self.is_file():
            return
        self._store.delete_file(self._key)

    def _kind(self) -> str:
        return str(self._info().type.name)

    def _info(self) -> Any:
        return self._store.get_file_info(self._key)

    def _below(self, *, recursive: bool) -> Iterator[tuple[StoreFolder, Any]]:
        from pyarrow.fs import FileSelector

        wanted = FileSelector(self._key, recursive=recursive, allow_not_found=True)
        for info in self._store.get_file_info(wanted):
            yield StoreFolder(f"{SCHEME}//{info.path}"), info


Folder: TypeAlias = Path | StoreFolder


def lake_root(at: Path | None = None) -> Folder:
    """Return the folder of the lake: ``lake.root``, or ``lake/`` below a home."""
    named = settings().lake.root
    return StoreFolder(named) if named else (at or home()) / "lake"


def home_of(root: Folder) -> Path:
    """Return the home whose lake that is."""
    return root.parent if isinstance(root, Path) else home()


def on_disk(root: Folder) -> Path:
    """Return where files of this machine about a lake lie, such as its lock."""
    return root if isinstance(root, Path) else home() / "lake"


def absent(folder: Folder, paths: Iterable[str]) -> list[str]:
    """Return those of a table's paths that lead to no file."""
    if isinstance(folder, Path):
        return [path for path in paths if not os.path.exists(path)]
    there = {str(path) for path, _ in folder.objects()}
    return [path for path in paths if path not in there]


@cache
def _store(bucket: str) -> Any:
    from pyarrow.fs import FileSystem

    # Made of an address, it looks for the store's own where the environment names it.
    return FileSystem.from_uri(f"s3://{bucket}/")[0]


def _stat(info: Any) -> Stat:
    if info.type.name == "NotFound":
        raise FileNotFoundError(f"{SCHEME}//{info.path}")
    return Stat(info.size or 0, info.mtime.timestamp() if info.mtime else 0.0)
