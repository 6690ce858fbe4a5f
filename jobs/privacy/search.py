"""Search of files for personal values, whatever they are written in.

Every file is read as it lies, and, where it is Parquet (checkpoints of Delta logs too), gzip, a zip
archive or an SQLite database, decoded as well. Values are looked for in several forms: as they are,
backwards, in base64 and hexadecimal, escaped, and hashed without a key.

All values and forms are looked for at once, by the automaton of Aho and Corasick (Communications of
the ACM 18, 1975, p. 333).
"""

from __future__ import annotations

import base64
import hashlib
import html
import io
import json
import mmap
import os
import re
import sqlite3
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from jobs.lake.errors import BespokeError

if TYPE_CHECKING:
    import pyarrow as pa
    from ahocorasick_rs import BytesAhoCorasick

SHORTEST = 5
"""Characters below which a value is found everywhere by chance, and not looked for."""
_DEEPEST = 4
"""Archives within archives that are opened."""
_CHUNK = 64 * 2**20
_WORD, _JOINT = re.compile(rb"[A-Za-z0-9]"), re.compile(rb"[._%+-]")
_DISTINCT = 16
"""Characters from which on a value with others joined to it still is that value: a person's id in
the name of a file."""


class SearchError(BespokeError):
    """A value cannot be looked for, or a file cannot be read."""


@dataclass(frozen=True)
class Hit:
    """A value that was found.

    Attributes
    ----------
    path : str
        The file.
    within : str
        Column, table or member of it; empty for the bytes as they lie.
    value : int
        Place of the value among those looked for.
    form : str
        The form it has there.
    """

    path: str
    within: str
    value: int
    form: str


