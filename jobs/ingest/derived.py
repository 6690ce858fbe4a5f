"""Derived feeds: what the rows of one feed say of another's keys, as order lines of products."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from jobs.ingest.canonical import REASONS, canonical, versioned
from jobs.ingest.catalogue import Feed
from jobs.ingest.ledger import Batch
from jobs.ingest.lookups import looked_up, with_lookups
from jobs.ingest.mapping import Mapping
from jobs.ingest.reading import ROW, beside_their_columns
from jobs.ingest.silver import in_order, silver_unit
from jobs.lake.commits import Written
from jobs.lake.contract import Table
from jobs.lake.run import Run
from jobs.lake.tables.silver import PROVENANCE_NAMES

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

FROM_PARENT = ("file", "file_id", "line", "known_from", "raw", "generation", "place")
_LINE_BITS = 40
"""Bits of a line's number beside its file's place in one number."""


def derived_rows(good: DataFrame, parent: Mapping, child: Mapping, landing: Path) -> DataFrame:
    """Map the rows of one feed once more, as rows of a feed that is derived from it.

    Parameters
    ----------
    good : DataFrame
        Rows of the parent that were not refused, as `canonical` returns them.
    parent, child : Mapping
        The two feeds.
    landing : Path
        Where files that the child looks things up in lie.
    """
    from pyspark.sql import functions as F

    nothing = F.lit(None).cast("map<string,string>")
    rows = good.select(*FROM_PARENT).withColumns(
        {"corrupt": F.lit(None).cast("string"), "tokens": nothing, "sealed": nothing}
    )
    own = child.of_files_with(parent.feed.fields)
    rows = with_lookups(rows, own.feed.lookups, landing)
    if own.feed.where:
        rows = _filtered(rows, own.feed)
    return canonical(rows, own)


def _filtered(rows: DataFrame, feed: Feed) -> DataFrame:
    lookups = tuple(feed.lookups)
    beside = beside_their_columns(rows, feed.field_names, *lookups)
    return beside.where(feed.where or "true").select(f"{ROW}.*", *lookups)


def write_derived(
    run: Run, mapping: Mapping, batch: Batch, mapped: DataFrame, *, few: bool = False
) -> Written:
    """Merge what the good rows of another feed's batch say of a derived feed's keys into silver.

    Parameters
    ----------
    run : Run
        The night.
    mapping : Mapping
        The derived feed.
    batch : Batch
        The other feed's; names the unit of work, and the files.
    mapped : DataFrame
        The other feed's rows, mapped by this feed.
    few : bool
        They are known to be few.
    """
    from pyspark.sql import functions as F

    kind = mapping.kind
    latest = latest_known(mapped.where(F.size(REASONS) == 0), kind.silver)
    facts = {
        str(n): {"file_id": f.file_id, "known_from": f.known_from, "generation": f.generation}
        for n, f in enumerate(in_order(batch), start=1)
    }
    of_file = looked_up(
        F.col("place").cast("string"), facts, "file_id string, known_from date, generation int"
    )
    placed = latest.withColumn("_of", of_file).select("*", "_of.*")
    rows = _filled(run, kind.silver, placed).transform(versioned, kind)
    return run.lake.merge(
        kind.silver,
        rows.withColumn("loaded_on", F.lit(run.as_of)).select(*kind.silver.names),
        unit=silver_unit(mapping, batch),
        few=few,
    )


def latest_known(rows: DataFrame, table: Table) -> DataFrame:
    """Make one row a key, each column its latest value that is not null.

    For a feed derived from another: a hundred order lines name a product, some without its text.

    Returns
    -------
    DataFrame
        Columns of the table but where its rows came from, and ``place`` and ``line`` of the last.
    """
    from pyspark.sql import functions as F

    values = [c for c in table.names if c not in (*table.key, *PROVENANCE_NAMES)]
    # One number says which row came last, and equal rows are folded by it first: a maximum of
    # numbers needs no sorting, which one of text does.
    when = F.shiftleft(F.col("place").cast("bigint"), _LINE_BITS) + F.col("line")
    folded = rows.groupBy(*table.key, *values).agg(F.max(when).alias("_when"))
    known = [F.max_by(c, F.when(F.col(c).isNotNull(), F.col("_when"))).alias(c) for c in values]
    latest = folded.groupBy(*table.key).agg(*known, F.max("_when").alias("_when"))
    return latest.select(
        *table.key,
        *values,
        F.shiftright("_when", _LINE_BITS).cast("int").alias("place"),
        F.col("_when").bitwiseAND(F.lit((1 << _LINE_BITS) - 1)).alias("line"),
    )


def _filled(run: Run, table: Table, rows: DataFrame) -> DataFrame:
    """Take what tonight's rows do not know from the table as it stands."""
    from pyspark.sql import functions as F

    if run.lake.is_new(table):
        return rows
    values = [c for c in table.names if c not in (*table.key, *PROVENANCE_NAMES)]
    before = run.lake.read(table).select(*table.key, F.struct(*values).alias("_before"))
    return rows.join(before, list(table.key), "left").withColumns(
        {c: F.coalesce(c, f"_before.{c}") for c in values}
    )
