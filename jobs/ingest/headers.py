"""Headers: a file's columns, read on its own, and what keeps it from being read at all."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import os
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from jobs.ingest.catalogue import Feed
from jobs.ingest.parts import Format

if TYPE_CHECKING:
    import pyarrow as pa

CHUNK = 1 << 20
_UNICODE = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "ascii")


class FileRefusedError(ValueError):
    """A file cannot be read as a whole; the message says why."""


def columns_of(path: Path, feed: Feed) -> tuple[tuple[str, ...], tuple[str, ...], bool]:
    """Return a file's columns, their types where it has any, and whether it holds nothing at all.

    Raises
    ------
    FileRefusedError
        It cannot be read as a whole.
    """
    if feed.format is None:
        raise FileRefusedError("the feed has no format")
    if feed.format.type == "parquet":
        schema = _parquet_schema(path)
        _no_name_twice(schema.names)
        return tuple(schema.names), tuple(map(str, schema.types)), False
    head = _read_whole(path)
    if not _without_mark(head).strip():
        return (), (), True
    return _text_header(head, feed, feed.format), (), False


def _without_mark(head: bytes) -> bytes:
    """Leave out a byte order mark, which is all that Excel writes of a table without cells."""
    for mark in (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        if head.startswith(mark):
            return head.removeprefix(mark)
    return head


def _text_header(head: bytes, feed: Feed, form: Format) -> tuple[str, ...]:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) and "16" not in form.encoding:
        raise FileRefusedError(
            f"wrong encoding: the file is UTF-16, the catalogue says {form.encoding}"
        )
    if codecs.lookup(form.encoding).name not in _UNICODE and _is_utf8(head):
        raise FileRefusedError(
            f"wrong encoding: the file is UTF-8, the catalogue says {form.encoding}"
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
            f"no header: none of the columns {', '.join(missing)} stands in the first line; "
            f"has it another delimiter than {form.delimiter!r}?"
        )
    _no_name_twice(header)
    return header


def _is_utf8(head: bytes) -> bool:
    """Whether a text has letters beyond ASCII and all of them are written as UTF-8 writes them.

    In a code page of one byte a letter, such pairs are no words: `Ã¤` for `ä`.
    """
    if head.isascii():
        return False
    try:
        # A letter may be cut at the end of what was read.
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return True


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
    while chunk := file.read(CHUNK):
        yield chunk


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