class Search:
    """What is looked for.

    Parameters
    ----------
    values : sequence of str
        Personal values, tokens or ids.
    hashed : bool
        Whether hashes of them without a key are looked for too.
    whole : bool
        Whether a value counts only where it is not part of a longer number, name or address.

    Raises
    ------
    SearchError
        A value is shorter than ``SHORTEST``.
    """

    def __init__(self, values: Sequence[str], *, hashed: bool = True, whole: bool = False) -> None:
        from ahocorasick_rs import BytesAhoCorasick

        self.patterns: list[bytes] = []
        self._of: list[tuple[int, str]] = []
        self._whole = whole
        seen = set()
        for place, value in enumerate(values):
            if len(value) < SHORTEST:
                raise SearchError(
                    f"value {place + 1} has fewer than {SHORTEST} characters: it would be found "
                    "everywhere by chance"
                )
            for form, pattern in forms(value, hashed=hashed):
                if pattern not in seen:
                    seen.add(pattern)
                    self.patterns.append(pattern)
                    self._of.append((place, form))
        self._automaton: BytesAhoCorasick | None = (
            BytesAhoCorasick(self.patterns) if self.patterns else None
        )
        self._longest = max(map(len, self.patterns), default=1)

    def below(self, roots: Iterable[Path]) -> Iterator[Hit]:
        """Look through all files below folders, each found thing once; links are not followed."""
        for path in _files(roots):
            yield from self.file(path)

    def file(self, path: Path) -> Iterator[Hit]:
        """Look through one file; one that is gone meanwhile holds nothing.

        Raises
        ------
        SearchError
            It cannot be read.
        """
        try:
            with open(path, "rb") as file:
                if os.fstat(file.fileno()).st_size == 0:
                    return
                with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                    found = {*self._named(path), *self._opened(content, "", path, 0)}
        except FileNotFoundError:
            return
        except OSError as error:
            raise SearchError(f"{path} cannot be read: {error.strerror}") from None
        for within, place, form in sorted(found):
            yield Hit(str(path), within, place, form)

    def _named(self, path: Path) -> Iterator[tuple[str, int, str]]:
        for place, form in self._told(path.name.encode()):
            yield "its name", place, form

    def _opened(
        self, content: Any, within: str, path: Path, depth: int
    ) -> Iterator[tuple[str, int, str]]:
        """Look through bytes as they lie and, where they are of a known kind, decoded."""
        for place, form in self._in_bytes(content):
            yield within, place, form
        if depth == _DEEPEST:
            return
        head = bytes(content[:16])
        if head[:4] == b"PAR1":
            yield from self._in_parquet(content, within)
        elif head[:2] == b"\x1f\x8b":
            inside = _gunzipped(content)
            yield from self._opened(inside, f"{within}gzip ", path, depth + 1)
        elif head[:4] == b"PK\x03\x04":
            yield from self._in_zip(content, within, path, depth)
        elif head == b"SQLite format 3\x00" and not within:
            yield from self._in_sqlite(path, depth)

    def _in_bytes(self, content: Any) -> Iterator[tuple[int, str]]:
        size = len(content)
        with memoryview(content) as view:
            for start in range(0, size, _CHUNK):
                # Whatever begins before the end of a chunk is seen whole, and what is beside it.
                with view[
                    max(0, start - 1) : min(size, start + _CHUNK + self._longest + 2)
                ] as part:
                    found = self._told(part)
                yield from found

    def _told(self, content: Any) -> list[tuple[int, str]]:
        if self._automaton is None:
            return []
        matches = self._automaton.find_matches_as_indexes(content, overlapping=True)
        found = {p: None for p, start, end in matches if self._counts(content, p, start, end)}
        return [self._of[pattern] for pattern in found]

    def _counts(self, content: Any, pattern: int, start: int, end: int) -> bool:
        if not self._whole or self._of[pattern][1] != "plain":
            return True
        around = bytes(content[max(0, start - 1) : start]), bytes(content[end : end + 2])
        return stands_alone(self.patterns[pattern], *around)

    def _in_parquet(self, content: Any, within: str) -> Iterator[tuple[str, int, str]]:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            file = pq.ParquetFile(pa.BufferReader(pa.py_buffer(bytes(content))))
            for group in range(file.num_row_groups):
                table = file.read_row_group(group)
                for name, column in zip(table.column_names, table.columns, strict=True):
                    for leaf in (leaf for chunk in column.chunks for leaf in _leaves(chunk)):
                        for place, form in self._in_texts(leaf):
                            yield f"{within}column {name}", place, form
        except pa.ArrowException:
            # Broken off, or only called so: its bytes were looked through.
            return

    def _in_texts(self, texts: pa.Array) -> Iterator[tuple[int, str]]:
        """Look through texts that lie one after another; what spans two of them is not there."""
        import numpy as np

        if self._automaton is None or not len(texts):
            return
        _, offsets, data = texts.buffers()
        if data is None:
            return
        ends = np.frombuffer(offsets, np.int64)[texts.offset : texts.offset + len(texts) + 1]
        view = memoryview(data).cast("B")
        seen = set()
        for pattern, start, end in self._automaton.find_matches_as_indexes(view, overlapping=True):
            if pattern in seen or not ends[0] <= start or not end <= ends[-1]:
                continue
            row = int(np.searchsorted(ends, start, side="right"))
            begin = int(ends[row - 1])
            with view[begin : int(ends[row])] as text:
                counts = end <= ends[row] and self._counts(
                    text, pattern, start - begin, end - begin
                )
            if counts:
                seen.add(pattern)
                yield self._of[pattern]

    def _in_zip(
        self, content: Any, within: str, path: Path, depth: int
    ) -> Iterator[tuple[str, int, str]]:
        try:
            with zipfile.ZipFile(io.BytesIO(bytes(content))) as archive:
                for member in archive.infolist():
                    inside = archive.read(member)
                    if inside:
                        name = f"{within}{member.filename} "
                        yield from self._opened(inside, name, path, depth + 1)
        except (zipfile.BadZipFile, RuntimeError, zlib.error):
            return

    def _in_sqlite(self, path: Path, depth: int) -> Iterator[tuple[str, int, str]]:
        uri = f"file:{quote(str(path))}?mode=ro"
        try:
            with sqlite3.connect(uri, uri=True, timeout=30) as database:
                database.text_factory = bytes
                names = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
                for (name,) in names.fetchall():
                    table = name.decode().replace('"', '""')
                    for row in database.execute(f'SELECT * FROM "{table}"'):  # noqa: S608 - its own
                        for value in row:
                            if isinstance(value, bytes) and value:
                                within = f"table {name.decode()} "
                                yield from self._opened(value, within, path, depth + 1)
        except sqlite3.DatabaseError:
            return
        finally:
            if "database" in locals():
                database.close()


