"""Where a gzipped Parquet file is unpacked: where those who read it can see it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from jobs.ingest.bronze import UNPACKED, workplace
from jobs.ingest.landing import Inspected, Landed, find_files
from jobs.lake import scratch

CLUSTER = "spark://host:7077"


def feed(kind: str) -> Any:
    return SimpleNamespace(
        format=SimpleNamespace(type=kind), path="*/*", day=r"(?P<day>\d{4}-\d{2}-\d{2})"
    )


def came(folder: Path, name: str) -> list[Inspected]:
    path = folder / "2026-03-02" / name
    path.parent.mkdir(exist_ok=True)
    path.touch()
    day, now = date(2026, 3, 2), datetime(2026, 3, 2, tzinfo=UTC)
    return [Inspected(Landed(path, f"2026-03-02/{name}", day, 1, now), "id", 1)]


def test_on_a_cluster_it_is_beside_the_file(home: Path, tmp_path: Path) -> None:
    files = came(tmp_path, "lines.parquet.gz")
    assert workplace(CLUSTER, feed("parquet"), files) == tmp_path / "2026-03-02"
    assert workplace("local[*]", feed("parquet"), files) == scratch.folder()


@pytest.mark.parametrize(("kind", "name"), [("parquet", "lines.parquet"), ("csv", "lines.csv.gz")])
def test_what_spark_reads_as_it_is_leaves_the_landing_alone(
    kind: str, name: str, home: Path, tmp_path: Path
) -> None:
    assert workplace(CLUSTER, feed(kind), came(tmp_path, name)) == scratch.folder()


def test_what_a_killed_run_left_is_no_file_that_came_and_goes(home: Path, tmp_path: Path) -> None:
    files = came(tmp_path, "lines.parquet.gz")
    left = tmp_path / "2026-03-02" / f"{UNPACKED}x"
    left.mkdir()
    (left / "lines.parquet").touch()
    (tmp_path / f"{UNPACKED}y").touch()
    found = find_files(tmp_path, feed("parquet"), date(2026, 3, 2))
    assert [f.name for f in found] == ["2026-03-02/lines.parquet.gz"]
    workplace(CLUSTER, feed("parquet"), files)
    assert not left.exists()
