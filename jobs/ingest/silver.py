"""Silver: a batch of bronze rows becomes typed rows, each once; refused ones go to quarantine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.ingest.canonical import REASONS
from jobs.ingest.ledger import Batch, LedgerFile
from jobs.ingest.lookups import looked_up, with_lookups
from jobs.ingest.mapping import Mapping
from jobs.lake import small
from jobs.lake.commits import Written
from jobs.lake.contract import Table
from jobs.lake.files import Span
from jobs.lake.run import Run
from jobs.lake.tables.bronze import VAULT_CONTACTS
from jobs.lake.tables.ops import QUARANTINE
from jobs.lake.tables.silver import CONSENTS
from jobs.privacy.audit import CONSENT, Act, note

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@dataclass
class Outcome:
    """What became of the rows of a batch.

    Attributes
    ----------
    rows : dict of str to int
        Rows read, by file id.
    quarantined, accepted : int
        Rows refused, and rows that changed silver; the rest were there already.
    worst : tuple of str
        The most frequent reasons, with their counts.
    outputs : dict of str to int
        Table to Delta version.
    """

    rows: dict[str, int] = field(default_factory=dict)
    quarantined: int = 0
    accepted: int = 0
    worst: tuple[str, ...] = ()
    outputs: dict[str, int] = field(default_factory=dict)

    @property
    def read(self) -> int:
        """Rows read."""
        return sum(self.rows.values())

    @property
    def is_few(self) -> bool:
        """Whether few rows were read."""
        return small.are_few(self.read)

    @property
    def duplicates(self) -> int:
        """Rows that changed nothing."""
        return self.read - self.quarantined - self.accepted


def silver_unit(mapping: Mapping, batch: Batch) -> str:
    """Name of the commit that brings a batch into silver."""
    return f"silver:{mapping.name}:{batch.id}"


def quarantine_unit(mapping: Mapping, batch: Batch) -> str:
    """Name of the commit that brings a batch's refused rows into quarantine."""
    return f"quarantine:{mapping.name}:{batch.id}"


def batch_rows(run: Run, mapping: Mapping, batch: Batch, landing: Path) -> DataFrame:
    """Read a batch back from bronze, with what :func:`canonical` wants beside its columns.

    Of its files those that the batch still names: one that was corrected before it was read is not
    among them.
    """
    from pyspark.sql import functions as F

    nights = {f.loaded_on for f in batch.files}
    span = Span("loaded_on", after=min(nights) - timedelta(days=1), until=max(nights))
    batches = F.col("batch_id").isin({f.batch_id for f in batch.files})
    rows = run.lake.read(mapping.kind.bronze, span=span).where(batches)
    facts = {
        f.file_id: {"generation": f.generation, "place": n, "of_batch": f.batch_id}
        for n, f in enumerate(in_order(batch), start=1)
    }
    of_file = looked_up(F.col("file_id"), facts, "generation int, place int, of_batch string")
    # A file that was read anew is in bronze once more, of another batch.
    named = rows.withColumn("_of", of_file).where("_of.of_batch = batch_id").select("*", "_of.*")
    return with_lookups(named.drop("_of", "of_batch"), mapping.feed.lookups, landing)


def in_order(batch: Batch) -> list[LedgerFile]:
    """Return a batch's files in the order in which they reached us; a place in it is from 1 on."""
    return sorted(batch.files, key=lambda f: (f.known_from, f.file))


def lighter(mapped: DataFrame) -> DataFrame:
    """Leave the raw row to refused rows only: kept in memory, it is half of what a good one takes.

    Not for a feed that others are derived from, which read it once more.
    """
    from pyspark.sql import functions as F

    return mapped.withColumn("raw", F.when(F.size(REASONS) > 0, F.col("raw")))


def judged(mapped: DataFrame) -> tuple[DataFrame, Outcome]:
    """Count mapped rows by file and by reason, in one pass; the frame stays in memory."""
    from pyspark import StorageLevel
    from pyspark.sql import functions as F

    mapped = mapped.persist(StorageLevel.MEMORY_AND_DISK)
    bad = F.size(REASONS) > 0
    counted = mapped.groupBy("file_id").agg(
        F.count("*").alias("rows"), F.count_if(bad).alias("bad")
    )
    outcome = Outcome()
    for row in counted.collect():
        outcome.rows[row["file_id"]] = row["rows"]
        outcome.quarantined += row["bad"]
    if outcome.quarantined:
        each = mapped.where(bad).select("file", "line", F.explode(REASONS).alias("reason"))
        # Without the value that was found: it differs from row to row.
        reasons = each.withColumn("reason", F.regexp_extract("reason", "^([^:]*(:[^:']*)?)", 1))
        found = reasons.groupBy("reason").agg(
            F.count("*").alias("rows"), F.min(F.struct("file", "line")).alias("first")
        )
        worst = found.orderBy(F.desc("rows"), "reason").limit(3).collect()
        outcome.worst = tuple(
            f"{r['reason']} ({r['rows']:,}, the first in {r['first']['file']}, "
            f"line {r['first']['line']})"
            for r in worst
        )
    return mapped, outcome


