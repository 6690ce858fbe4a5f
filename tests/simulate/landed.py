"""A simulated world on disk, read with plain Python."""

import csv
import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from jobs.simulate.settings import SimulateSettings


@dataclass(frozen=True)
class Landed:
    """The settings of a world and where it lies."""

    settings: SimulateSettings
    landing: Path
    truth: Path

    def lines(self, file: str) -> Iterator[tuple[str, str]]:
        """Yield folder and line, headers too."""
        for path in sorted(self.landing.glob(f"*/{file}")):
            content = path.read_bytes()
            text = (gzip.decompress(content) if file.endswith(".gz") else content).decode()
            for line in text.splitlines():
                yield path.parent.name, line

    def csv_rows(self, file: str, separator: str = ",") -> list[dict[str, str]]:
        """Return the rows with as many fields as the header."""
        lines = list(self.lines(file))
        header = lines[0][1].split(separator)
        parsed = csv.reader((line for _, line in lines), delimiter=separator)
        return [
            dict(zip(header, row, strict=True))
            for row in parsed
            if len(row) == len(header) and row != header
        ]

    def json_rows(self, file: str) -> list[dict[str, Any]]:
        """Return the lines that are whole."""
        rows = []
        for _, line in self.lines(file):
            try:
                rows.append(json.loads(line))
            except json.JSONDecodeError:
                continue
        return rows

    def true(self, table: str) -> list[dict[str, Any]]:
        """Return the rows of a table of the truth."""
        rows: list[dict[str, Any]] = pq.read_table(self.truth / f"{table}.parquet").to_pylist()
        return rows
