"""Headers: what a file says of itself before a row of it is read."""

from __future__ import annotations

import codecs
import gzip
from pathlib import Path
from typing import Any

import pytest

from jobs.ingest.catalogue import Feed
from jobs.ingest.headers import columns_of
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
