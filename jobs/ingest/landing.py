"""Landing: which files are there, which are new, and what is wrong with a file as a whole."""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

from jobs.ingest.catalogue import Feed, Source, SourceSet
from jobs.ingest.headers import CHUNK, FileRefusedError, columns_of


@dataclass(frozen=True)
class Landed:
    """A file as it lies in the landing.

    Attributes
    ----------
    path : Path
        Where it lies.
    name : str
        Path below the landing.
    known_from : date
        Business day on which it reached us.
    bytes : int
        Size.
    modified_at : datetime
        Time of its last change (UTC).
    fault : str or None
        What is wrong with its path.
    dated : bool
        Whether its path names a day.
    """

    path: Path
    name: str
    known_from: date
    bytes: int
    modified_at: datetime
    fault: str | None = None
    dated: bool = True


@dataclass(frozen=True)
class Inspected:
    """A file that was read through once, on its own.

    Attributes
    ----------
    landed : Landed
        The file.
    file_id : str
        Hash of its path, content and generation.
    generation : int
        How many contents have stood under its path, this one included; one that comes back counts
        again.
    header : tuple of str
        Its columns; of JSON Lines those seen at its beginning.
    types : tuple of str
        Types of the columns of a Parquet file; those of other formats are text.
    empty : bool
        Whether it holds nothing at all.
    refused : str or None
        Why it cannot be read as a whole.
    new_columns, missing_columns : tuple of str
        Columns beside those of the catalogue, and columns that it lacks.
    """

    landed: Landed
    file_id: str
    generation: int
    header: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    empty: bool = False
    refused: str | None = None
    new_columns: tuple[str, ...] = field(default=())
    missing_columns: tuple[str, ...] = field(default=())


def landing_folder(sources: SourceSet, source: Source, home: Path, named: str | None) -> Path:
    """Return the folder where a source's files lie.

    Parameters
    ----------
    sources : SourceSet
        The set it belongs to.
    source : Source
        Its ``landing`` may hold ``{home}`` and ``{data}``, which is what BESPOKE_DATA names.
    home : Path
        Stands for ``{home}``.
    named : str or None
        A folder the user named, which wins: it is that of the main source.

    Raises
    ------
    FileRefusedError
        ``{data}`` is wanted but not named.
    """
    if named and source is sources.main:
        return Path(named)
    data = os.environ.get("BESPOKE_DATA")
    if "{data}" in source.landing and not data:
        raise FileRefusedError(
            f"set {source.set}: its files are not part of Bespoke; get them ({source.obtain}) and "
            "name the folder that holds them in BESPOKE_DATA"
        )
    return Path(source.landing.format(home=home, data=data))


def find_files(folder: Path, feed: Feed, until: date) -> list[Landed]:
    """Return the feed's files of ``until`` and before, by day and name.

    A file whose path names no day counts for ``until``: it reached us on the night that sees it.
    Half-written files (`.part`, `.tmp`, hidden ones) are left alone.
    """
    pattern = re.compile(feed.day)
    found = []
    for path in folder.glob(feed.path or ""):
        name = path.relative_to(folder).as_posix()
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if not path.is_file() or hidden or path.suffix in (".part", ".tmp"):
            continue
        day, fault = _day(pattern, name)
        if day is None or day <= until:
            stat = path.stat()
            modified = datetime.fromtimestamp(stat.st_mtime, UTC)
            named = day is not None or fault is not None
            found.append(Landed(path, name, day or until, stat.st_size, modified, fault, named))
    return sorted(found, key=lambda f: (f.known_from, f.name))


def _day(pattern: re.Pattern[str], name: str) -> tuple[date | None, str | None]:
    """Return the day that a path names, or what is wrong with it; neither where it names none."""
    match = pattern.search(name)
    if match is None:
        return None, None
    try:
        return date.fromisoformat(match["day"]), None
    except ValueError:
        return None, f"its path names a day that there is not: {match['day']}"


def last_day(folder: Path, feeds: list[Feed]) -> date | None:
    """Return the last day that a file's path names; None when no path names one."""
    days = []
    for feed in feeds:
        pattern = re.compile(feed.day)
        for path in folder.glob(feed.path or ""):
            day, _ = _day(pattern, path.relative_to(folder).as_posix())
            if day:
                days.append(day)
    return max(days, default=None)


def inspect(landed: Landed, feed: Feed, before: tuple[int, str] | None = None) -> Inspected:
    """Read a file through once: its content's hash, its header, whether it is whole.

    Parameters
    ----------
    landed : Landed
        The file.
    feed : Feed
        Says how it is written.
    before : tuple of int and str, optional
        Generation and id of the latest content that stood under its path.
    """
    digest = hashlib.sha256(landed.name.encode() + b"\0")
    with landed.path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)

    def file_id(generation: int) -> str:
        whole = digest.copy()
        whole.update(f"\0{generation}".encode())
        return whole.hexdigest()

    generation = 1
    if before is not None:
        latest, its_id = before
        generation = latest if file_id(latest) == its_id else latest + 1
    return _looked_into(landed, feed, file_id(generation), generation)


def holds_something(landed: Landed, feed: Feed) -> bool:
    """Whether a file can be read and is not empty; what is packed is unpacked for it."""
    found = _looked_into(landed, feed, "", 1)
    return not found.empty and found.refused is None


def _looked_into(landed: Landed, feed: Feed, file_id: str, generation: int) -> Inspected:
    try:
        if landed.fault:
            raise FileRefusedError(landed.fault)
        header, types, blank = columns_of(landed.path, feed)
    except FileRefusedError as error:
        return Inspected(landed, file_id, generation, refused=str(error))
    if blank:
        return Inspected(landed, file_id, generation, empty=True)
    new: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    if feed.fields and header:
        new = tuple(c for c in header if c not in feed.field_names)
        # A JSON object leaves out what it has no value for.
        if feed.format is not None and feed.format.type != "jsonl":
            missing = tuple(c for c in feed.field_names if c not in header)
    return Inspected(
        landed, file_id, generation, header, types, new_columns=new, missing_columns=missing
    )


def is_packed(feed: Feed, files: Sequence[Inspected]) -> bool:
    """Whether Parquet files are among them that came as gzip."""
    parquet = feed.format is not None and feed.format.type == "parquet"
    return parquet and any(file.landed.path.suffix == ".gz" for file in files)


def unpacked(files: Sequence[Inspected], feed: Feed, folder: Path) -> list[Inspected]:
    """Unpack Parquet files that came as gzip, which Spark reads of text only, into a folder."""
    if not is_packed(feed, files):
        return list(files)
    found = []
    for file in files:
        landed = file.landed
        if landed.path.suffix == ".gz":
            target = folder / f"{file.file_id}.parquet"
            with gzip.open(landed.path, "rb") as packed, target.open("wb") as plain:
                shutil.copyfileobj(packed, plain)
            landed = replace(landed, path=target)
        found.append(replace(file, landed=landed))
    return found
