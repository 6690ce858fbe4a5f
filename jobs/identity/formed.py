"""Records in the form in which they are compared: of a few in this process, of many in others.

Bringing a record into its form takes a core some 60 µs, most of it to decrypt it and to read its
phone number. So many records are shared out to a process a core. What they write is not sealed: it
is put into a folder of this process alone (``jobs/lake/scratch.py``), and removed after use.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from jobs.identity.matching.matcher import Matcher, hash_key
from jobs.identity.matching.resolve import as_arrow
from jobs.identity.opening import PART
from jobs.lake import leaving
from jobs.lake.errors import BespokeError

if TYPE_CHECKING:
    from jobs.identity.opening import Sealed

BLOCKS, ROW = "blocks", "row"

_TASK, _WHOLE = "task.json", "whole"
"""Files of the folder of a task: what there is to do, and that all parts are there."""
_LOOKS_EVERY = 0.02
"""Seconds after which a process looks for its next part."""

Forms: TypeAlias = pa.Table | ds.Dataset
"""``row`` (place among the records asked for), ``blocks`` (list of int64), and the columns of
``Matcher.forms``."""
Former = Callable[[Sequence[str]], Forms]
"""Given ids of records, each once, brings them into their form."""


class FormingError(BespokeError):
    """A process that brings records into their form has ended before its time."""


def formed(
    frame: pd.DataFrame, matcher: Matcher, key: str, rows: pa.ChunkedArray | None = None
) -> pa.Table:
    """Bring opened records into their form.

    Parameters
    ----------
    frame : DataFrame
        Columns of the matcher's fields, as text.
    matcher : Matcher
        Says how.
    key : str
        Of its hashes.
    rows : array of int64, optional
        Their rows; by default they are numbered.

    Returns
    -------
    pyarrow.Table
        As :data:`Forms`.
    """
    forms = matcher.forms(frame, key)
    hashed = matcher.keys(forms, key).drop_duplicates().sort_values(["row", "block"])
    ends = np.cumsum(np.bincount(hashed["row"], minlength=len(frame)))
    blocks = pa.ListArray.from_arrays(
        pa.array(np.concatenate([[0], ends]), pa.int32()), pa.array(hashed["block"], pa.int64())
    )
    if rows is None:
        rows = pa.array(np.arange(len(frame), dtype=np.int64))
    return as_arrow(forms).append_column(BLOCKS, blocks).append_column(ROW, rows)


@dataclass(frozen=True)
class Apart:
    """Forms records by processes of their own.

    Attributes
    ----------
    sealed : Sealed
        The records.
    matcher : Matcher
        Says how.
    key_file : Path
        Of the master key.
    folder : Path
        Where forms are written; read by nobody else.
    processes : int
        How many run at a time.
    """

    sealed: Sealed
    matcher: Matcher
    key_file: Path
    folder: Path
    processes: int = os.cpu_count() or 1

    def __call__(self, records: Sequence[str]) -> ds.Dataset:
        """Bring records into their form.

        Raises
        ------
        FormingError
            A process failed; what it said is told.
        """
        own = self.folder / f"forms-{len(list(self.folder.glob('forms-*')))}"
        own.mkdir(parents=True, mode=0o700)
        self.matcher.save(own / "model")
        task = {"key_file": str(self.key_file), "blocked": sorted(self.sealed.blocked)}
        (own / _TASK).write_text(json.dumps(task), encoding="utf-8")
        running = [self._started(own, place) for place in range(self.processes)]
        try:
            # They read what they need meanwhile, and begin with the first part.
            for number, part in enumerate(self.sealed.parts(records, PART)):
                path = own / f"{number:06}.part"
                pq.write_table(part, path)
                path.rename(_sealed(own, number))
            (own / _WHOLE).touch()
            # What was read for it is given back, not kept for the next that is read.
            pa.default_memory_pool().release_unused()
            said = [(process.communicate()[1], process.returncode) for process in running]
        finally:
            for process in running:
                process.kill()
        for words, code in said:
            if code:
                lines = words.strip().splitlines() or [f"it ended with {code}"]
                raise FormingError(f"records could not be brought into their form: {lines[-1]}")
        return ds.dataset(sorted(own.glob("formed-*.parquet")))

    def _started(self, folder: Path, place: int) -> subprocess.Popen[str]:
        root = str(Path(__file__).resolve().parents[2])
        path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
        command = [sys.executable, "-m", __name__, str(folder), str(place), str(self.processes)]
        return subprocess.Popen(
            command, env={**os.environ, "PYTHONPATH": path}, stderr=subprocess.PIPE, text=True
        )


def inline(opener: Callable[[Sequence[str]], pd.DataFrame], matcher: Matcher, key: str) -> Former:
    """Form records in this process, as a function opens them."""
    return lambda records: formed(opener(records), matcher, key)


def _work(folder: Path, place: int, processes: int) -> None:
    """Form the parts of a folder that are this process's."""
    from jobs.identity.opening import opened
    from jobs.privacy.keyring import read_keyring

    task: Mapping[str, Any] = json.loads((folder / _TASK).read_text(encoding="utf-8"))
    matcher = Matcher.load(folder / "model")
    ring = read_keyring(Path(task["key_file"]))
    for path in _parts(folder, place, processes):
        part = pq.read_table(path)
        frame = opened(part, ring, set(task["blocked"]))
        table = formed(frame, matcher, hash_key(ring.tokens), part.column(ROW))
        pq.write_table(table, path.with_name(path.name.replace("sealed", "formed")))


def _parts(folder: Path, place: int, processes: int) -> Iterator[Path]:
    """Give every so manieth part of a folder as it comes, until there are no more to come."""
    parent = os.getppid()
    for number in count(place, processes):
        path = _sealed(folder, number)
        while not path.exists():
            # Looked for once more: it may have come between the two.
            if (folder / _WHOLE).exists() and not path.exists():
                return
            if os.getppid() != parent:
                raise FormingError("the process that wanted them is gone")
            time.sleep(_LOOKS_EVERY)
        yield path


def _sealed(folder: Path, number: int) -> Path:
    return folder / f"sealed-{number:06}.parquet"


def _main() -> None:
    try:
        _work(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
    except BespokeError as error:
        sys.exit(str(error))
    except Exception as error:
        # Its message may hold a value.
        last = traceback.extract_tb(error.__traceback__)[-1]
        sys.exit(f"{type(error).__name__} at {last.filename}:{last.lineno}")


if __name__ == "__main__":
    leaving.run(_main)
