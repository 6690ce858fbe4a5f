"""Landing: which files are there, which are new, and what is wrong with a file as a whole."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from jobs.ingest.catalogue import Feed, Format, Source

if TYPE_CHECKING:
    import pyarrow as pa

_CHUNK = 1 << 20


class FileRefusedError(ValueError):
    """A file cannot be read as a whole; the message says why."""


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
    """

    path: Path
    name: str
    known_from: date
    bytes: int
    modified_at: datetime
    fault: str | None = None


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


def landing_folder(source: Source, home: Path, data: str | None, named: str | None) -> Path:
    """Return the folder where a source's files lie.

    Parameters
    ----------
    source : Source
        Its ``landing`` may hold ``{home}`` and ``{data}``.
    home : Path
        Stands for ``{home}``.
    data : str or None
        Stands for ``{data}``.
    named : str or None
        A folder the user named, which wins.

    Raises
    ------
    FileRefusedError
        ``{data}`` is wanted but not named.
    """
    if named:
        return Path(named)
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
            found.append(Landed(path, name, day or until, stat.st_size, modified, fault))
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
        while chunk := file.read(_CHUNK):
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


def _looked_into(landed: Landed, feed: Feed, file_id: str, generation: int) -> Inspected:
    try:
        if landed.fault:
            raise FileRefusedError(landed.fault)
        header, types, blank = _columns(landed.path, feed)
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


def _columns(path: Path, feed: Feed) -> tuple[tuple[str, ...], tuple[str, ...], bool]:
    """Return a file's columns, their types, and whether it holds nothing at all."""
    if feed.format is None:
        raise FileRefusedError("the feed has no format")
    if feed.format.type == "parquet":
        schema = _parquet_schema(path)
        _no_name_twice(schema.names)
        return tuple(schema.names), tuple(map(str, schema.types)), False
    head = _read_whole(path)
    if not head.strip():
        return (), (), True
    return _text_header(head, feed, feed.format), (), False


def _text_header(head: bytes, feed: Feed, form: Format) -> tuple[str, ...]:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) and "16" not in form.encoding:
        raise FileRefusedError(
            f"wrong encoding: the file is UTF-16, the catalogue says {form.encoding}"
        )
    if form.type == "jsonl":
        return _json_columns(head)
    text = io.StringIO(head.decode(form.encoding, errors="replace").removeprefix("\ufeff"))
    rows = csv.reader(text, delimiter=form.delimiter, quotechar=form.quote)
    try:
        header = tuple(name.strip() for name in next(rows))
    except csv.Error as error:
        raise FileRefusedError(f"no header: the first line is not CSV: {error}") from None
    missing = [c for c in feed.required_fields if c not in header]
    if missing and len(missing) == len(feed.required_fields):
        raise FileRefusedError(
            f"no header: none of the columns {', '.join(missing)} stands in the first line"
        )
    _no_name_twice(header)
    return header


def _no_name_twice(header: Sequence[str]) -> None:
    """Refuse a header of which Spark could not tell two columns apart: letter case aside."""
    first: dict[str, int] = {}
    for place, name in enumerate(header, start=1):
        other = first.setdefault(name.casefold(), place)
        if other != place:
            # By their places: without a header the first line is somebody's.
            raise FileRefusedError(
                f"a column stands twice in the header: the names of columns {other} and {place} "
                "are the same"
            )


def _json_columns(head: bytes) -> tuple[str, ...]:
    """Names that the objects at the beginning of a file have; a cut or broken line has none."""
    names: set[str] = set()
    for line in head.splitlines():
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict):
            names.update(found)
    return tuple(sorted(names))


def _read_whole(path: Path) -> bytes:
    """Return the beginning of a file's text, having read all of it where it is compressed.

    Only reading a gzip to its end tells whether it is whole.
    """
    head = b""
    try:
        with _opened(path) as file:
            for chunk in _chunks(file):
                head = head or chunk
                if path.suffix != ".gz":
                    break
    except EOFError:
        raise FileRefusedError("truncated gzip: the file ends before its content does") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise FileRefusedError(f"broken gzip: {error}") from None
    return head


def _opened(path: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb"))


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK):
        yield chunk


def unpacked(files: Sequence[Inspected], feed: Feed, folder: Path) -> list[Inspected]:
    """Unpack Parquet files that came as gzip, which Spark reads of text only, into a folder."""
    if feed.format is None or feed.format.type != "parquet":
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


def _parquet_schema(path: Path) -> pa.Schema:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if os.path.getsize(path) == 0:
        raise FileRefusedError("empty: no bytes, where Parquet always has a footer")
    if path.suffix == ".gz":
        _read_whole(path)
    try:
        with _opened(path) as file:
            return pq.read_schema(file)
    except (pa.ArrowException, OSError) as error:
        raise FileRefusedError(f"not readable as Parquet: {error}") from None
