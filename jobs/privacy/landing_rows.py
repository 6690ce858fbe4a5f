"""Erasure in the landing: records of a person are blanked in the files that sources sent.

A record keeps its place, so that the lines of the others stay what the tables say. The ledger is
told of the file's new size and time, and so knows it for the content that it was.
"""

from __future__ import annotations

import csv
import gzip
import io
import os
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

from jobs.ingest.parts import Format
from jobs.lake.errors import BespokeError
from jobs.privacy.search import stands_alone


class BlankingError(BespokeError):
    """A file of the landing cannot be written anew."""


def blank(path: Path, form: Format, lines: Collection[int]) -> int:
    """Blank records of a file, in one step; return how many there were.

    Parameters
    ----------
    path : Path
        The file; packed if its name ends with ``.gz``.
    form : Format
        How it is written.
    lines : collection of int
        Numbers of the records, as tables have them: a CSV file's header is record 1, as is the
        first row of Parquet's and the first line of JSON Lines.

    Raises
    ------
    BlankingError
        It cannot be read as its format says.
    """
    gone = frozenset(lines)
    return _changed(path, form, lambda plain: _BLANKED[form.type](plain, form, gone))


def holding(path: Path, form: Format, values: Sequence[str]) -> list[int]:
    """Return the numbers of the records of a text file that hold one of some values.

    Raises
    ------
    BlankingError
        It cannot be read as its format says.
    """
    found: set[int] = set()

    def look(plain: bytes) -> tuple[bytes, int]:
        found.update(number for number, raw in _texts(plain, form) if _holds(raw, values))
        return plain, 0

    if form.type != "parquet":
        _changed(path, form, look)
    return sorted(found)


def redact(
    path: Path, form: Format, lines: Collection[int], values: Sequence[str], instead: str
) -> int:
    """Put something else in the place of lines of records that hold a value; return how many.

    For what could not be taken apart, and may hold records of others: their lines stay.

    Raises
    ------
    BlankingError
        It cannot be read as its format says.
    """

    def change(plain: bytes) -> tuple[bytes, int]:
        out, count, wanted = [], 0, frozenset(lines)
        for number, raw in _texts(plain, form):
            for line in io.StringIO(raw, newline=""):
                gone = number in wanted and _holds(line, values)
                count += gone
                out.append(instead + line[len(line.rstrip("\r\n")) :] if gone else line)
        return "".join(out).encode(_encoding(form), errors="surrogateescape"), count

    return 0 if form.type == "parquet" else _changed(path, form, change)


def _changed(path: Path, form: Format, change: Callable[[bytes], tuple[bytes, int]]) -> int:
    """Write what becomes of a file's content in its place, in one step, if anything changes."""
    content = path.read_bytes()
    packed = path.suffix == ".gz"
    try:
        done, count = change(gzip.decompress(content) if packed else content)
    except (OSError, EOFError, ValueError, KeyError, csv.Error) as error:
        raise BlankingError(
            f"{path}: cannot be read as {form.type}: {type(error).__name__}; nothing was changed"
        ) from None
    if not count:
        return 0
    # Of one content there is one packed form: a second time changes nothing.
    written = gzip.compress(done, mtime=0) if packed else done
    scratch = path.with_name(f".{path.name}.part")
    stat = path.stat()
    with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(written)
        file.flush()
        os.fsync(file.fileno())
    os.chmod(scratch, stat.st_mode & 0o7777)
    os.utime(scratch, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    os.replace(scratch, path)
    return count


def _holds(text: str, values: Sequence[str]) -> bool:
    """Whether a text has one of some values, and not only as part of a longer one."""
    content = text.encode(errors="surrogateescape")
    for value in values:
        wanted = value.encode()
        start = content.find(wanted)
        while start >= 0:
            end = start + len(wanted)
            if stands_alone(wanted, content[max(0, start - 1) : start], content[end : end + 2]):
                return True
            start = content.find(wanted, start + 1)
    return False


def _encoding(form: Format) -> str:
    return "utf-8" if form.type == "jsonl" else form.encoding


def _texts(plain: bytes, form: Format) -> Iterator[tuple[int, str]]:
    """Give the records of a text file as they are written, with their numbers."""
    if form.type == "jsonl":
        for number, line in enumerate(plain.splitlines(keepends=True), start=1):
            yield number, line.decode("utf-8", errors="surrogateescape")
        return
    for number, raw, _ in _records(plain.decode(form.encoding), form):
        yield number, raw


def _records(text: str, form: Format) -> Iterator[tuple[int, str, list[str]]]:
    """Give a CSV file's records: number, as written, and taken apart. An empty line is none."""
    physical = _Remembered(io.StringIO(text, newline=""))
    number = 0
    for record in csv.reader(physical, delimiter=form.delimiter, quotechar=form.quote):
        number += bool(record)
        yield number, physical.taken(), record


def _csv(plain: bytes, form: Format, lines: frozenset[int]) -> tuple[bytes, int]:
    out, count, width = [], 0, 0
    for number, raw, record in _records(plain.decode(form.encoding), form):
        width = width or len(record)
        if number in lines and any(record):
            end = raw[len(raw.rstrip("\r\n")) :]
            out.append(form.delimiter * (width - 1) + end)
            count += 1
        else:
            out.append(raw)
    return "".join(out).encode(form.encoding), count


class _Remembered:
    """Lines, and those that were taken since it was last asked."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._taken: list[str] = []

    def __iter__(self) -> _Remembered:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self._taken.append(line)
        return line

    def taken(self) -> str:
        found, self._taken = "".join(self._taken), []
        return found


def _jsonl(plain: bytes, _: Format, lines: frozenset[int]) -> tuple[bytes, int]:
    out, count = [], 0
    for number, line in enumerate(plain.splitlines(keepends=True), start=1):
        if number in lines and line.strip() not in (b"", b"{}"):
            out.append(b"{}" + line[len(line.rstrip(b"\r\n")) :])
            count += 1
        else:
            out.append(line)
    return b"".join(out), count


def _parquet(plain: bytes, _: Format, lines: frozenset[int]) -> tuple[bytes, int]:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    table = pq.read_table(pa.BufferReader(plain))
    gone = pa.array([number in lines for number in range(1, table.num_rows + 1)], pa.bool_())
    columns = [pc.if_else(gone, pa.scalar(None, c.type), c) for c in table.columns]
    target = pa.BufferOutputStream()
    fields = [field.with_nullable(True) for field in table.schema]
    schema = pa.schema(fields, metadata=table.schema.metadata)
    pq.write_table(pa.Table.from_arrays(columns, schema=schema), target)
    return target.getvalue().to_pybytes(), int(pc.sum(gone).as_py() or 0)


_BLANKED: dict[str, Callable[[bytes, Format, frozenset[int]], tuple[bytes, int]]] = {
    "csv": _csv,
    "jsonl": _jsonl,
    "parquet": _parquet,
}