def stands_alone(value: bytes, before: bytes, after: bytes) -> bool:
    """Whether a value that was found is that value, and no part of a longer one.

    Parameters
    ----------
    value : bytes
        What was found.
    before, after : bytes
        What stands beside it: a character before, two after, as far as there are.
    """
    if _WORD.search(before) or _WORD.match(after):
        return False
    if b"@" not in value and len(value) >= _DISTINCT:
        return True
    # 17850 is not 17850-1, nor is ann@example.com mary.ann@example.com or ann@example.com.au.
    return not (_JOINT.search(before) or (_JOINT.match(after) and _WORD.match(after[1:])))


def forms(value: str, *, hashed: bool = True) -> Iterator[tuple[str, bytes]]:
    """Return the forms in which a value is looked for, each with its name.

    Parameters
    ----------
    value : str
        The value.
    hashed : bool
        Whether hashes of it are among them.
    """
    for written in dict.fromkeys((value, value.lower(), value.upper())):
        plain = written.encode()
        yield "plain", plain
        yield "reversed", written[::-1].encode()
        yield "UTF-16", written.encode("utf-16-le")
        yield "UTF-32", written.encode("utf-32-le")
        yield "hexadecimal", plain.hex().encode()
        for shift in range(3):
            yield "base64", _base64(plain, shift)
        yield "escaped", json.dumps(written)[1:-1].encode()
        yield "escaped", quote(written).encode()
        yield "escaped", quote(written, safe="").encode()
        yield "escaped", html.escape(written).encode()
        if hashed:
            for name in ("md5", "sha1", "sha256", "sha512"):
                digest = hashlib.new(name, plain, usedforsecurity=False).digest()
                yield f"{name} without a key", digest
                yield f"{name} without a key", digest.hex().encode()
                yield f"{name} without a key", base64.b64encode(digest).rstrip(b"=")


def _base64(plain: bytes, shift: int) -> bytes:
    """Return what base64 makes of a value that begins so many bytes after a group of three."""
    whole = base64.b64encode(b"\0" * shift + plain)
    # Characters that hold bits of what stands before or after it may be any.
    first = -(-shift * 8 // 6)
    last = (shift + len(plain)) * 8 // 6
    return whole[first:last]


def _files(roots: Iterable[Path]) -> Iterator[Path]:
    for root in roots:
        if root.is_file():
            yield root
            continue
        for folder, _, names in os.walk(root):
            for name in sorted(names):
                path = Path(folder, name)
                if path.is_file() and not path.is_symlink():
                    yield path


def _gunzipped(content: Any) -> bytes:
    """Unpack as much as there is of it, all members one after another."""
    found, rest = bytearray(), bytes(content)
    while rest[:2] == b"\x1f\x8b":
        unpacking = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            for start in range(0, len(rest), 2**16):
                found += unpacking.decompress(rest[start : start + 2**16])
                if unpacking.eof:
                    break
        except zlib.error:
            break
        rest = unpacking.unused_data + rest[start + 2**16 :] if unpacking.eof else b""
    return bytes(found)


def _leaves(array: pa.Array) -> Iterator[pa.Array]:
    """Return the texts that an array holds at any depth, each with 64-bit offsets."""
    import pyarrow as pa

    kind = array.type
    if pa.types.is_dictionary(kind):
        yield from _leaves(array.dictionary)
    elif pa.types.is_map(kind):
        yield from _leaves(array.keys)
        yield from _leaves(array.items)
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind):
        yield from _leaves(array.values)
    elif pa.types.is_struct(kind):
        for place in range(kind.num_fields):
            yield from _leaves(array.field(place))
    elif pa.types.is_string(kind) or pa.types.is_binary(kind) or pa.types.is_string_view(kind):
        yield array.cast(pa.large_binary())
    elif pa.types.is_large_string(kind) or pa.types.is_large_binary(kind):
        yield array
    elif pa.types.is_integer(kind):
        yield array.cast(pa.large_string())