def write_quarantine(
    run: Run, mapping: Mapping, batch: Batch, mapped: DataFrame, *, few: bool = False
) -> Written:
    """Append the refused rows of a batch to ``ops.quarantine``, once."""
    from pyspark.sql import functions as F

    refused = mapped.where(F.size(REASONS) > 0).select(
        F.concat_ws(":", "file_id", "line").alias("row_id"),
        F.lit(mapping.name).alias("source"),
        "file",
        "file_id",
        "line",
        F.col(REASONS).alias("reasons"),
        "raw",
        "corrupt",
        F.lit(batch.id).alias("batch_id"),
        F.lit(batch.loaded_on).alias("loaded_on"),
        F.lit(run.id).alias("run_id"),
        F.lit(None).cast("date").alias("replayed_on"),
    )
    return run.lake.append(QUARANTINE, refused, unit=quarantine_unit(mapping, batch), few=few)


def write_silver(
    run: Run,
    mapping: Mapping,
    batch: Batch,
    mapped: DataFrame,
    replaced: Sequence[str] = (),
    *,
    few: bool = False,
) -> Written:
    """Merge the good rows of a batch into silver.

    Parameters
    ----------
    run : Run
        The night.
    mapping : Mapping
        The feed.
    batch : Batch
        Names the unit of work.
    mapped : DataFrame
        As :func:`judged` returns it.
    replaced : sequence of str
        Ids of file contents whose rows go unless the batch still has them.
    few : bool
        The batch is known to have few rows.
    """
    from pyspark.sql import functions as F

    table = mapping.kind.silver
    good = mapped.where(F.size(REASONS) == 0).withColumn("loaded_on", F.lit(run.as_of))
    ids = ", ".join(f"'{i}'" for i in replaced)
    unit = silver_unit(mapping, batch)
    if table is CONSENTS and not run.lake.committed(table, unit):
        said = {"batch": batch.id}
        note(run.lake, Act(CONSENT, mapping.name, "acts that the feed tells", None, run.id, said))
    return run.lake.merge(
        table,
        good.transform(one_row_a_key, table).select(*table.names),
        unit=unit,
        delete=f"t.file_id IN ({ids})" if replaced else "",
        within=good,
        few=few,
    )


def one_row_a_key(rows: DataFrame, table: Table) -> DataFrame:
    """Keep of the rows of one key the newest; of an insert-only table the one that came first."""
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    place = ("known_from", "file", "line", "file_id")
    if table.version is None:
        order = [F.asc(c) for c in place]
    else:
        order = [F.desc(table.version), *[F.desc(c) for c in place]]
    nth = F.row_number().over(Window.partitionBy(*table.key).orderBy(*order))
    return rows.withColumn("_nth", nth).where("_nth = 1").drop("_nth")


def write_contacts(
    run: Run, mapping: Mapping, batch: Batch, mapped: DataFrame, *, few: bool = False
) -> Written | None:
    """Merge the encrypted personal values of a batch's good rows into the vault."""
    from pyspark.sql import functions as F

    held = [c for c in mapping.kind.pii if c in mapping.feed.columns]
    if not held:
        return None
    table = VAULT_CONTACTS
    key = mapping.kind.id
    record = F.col(key) if key == "record_id" else F.concat(F.lit(f"{mapping.name}:"), F.col(key))
    good = mapped.where((F.size(REASONS) == 0) & (F.size("sealed") > 0))
    nothing = F.lit(None).cast("string")
    rows = good.select(
        record.alias("record_id"),
        "source",
        "sealed",
        *[
            (F.col(c) if c in mapped.columns else nothing).alias(c)
            for c in ("email_token", "phone_token")
        ],
        "known_from",
        "version",
        F.lit(run.as_of).alias("loaded_on"),
        "file",
        "line",
        "file_id",
    )
    latest = one_row_a_key(rows, table).select(*table.names)
    return run.lake.merge(table, latest, unit=f"contacts:{mapping.name}:{batch.id}", few=few)
