"""A lake as release 0.1 leaves it, packed: what an upgrade must open.

Made once, with the contracts of that release, by ``python -m tests.lake.old_lake``; the rows are
those of `tests/cli/small_lake.py`. It has no note and no ledger of migrations, which 0.1 had not,
and Spark has written one table of it, as a night does.
"""

from __future__ import annotations

import io
import tarfile
import tempfile
from pathlib import Path

from jobs.lake.session import open_session
from jobs.lake.settings import SparkSettings
from jobs.lake.store import Lake
from jobs.lake.tables import TABLES
from jobs.lake.tables.migrations import MIGRATIONS_RUN
from jobs.lake.tables.silver import FEEDBACK
from tests.cli.small_lake import ROWS
from tests.rows import rows

PACKED = Path(__file__).with_name("lake-0.1.tar.gz")


def unpacked(folder: Path) -> Lake:
    """Return the lake, laid out below a folder."""
    with tarfile.open(PACKED) as archive:
        archive.extractall(folder, filter="data")
    return Lake(folder / "lake")


def make(root: Path) -> None:
    """Make the lake anew, and pack it."""
    lake = Lake(root / "lake", open_session(SparkSettings(master="local[1]")))
    for table in TABLES.values():
        if table == MIGRATIONS_RUN:
            continue
        lake.ensure(table)
        if table == FEEDBACK:
            lake.merge(table, rows(lake.spark, table, ROWS[table.id]), unit="nightly:2026-08-29")
        else:
            lake.append_rows(table, ROWS.get(table.id, []))
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=9) as archive:
        archive.add(lake.root, "lake", filter=_plain)
    PACKED.write_bytes(packed.getvalue())


def _plain(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """Leave out checksums and whose files they were."""
    if entry.name.endswith(".crc"):
        return None
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder))
