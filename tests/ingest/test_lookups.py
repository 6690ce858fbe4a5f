"""Lookups: small files, read whole, whose rows each have a key of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobs.ingest.lookups import LARGEST, read_lookup
from jobs.lake.errors import DataError


def test_a_file_of_the_largest_size_is_read_and_one_byte_more_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "campaigns.csv"
    text = "campaign,type\nc1,A\n"
    path.write_text(text + "\n" * (LARGEST - len(text)))
    assert list(read_lookup(path, "campaign")) == ["c1"]
    path.write_text(text + "\n" * (LARGEST - len(text) + 1))
    with pytest.raises(DataError, match=r"campaigns\.csv: 4\.0 MB, where at most 4 MB are"):
        read_lookup(path, "campaign")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"campaigns\.csv: No such file"):
        read_lookup(tmp_path / "campaigns.csv", "campaign")
