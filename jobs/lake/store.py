"""The lake: where tables lie, and the only place where they are read and written.

Tables are made, ledgers appended and few rows written through ``deltalake`` (milliseconds, no
JVM); all else goes through Spark.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import reduce
from operator import and_
from threading import RLock
from typing import TYPE_CHECKING, Any

from jobs.lake import commits, faults, files, large, merging, small
from jobs.lake.commits import Written
from jobs.lake.contract import Refresh, Table
from jobs.lake.damage import opened
from jobs.lake.fit import differences
from jobs.lake.folders import Folder
from jobs.lake.schemas import arrow_schema, delta_schema, properties
from jobs.privacy.reads import about_to_read

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.dataset as ds
    from deltalake import DeltaTable
    from pyspark.sql import DataFrame, SparkSession

    from jobs.lake.files import Span


class Lake:
    """Tables below one root.

    Parameters
    ----------
    root : Path or StoreFolder
        Folder of the lake; a table lies at ``root/layer/name``.
    spark : SparkSession, optional
        Needed for reading and writing frames only.
    """

    def __init__(self, root: Folder, spark: SparkSession | None = None) -> None:
        self.root = root
        self._spark = spark

    def alongside(self) -> Lake:
        """Return the same lake with a session of its own, for another thread.

        Settings of a session, such as the unit of work that a commit notes, are a thread's own.
        """
        return Lake(self.root, self.spark.newSession())

    @property
    def spark(self) -> SparkSession:
        """The session; RuntimeError when the lake was opened without one."""
        if self._spark is None:
            raise RuntimeError("this lake was opened without a Spark session")
        return self._spark

    @property
    def session(self) -> SparkSession | None:
        """The session; None when the lake was opened without one."""
        return self._spark

    def path(self, table: Table) -> str:
        """Where the table lies."""
        return str(self.folder(table))

    def folder(self, table: Table) -> Folder:
        """Where the table lies, to look into."""
        return self.root / table.layer / table.name

    def exists(self, table: Table) -> bool:
        """Whether the table has been made."""
        from deltalake import DeltaTable

        return DeltaTable.is_deltatable(self.path(table))

    def delta(self, table: Table) -> DeltaTable:
        """Return the table as ``deltalake`` sees it, made empty if it was not there.

        Raises
        ------
        DamagedError
            Its log cannot be read.
        """
        self.ensure(table)
        return opened(self.folder(table), table.id)

    def version(self, table: Table) -> int:
        """Latest Delta version."""
        return int(self.delta(table).version())

    def holds(self, table: Table, version: int) -> bool:
        """Whether a version of the table can still be read: its log, all its files, its columns.

        One from before a migration lacks a column that has another name since.
        """
        from deltalake.exceptions import DeltaError

        delta = self.delta(table)
        try:
            delta.load_as_version(version)
        except DeltaError:
            return False
        if differences(delta, table):
            return False
        return not files.missing(self.folder(table), delta)

    def read(
        self, table: Table, version: int | None = None, *, span: Span | None = None
    ) -> DataFrame:
        """Return the table as a frame.

        ``deltalake`` reads the table's log, in milliseconds, and Spark the files that it names.
        Delta's own reader runs Spark jobs to find those out, at each of a night's hundred reads.

        Parameters
        ----------
        table : Table
            The table.
        version : int, optional
            Delta version; the latest by default.
        span : Span, optional
            Rows wanted; by default all.
        """
        about_to_read(table.layer, table.name)
        return self._frame(table, version, span)

    def _frame(
        self, table: Table, version: int | None = None, span: Span | None = None
    ) -> DataFrame:
        delta = self.delta(table)
        if version is not None:
            delta.load_as_version(version)
        if not files.readable(delta):
            reader = self.spark.read.format("delta").option("versionAsOf", delta.version())
            return _within(reader.load(self.path(table)).select(*table.names), span)
        found = [files.literally(path) for path in files.paths(self.path(table), delta, span)]
        if not found:
            return self.spark.createDataFrame([], table.schema())
        reader = self.spark.read.schema(table.schema())
        if table.partition_by:
            reader = reader.option("basePath", self.path(table))
        return _within(reader.parquet(*found).select(*table.names), span)

    def rows(
        self,
        table: Table,
        filters: list[tuple[str, str, Any]] | None = None,
        columns: Sequence[str] | None = None,
        version: int | None = None,
    ) -> pa.Table:
        """Read a small table through ``deltalake``: no JVM, answers in milliseconds."""
        about_to_read(table.layer, table.name)
        wanted = list(columns) if columns else None
        return self._dataset(table, version).to_table(filter=_all_of(filters), columns=wanted)

    def batches(
        self,
        table: Table,
        filters: list[tuple[str, str, Any]] | None = None,
        columns: Sequence[str] | None = None,
        version: int | None = None,
    ) -> Iterator[pa.RecordBatch]:
        """Read a table as :meth:`rows` does, a batch at a time, and few of them ahead."""
        import pyarrow.dataset as ds

        about_to_read(table.layer, table.name)
        batches: Iterator[pa.RecordBatch] = self._dataset(table, version).to_batches(
            filter=_all_of(filters),
            columns=list(columns) if columns else None,
            batch_size=32_768,
            batch_readahead=1,
            fragment_readahead=1,
            fragment_scan_options=ds.ParquetFragmentScanOptions(
                use_buffered_stream=True, pre_buffer=False
            ),
        )
        return batches

    def _dataset(self, table: Table, version: int | None = None) -> ds.Dataset:
        delta = self.delta(table)
        if version is not None:
            delta.load_as_version(version)
        return delta.to_pyarrow_dataset()

    def values(self, table: Table, column: str) -> set[Any]:
        """Return the distinct values of a column that has few, as a rule one a file."""
        told = files.values(self.delta(table), column)
        if told is not None:
            return told
        return set(self.counts(table, column))

    def counts(self, table: Table, column: str) -> dict[Any, int]:
        """Return the distinct values of a column that has few, and how often each is there."""
        found = self._dataset(table).to_table(columns=[column]).column(column).value_counts()
        return {row["values"]: row["counts"] for row in found.to_pylist()}

    def count(self, table: Table) -> int:
        """Return how many rows the table has, as its log tells."""
        return files.count(self.delta(table))

    def append_rows(
        self, table: Table, rows: Sequence[Mapping[str, Any]], *, unit: str | None = None
    ) -> None:
        """Append a few rows through ``deltalake``; once for a unit of work, where one is named."""
        import pyarrow as pa

        if not rows or (unit is not None and self.committed(table, unit)):
            return
        data = pa.Table.from_pylist([dict(row) for row in rows], schema=arrow_schema(table))
        small.append(self.delta(table), data, unit)
        faults.committed(table.id)

    def update_rows(self, table: Table, condition: str, values: Mapping[str, str]) -> int:
        """Set columns of a ledger's rows to SQL expressions; return how many rows changed.

        The condition has to hold for the changed rows as well.
        """
        changed = small.update(self.delta(table), table, condition, values)
        faults.committed(table.id)
        return changed

    def append(self, table: Table, frame: DataFrame, *, unit: str, few: bool = False) -> Written:
        """Append a frame once for a unit of work: a second time nothing happens.

        Parameters
        ----------
        table : Table
            The table.
        frame : DataFrame
            With the table's columns.
        unit : str
            Name of the unit of work.
        few : bool
            The frame is known to have few rows, which are written without Spark.
        """
        done = self._committed(table, unit)
        if done is not None:
            return done
        if few:
            small.append(self.delta(table), small.taken(table, table.conform(frame)), unit)
            return self._done(table, unit)
        large.append(self._made(table), table.conform(frame), unit, once=True)
        return self._done(table, unit)

    def merge(
        self,
        table: Table,
        frame: DataFrame,
        *,
        unit: str,
        delete: str = "",
        within: DataFrame | None = None,
        few: bool = False,
    ) -> Written:
        """Merge a frame by the contract's key, once for a unit of work.

        Parameters
        ----------
        table : Table
            With ``refresh`` merge.
        frame : DataFrame
            At most one row a key.
        unit : str
            Name of the unit of work.
        delete : str
            SQL condition on the target (alias ``t``): rows that it holds for and that the frame
            lacks are removed; of an insert-only table those that the frame has are replaced.
        within : DataFrame, optional
            Rows among which those of the frame are, and which are read sooner: by their range the
            table is pruned.
        few : bool
            The frame is known to have few rows, which are merged without Spark if the table is
            small, too.
        """
        # Feeds are ingested side by side, and two merges into one table would conflict.
        with self._alone(table):
            if (done := self._committed(table, unit)) is not None:
                return done
            incoming, delta = table.conform(frame), self.delta(table)
            if delete and delta.version():
                large.merge(self.spark, self.path(table), table, incoming, unit, delete=delete)
                return self._done(table, unit)
            if few and small.is_small(delta):
                changed = small.merge(delta, table, small.taken(table, incoming), unit)
                return self._done(table, unit) if changed else _nothing(delta)
            if not delta.version():
                large.append(self.path(table), incoming, unit)
                return self._done(table, unit)
            return self._merge_changing(table, incoming, unit, within or frame)

    def _merge_changing(
        self, table: Table, incoming: DataFrame, unit: str, within: DataFrame
    ) -> Written:
        """Merge the rows that change the table, which are found first."""
        from pyspark import StorageLevel

        limits = merging.bounds(table, within)
        held = self._frame(table).alias("t").where(merging.within(table, limits))
        changing = merging.changing(table, incoming, held).persist(StorageLevel.MEMORY_AND_DISK)
        try:
            found: dict[bool, int] = dict(changing.groupBy(merging.THERE).count().collect())
            rows, delta = changing.drop(merging.THERE), self.delta(table)
            if not found:
                return _nothing(delta)
            updated = found.get(True, 0)
            if small.are_few(sum(found.values())) and (not updated or small.is_small(delta)):
                small.upsert(delta, table, small.taken(table, rows), unit, updated)
            elif updated:
                among = merging.within(table, limits)
                large.merge(self.spark, self.path(table), table, rows, unit, among=among)
            else:
                large.append(self.path(table), rows, unit)
            return self._done(table, unit)
        finally:
            changing.unpersist()

    def is_new(self, table: Table) -> bool:
        """Whether nothing has been written to the table yet."""
        return self.version(table) == 0

    def replace(
        self,
        table: Table,
        frame: DataFrame,
        *,
        dates: Collection[date],
        unit: str,
        few: bool = False,
    ) -> Written:
        """Replace the rows of some dates, or all rows, as the contract says.

        Few rows, as the frame is then known to have, are written without Spark.
        """
        # A damaged log is told of before Spark is asked to write.
        delta = self.delta(table)
        if few and (table.refresh is Refresh.REPLACE_ALL or small.is_small(delta)):
            taken = small.taken(table, table.conform(frame))
            small.replace(delta, table, taken, dates, unit)
            return self._done(table, unit)
        large.replace(self.path(table), table, table.conform(frame), dates, unit)
        return self._done(table, unit)

    def ensure(self, table: Table) -> None:
        """Make the table, empty, if it is not there."""
        if self.exists(table):
            return
        # Threads that append their first rows side by side: one of them makes it.
        with self._alone(table):
            if not self.exists(table):
                self._make(table)

    def _made(self, table: Table) -> str:
        self.ensure(table)
        return self.path(table)

    def _make(self, table: Table) -> None:
        from deltalake import DeltaTable

        DeltaTable.create(
            self.path(table),
            schema=delta_schema(table),
            mode="ignore",
            partition_by=list(table.partition_by),
            name=table.id,
            description=table.description,
            configuration=properties(table),
        )

    def written_on(self, table: Table) -> date | None:
        """Night of the run that wrote to the table last; None if no unit of work names one."""
        return commits.night_of(self.delta(table))

    def committed(self, table: Table, unit: str) -> bool:
        """Whether a unit of work has been committed to the table."""
        return self._committed(table, unit) is not None

    def _committed(self, table: Table, unit: str) -> Written | None:
        """Find the commit of a unit of work among the table's latest, if there is one."""
        return commits.found(self.delta(table), unit) if self.exists(table) else None

    def _done(self, table: Table, unit: str) -> Written:
        """Find the commit just made; another thread may have added one since."""
        faults.committed(table.id)
        done = self._committed(table, unit)
        # Delta makes no commit of a merge that changes nothing.
        return replace(done, skipped=False) if done else _nothing(self.delta(table))

    def _alone(self, table: Table) -> RLock:
        """Return the table's lock of this process; ``setdefault`` makes one for all threads."""
        return _writing.setdefault(self.path(table), RLock())


def _nothing(delta: DeltaTable) -> Written:
    return Written(int(delta.version()), 0, 0)


_writing: dict[str, RLock] = {}


def _all_of(filters: list[tuple[str, str, Any]] | None) -> ds.Expression | None:
    """Write conditions that all have to hold as PyArrow's; None where there are none."""
    import pyarrow.dataset as ds

    conditions = [_COMPARE[how](ds.field(name), value) for name, how, value in filters or []]
    return reduce(and_, conditions) if conditions else None


_COMPARE: dict[str, Any] = {
    "=": lambda field, value: field == value,
    "!=": lambda field, value: field != value,
    "in": lambda field, value: field.isin(value),
    "<": lambda field, value: field < value,
    "<=": lambda field, value: field <= value,
    ">": lambda field, value: field > value,
}


def _within(frame: DataFrame, span: Span | None) -> DataFrame:
    from pyspark.sql import functions as F

    if span is not None and span.after is not None:
        frame = frame.where(F.col(span.column) > F.lit(span.after))
    if span is not None and span.until is not None:
        frame = frame.where(F.col(span.column) <= F.lit(span.until))
    return frame
