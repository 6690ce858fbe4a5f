"""The ledger of files (``ops.files``): what was seen, planned and ingested.

A batch is written down as planned before its rows are: a run that is killed leaves a plan that the
next one finds, and either finishes (bronze has the rows) or makes anew (it has not).
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from jobs.ingest.landing import Inspected, Landed
from jobs.lake.store import Lake
from jobs.lake.tables.ops import FILES


@dataclass(frozen=True)
class LedgerFile:
    """The latest that the ledger knows of one content of one file."""

    file: str
    file_id: str
    generation: int
    bytes: int
    modified_at: datetime
    known_from: date
    state: str
    batch_id: str | None
    loaded_on: date
    reason: str | None = None
    rows: int | None = None
    new_columns: Sequence[str] | None = None
    missing_columns: Sequence[str] | None = None


@dataclass(frozen=True)
class Batch:
    """Files that are ingested together.

    Attributes
    ----------
    id : str
        Follows from the files' ids and, after a dash, from how they are read.
    loaded_on : date
        The night that planned it, and the partition of bronze.
    files : tuple of LedgerFile
        What it holds.
    """

    id: str
    loaded_on: date
    files: tuple[LedgerFile, ...]

    def is_read_as(self, reading: str) -> bool:
        """Whether its files are read as they were when it was planned.

        Of one that was planned by a release which did not note it, that is taken for granted.
        """
        return self.id.partition("-")[2] in ("", reading)


class Ledger:
    """The files of one feed."""

    def __init__(self, lake: Lake, source: str) -> None:
        self._lake = lake
        self.source = source
        self._files: dict[str, LedgerFile] = {}
        self._latest: dict[str, LedgerFile] = {}
        # Read as well by who waits for files, and holds no lock to make the table.
        there = lake.exists(FILES)
        rows = lake.rows(FILES, [("source", "=", source)]).to_pylist() if there else []
        for row in sorted(rows, key=lambda r: r["recorded_at"]):
            self._remember(
                LedgerFile(**{name: row[name] for name in LedgerFile.__dataclass_fields__})
            )

    def state(self, landed: Landed) -> str | None:
        """Return what has become of this very file, by size and time of change; None of others."""
        found = self._latest.get(landed.name)
        if found is None:
            return None
        same = found.bytes == landed.bytes and found.modified_at == landed.modified_at
        return found.state if same else None

    def seen(self, landed: Landed) -> bool:
        """Whether this very file, by size and time of change, has been dealt with.

        One that was refused is looked at again: the catalogue may have been at fault.
        """
        return self.state(landed) in ("done", "empty")

    def taken_before(self, landed: Landed, night: date) -> bool:
        """Whether an earlier night has dealt with this very file."""
        return self.seen(landed) and self._latest[landed.name].loaded_on < night

    def before(self, name: str) -> tuple[int, str] | None:
        """Return generation and id of the latest content that stood under a path."""
        found = self._latest.get(name)
        return None if found is None else (found.generation, found.file_id)

    def known(self, file: Inspected) -> LedgerFile | None:
        """Return what is known of this content.

        None when it is new, was only planned, or was refused and now is not, or for another reason.
        """
        found = self._files.get(file.file_id)
        if found is None or found.state in ("planned", "replaced"):
            return None
        return None if found.state == "refused" and found.reason != file.refused else found

    def was_refused(self, file: Inspected) -> bool:
        """Whether this content was refused when it was last looked at."""
        found = self._files.get(file.file_id)
        return found is not None and found.state == "refused"

    def earlier_contents(self, files: Iterable[LedgerFile]) -> list[str]:
        """Ids of the contents that stood under the same paths before.

        One that was given up may have come as far as silver, and not to be noted as done.
        """
        later = {f.file: f.generation for f in files}
        return sorted(
            f.file_id
            for f in self._files.values()
            if f.generation < later.get(f.file, 0) and f.state in ("done", "replaced")
        )

    def is_replaced(self, file_id: str) -> bool:
        """Whether another content has been read since that stood under the path of this one."""
        found = self._files[file_id]
        return any(
            f.file == found.file and f.generation > found.generation and f.state == "done"
            for f in self._files.values()
        )

    def planned(self) -> list[Batch]:
        """Batches that were planned and not finished, oldest first."""
        batches: dict[str, list[LedgerFile]] = defaultdict(list)
        for file in self._files.values():
            if file.state == "planned":
                batches[str(file.batch_id)].append(file)
        found = [Batch(i, files[0].loaded_on, tuple(files)) for i, files in batches.items()]
        return sorted(found, key=lambda b: (b.loaded_on, b.id))

    def batch(self, batch_id: str) -> Batch:
        """Return a batch by its id; KeyError when the feed has none of it."""
        files = tuple(f for f in self._files.values() if f.batch_id == batch_id)
        if not files:
            raise KeyError(f"{self.source} has no batch {batch_id}")
        return Batch(batch_id, files[0].loaded_on, files)

    def plan(self, files: Sequence[Inspected], loaded_on: date, reading: str) -> Batch:
        """Write down that these files are about to be ingested together, and how they are read."""
        ids = "\n".join(sorted(f.file_id for f in files))
        digest = hashlib.sha256(f"{self.source}\n{ids}".encode()).hexdigest()[:16]
        batch_id = f"{digest}-{reading}"
        planned = tuple(_entry(f, "planned", loaded_on, batch_id) for f in files)
        self._append(planned)
        return Batch(batch_id, loaded_on, planned)

    def note(self, files: Iterable[Inspected], state: str, loaded_on: date) -> None:
        """Append the state of files that were just inspected."""
        self._append([_entry(f, state, loaded_on) for f in files])

    def give_up(self, corrected: Iterable[Inspected]) -> None:
        """Append of files that were corrected before they were read that they are replaced."""
        ids = {f.landed.name: f.file_id for f in corrected}
        waiting = [f for f in self._files.values() if f.state == "planned"]
        gone = [f for f in waiting if ids.get(f.file, f.file_id) != f.file_id]
        self._append([replace(f, state="replaced") for f in gone])

    def touch(self, files: Iterable[Inspected]) -> None:
        """Append the new times of change of contents known, which are not read through again.

        Of one that was refused nothing is noted: it is looked at every night.
        """
        known = [(self._files[f.file_id], f.landed) for f in files]
        self._append(
            [
                replace(found, bytes=landed.bytes, modified_at=landed.modified_at)
                for found, landed in known
                if found.state != "refused"
            ]
        )

    def edited(self, name: str, size: int, modified_at: datetime) -> None:
        """Append that records of a file were blanked: it stays the content that was read."""
        found = self._latest.get(name)
        if found is not None and (found.bytes, found.modified_at) != (size, modified_at):
            self._append([replace(found, bytes=size, modified_at=modified_at)])

    def finish(self, batch: Batch, rows: Mapping[str, int]) -> None:
        """Append that a batch is done, with the number of rows by file id."""
        self._append([replace(f, state="done", rows=rows.get(f.file_id, 0)) for f in batch.files])

    def _append(self, files: Sequence[LedgerFile]) -> None:
        now = datetime.now(UTC)
        rows = [{**vars(f), "source": self.source, "recorded_at": now} for f in files]
        self._lake.append_rows(FILES, rows)
        for file in files:
            self._remember(file)

    def _remember(self, file: LedgerFile) -> None:
        self._files[file.file_id] = file
        if file.generation >= self._latest.get(file.file, file).generation:
            self._latest[file.file] = file


def _entry(file: Inspected, state: str, loaded_on: date, batch_id: str | None = None) -> LedgerFile:
    landed = file.landed
    return LedgerFile(
        file=landed.name,
        file_id=file.file_id,
        generation=file.generation,
        bytes=landed.bytes,
        modified_at=landed.modified_at,
        known_from=landed.known_from,
        state=state,
        batch_id=batch_id,
        loaded_on=loaded_on,
        reason=file.refused,
        rows=0 if state == "empty" else None,
        new_columns=file.new_columns,
        missing_columns=file.missing_columns,
    )
