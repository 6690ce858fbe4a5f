"""The nightly export for email systems: a folder a night, whole or not there.

``recommendations.csv`` (RFC 4180, UTF-8) and ``recommendations.jsonl`` hold one row a recipient,
``manifest.json`` says what they are, ``_SUCCESS`` comes last. What stands in the rows follows from
the date and the data alone.

The files hold addresses in the clear, so only their owner and its group may read them, from the
first byte on, and none is left behind: what a killed run was writing goes with the next export of
any night.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
import stat
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jobs.lake import faults

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

PARTS = ("product_id", "name", "url", "price", "currency", "reason")
FILES = ("recommendations.csv", "recommendations.jsonl")
MANIFEST = "manifest.json"
SUCCESS = "_SUCCESS"
FOR_ALL = "popular"
"""The strategy whose lists are made of nobody's own behaviour."""
FOLDER_MODE, FILE_MODE = 0o750, 0o640
"""At most: a stricter umask of the process holds too."""


def export_rows(
    lists: DataFrame, products: DataFrame, recipients: DataFrame, *, length: int
) -> DataFrame:
    """Make one row a recipient, by person.

    Parameters
    ----------
    lists : DataFrame
        Rows of ``serving.recommendations`` of one night.
    products : DataFrame
        Rows of ``silver.products``.
    recipients : DataFrame
        ``person_id``, ``recipient``, ``impersonal``: the last is true of those who must not be
        shown what was made for them, and whose row is left out if it was.
    length : int
        Products a row.

    Returns
    -------
    DataFrame
        ``recipient`` as it came, ``person_id``, then ``rec_<i>_<part>`` for each product and part,
        all text.
    """
    from pyspark.sql import functions as F

    shown = products.select(
        "product_id", "name", "url", F.col("price").cast("decimal(18,2)").alias("price"), "currency"
    )
    priced = F.when(F.col("price").isNotNull(), F.col("price").cast("string"))
    refused = F.col("impersonal") & (F.col("strategy") != FOR_ALL)
    rows = (
        lists.where(F.col("rank") <= length)
        .join(recipients, "person_id")
        .join(F.broadcast(shown), "product_id", "left")
        .withColumn("price", priced)
        .groupBy("person_id")
        .agg(
            F.first("recipient").alias("recipient"),
            F.bool_or(refused).alias("refused"),
            F.map_from_entries(F.collect_list(F.struct("rank", F.struct(*PARTS)))).alias("recs"),
        )
        .where("refused IS NOT TRUE")
    )
    flat = [
        F.col("recs")[i][part].alias(f"rec_{i}_{part}")
        for i in range(1, length + 1)
        for part in PARTS
    ]
    return rows.select("recipient", "person_id", *flat).orderBy("person_id")


def write_export(
    folder: Path,
    night: date,
    columns: list[str],
    rows: Iterable[Any],
    manifest: Mapping[str, Any],
    leaving: Callable[[int], None] = lambda _: None,
) -> Path:
    """Write a night's files beside, then put them in their place.

    The folder of a night that is run again stays where it is, so that nothing that points to it
    ever points to nothing: where the rows are the same, only the manifest changes; else
    ``_SUCCESS`` is away while the files are changed for the new ones.

    Parameters
    ----------
    folder : Path
        ``exports/email``.
    night : date
        Names the folder.
    columns : list of str
        Of the rows, in order.
    rows : iterable
        Rows with the columns as items; taken one by one.
    manifest : mapping
        What the manifest says beside rows, columns and hashes.
    leaving : callable, optional
        Is told how many rows there are before anybody can read them.

    Returns
    -------
    Path
        The folder of the night.
    """
    _sweep(folder)
    scratch, place = folder / f".{night}.part", folder / night.isoformat()
    folder.mkdir(parents=True, exist_ok=True, mode=FOLDER_MODE)
    scratch.mkdir(mode=FOLDER_MODE)
    try:
        count = _write_rows(scratch, columns, rows)
        files = _measured(scratch)
        told = {"date": night.isoformat(), "rows": count, "columns": columns, "files": files}
        with open(scratch / MANIFEST, "w", encoding="utf-8", opener=_closed) as file:
            file.write(json.dumps(told | dict(manifest), indent=2) + "\n")
        leaving(count)
        _put(scratch, place)
    finally:
        shutil.rmtree(scratch)
    return place


