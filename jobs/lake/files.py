"""Files of a Delta table: which ones a version has, as its log says, and which of them matter."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from jobs.lake.folders import Folder, absent

if TYPE_CHECKING:
    from deltalake import DeltaTable

PLAIN = frozenset({"timestampNtz", "appendOnly", "invariants", "checkConstraints"})
"""Features of a table whose files can be read as they lie: no row of them is gone or renamed."""


@dataclass(frozen=True)
class Span:
    """Rows whose date is after one day and not after another.

    Attributes
    ----------
    column : str
        A date.
    after, until : date or None
        Bounds, of which the first is left out and the second is in; None leaves the side open.
    """

    column: str
    after: date | None = None
    until: date | None = None

    def meets(self, low: date | None, high: date | None) -> bool:
        """Whether rows between two dates may be of the span; None is a date that is not known."""
        ended = self.after is not None and high is not None and high <= self.after
        later = self.until is not None and low is not None and low > self.until
        return not ended and not later


def paths(folder: str, table: DeltaTable, span: Span | None = None) -> list[str]:
    """Return the paths of the files of the table in a folder that may hold rows of a span."""
    import pyarrow as pa

    actions = pa.table(table.get_add_actions(flatten=True)).to_pylist()
    wanted = [
        action for action in actions if span is None or span.meets(*_bounds(action, span.column))
    ]
    return sorted(os.path.join(folder, unquote(action["path"])) for action in wanted)


def count(table: DeltaTable) -> int:
    """Return how many rows the table's files hold, as its log tells."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.sum(pa.table(table.get_add_actions()).column("num_records")).as_py() or 0


def values(table: DeltaTable, column: str) -> set[Any] | None:
    """Return a column's values as the log tells them; None where a file holds more than one."""
    import pyarrow as pa

    found = set()
    for action in pa.table(table.get_add_actions(flatten=True)).to_pylist():
        low, high = _bounds(action, column)
        if low is None or low != high or action.get(f"null_count.{column}"):
            return None
        found.add(low)
    return found


def missing(folder: Folder, table: DeltaTable) -> list[str]:
    """Return the paths of the files that the table's version has and the folder lacks."""
    return absent(folder, paths(str(folder), table))


def readable(table: DeltaTable) -> bool:
    """Whether the files hold the table's rows as they are."""
    protocol = table.protocol()
    # The second version of readers knows one thing more than the first: renamed columns.
    return protocol.min_reader_version == 1 or (
        protocol.reader_features is not None and PLAIN.issuperset(protocol.reader_features)
    )


def literally(path: str) -> str:
    """Return a path in which Spark is to see no pattern."""
    return re.sub(r"([\\\[\]{}*?])", r"\\\1", path)


def _bounds(action: dict[str, Any], column: str) -> tuple[Any, Any]:
    """Least and greatest value of a file; None where its log does not say."""
    folder = action.get(f"partition.{column}")
    if folder is not None:
        return folder, folder
    return action.get(f"min.{column}"), action.get(f"max.{column}")
