"""Headers: what a file says of itself before a row of it is read."""

from __future__ import annotations

import codecs
import gzip
from pathlib import Path
from typing import Any

import pytest

from jobs.ingest.catalogue import Feed
from jobs.ingest.headers import FileRefusedError, columns_of
from tests.ingest.shop import SOURCE

FEEDS: dict[str, dict[str, Any]] = SOURCE["feeds"]  # type: ignore[assignment]


def feed(name: str) -> Feed:
    return Feed.model_validate(FEEDS[name])


@pytest.mark.parametrize("name", ["lines", "till", "clicks"])
@pytest.mark.parametrize(
    "content", [b"", b" \n", codecs.BOM_UTF8, codecs.BOM_UTF8 + b"\r\n", codecs.BOM_UTF16_LE]
)
def test_a_file_of_a_byte_order_mark_alone_is_empty(
    tmp_path: Path, name: str, content: bytes
) -> None:
    plain, packed = tmp_path / "lines.csv", tmp_path / "lines.csv.gz"
    plain.write_bytes(content)
    packed.write_bytes(gzip.compress(content))
    for path in (plain, packed):
        assert columns_of(path, feed(name)) == ((), (), True)


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    path = tmp_path / "lines.csv"
    path.write_bytes(codecs.BOM_UTF8 + b"order,line,at,who,sku,pieces,price,kind\n")
    header, _, empty = columns_of(path, feed("lines"))
    assert (header[0], empty) == ("order", False)


@pytest.mark.parametrize("cut", [0, 1])
def test_a_file_in_utf_8_is_not_read_as_one_of_a_code_page(tmp_path: Path, cut: int) -> None:
    """A feed of windows-1252 whose sender goes over to UTF-8 would have `Ã¤` in every name."""
    path = tmp_path / "till.csv"
    data = "bon;at;sku;text;pieces;price\n1;2026-03-02;P1;Krüge für Käse\n".encode()
    path.write_bytes(data + "ä".encode()[: 2 - cut] if cut else data)
    with pytest.raises(FileRefusedError, match="is UTF-8, the catalogue says windows-1252"):
        columns_of(path, feed("till"))
    path.write_bytes(data.decode().encode("cp1252"))
    assert columns_of(path, feed("till"))[0][3] == "text"
    path.write_bytes(b"bon;at;sku;text;pieces;price\n")
    assert columns_of(path, feed("till"))[0][3] == "text"


def test_another_delimiter_is_thought_of(tmp_path: Path) -> None:
    path = tmp_path / "till.csv"
    path.write_text("bon,at,sku,text,pieces,price\n")
    with pytest.raises(FileRefusedError, match="another delimiter than ';'"):
        columns_of(path, feed("till"))