def _put(scratch: Path, place: Path) -> None:
    """Move files into a night's folder; each of them is the old or the new one, and whole."""
    place.mkdir(exist_ok=True, mode=FOLDER_MODE)
    _close(place)
    if (place / SUCCESS).exists() and _measured(place) == _measured(scratch):
        os.replace(scratch / MANIFEST, place / MANIFEST)
        faults.committed(MANIFEST)
        return
    (place / SUCCESS).unlink(missing_ok=True)
    faults.committed(f"no {SUCCESS}")
    for name in (*FILES, MANIFEST):
        os.replace(scratch / name, place / name)
        faults.committed(name)
    (place / SUCCESS).touch(mode=FILE_MODE)
    faults.committed(SUCCESS)


def without(folder: Path, night: date, persons: Collection[str]) -> int:
    """Take persons out of a night's files; return how many rows went."""
    place = folder / night.isoformat()
    if not (place / SUCCESS).exists():
        # Of one that was broken off no reader has seen anything; it is written anew or removed.
        return 0
    with (place / FILES[1]).open(encoding="utf-8", newline="\n") as file:
        rows = [json.loads(line) for line in file]
    kept = [row for row in rows if row["person_id"] not in persons]
    if len(kept) < len(rows):
        manifest = json.loads((place / MANIFEST).read_text("utf-8"))
        more = {k: v for k, v in manifest.items() if k not in ("date", "rows", "columns", "files")}
        write_export(folder, night, manifest["columns"], kept, more)
    return len(rows) - len(kept)


def is_whole(folder: Path, night: date) -> bool:
    """Whether a night's files are there, are what its manifest says, and ``latest`` leads there."""
    place = folder / night.isoformat()
    try:
        told = json.loads((place / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return (
        (place / SUCCESS).exists()
        and _measured(place) == told.get("files")
        and (folder / "latest").resolve() == place.resolve()
    )


def open_to_all(folder: Path) -> list[Path]:
    """Return those folders below ``exports/email`` whose files every account may read."""
    if not folder.is_dir() or not _others_may(folder, stat.S_IXOTH):
        return []
    nights = (p for p in sorted(folder.iterdir()) if p.is_dir() and not p.is_symlink())
    return [
        night
        for night in nights
        if _others_may(night, stat.S_IXOTH)
        and any(
            _others_may(night / name, stat.S_IROTH) for name in FILES if (night / name).exists()
        )
    ]


def _close(place: Path) -> None:
    """Take from others what a release that let everybody read has given them."""
    for path in (place, *place.iterdir()):
        if _others_may(path, stat.S_IRWXO):
            path.chmod(stat.S_IMODE(path.stat().st_mode) & ~stat.S_IRWXO)


def _others_may(path: Path, bits: int) -> bool:
    return bool(path.stat().st_mode & bits)


def _closed(path: str, flags: int) -> int:
    """Open a file that others may not read; its mode stands before anything is in it."""
    return os.open(path, flags, FILE_MODE)


def _sweep(folder: Path) -> None:
    """Remove what killed runs left."""
    for left in (*folder.glob(".*.part"), *folder.glob(".*.old")):
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left)
        else:
            left.unlink()


def point_latest(folder: Path, night: date) -> None:
    """Let ``latest`` lead to a night's folder, in one step."""
    scratch = folder / ".latest.part"
    scratch.unlink(missing_ok=True)
    scratch.symlink_to(night.isoformat(), target_is_directory=True)
    os.replace(scratch, folder / "latest")
    faults.committed("latest")


def _write_rows(folder: Path, columns: list[str], rows: Iterable[Any]) -> int:
    count = 0
    with (
        open(folder / FILES[0], "w", encoding="utf-8", newline="", opener=_closed) as table,
        open(folder / FILES[1], "w", encoding="utf-8", newline="\n", opener=_closed) as lines,
    ):
        writer = csv.writer(table, lineterminator="\r\n")
        writer.writerow(columns)
        for row in rows:
            values = {c: row[c] for c in columns}
            writer.writerow(["" if v is None else v for v in values.values()])
            lines.write(json.dumps(values, ensure_ascii=False) + "\n")
            count += 1
    return count


def _measured(folder: Path) -> dict[str, dict[str, Any]]:
    """Hash and size of those of the files that are there."""
    return {
        name: {"sha256": _sha256(folder / name), "bytes": (folder / name).stat().st_size}
        for name in FILES
        if (folder / name).exists()
    }


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
