"""One night's ingest: for every feed new files to bronze, bronze to silver, counts that add up."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from jobs.ingest.arrivals import new_files
from jobs.ingest.awaited import judge_lateness
from jobs.ingest.bronze import write_bronze
from jobs.ingest.canonical import REASONS, canonical
from jobs.ingest.catalogue import source_set
from jobs.ingest.changes import differences
from jobs.ingest.derived import derived_rows, write_derived
from jobs.ingest.expressions import refused_expression
from jobs.ingest.feeds import FeedNight, nights
from jobs.ingest.ledger import Batch
from jobs.ingest.renamed import refuse_renamed
from jobs.ingest.silver import (
    Outcome,
    batch_rows,
    judged,
    lighter,
    write_contacts,
    write_quarantine,
    write_silver,
)
from jobs.ingest.waiting import work
from jobs.lake import small
from jobs.lake.beside import side_by_side
from jobs.lake.decisions import given_up, released
from jobs.lake.errors import DataError
from jobs.lake.run import Record, Run
from jobs.lake.runner import recorded
from jobs.lake.settings import SettingsError, conf_folder
from jobs.lake.tables.bronze import VAULT_KEYS
from jobs.lake.tables.ops import QUARANTINE
from jobs.privacy.keyring import key_file, keyring_of

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

log = logging.getLogger("bespoke")


def ingest(run: Run) -> None:
    """Bring every feed of the set up to the night's day.

    Raises
    ------
    DataError
        A feed's share of refused rows passes its limit and nobody has released it. Every other
        feed has been ingested; its own rows wait in bronze.
    """
    keyring_of(key_file(run.home), run.lake.values(VAULT_KEYS, "master_key_id"))
    sources = source_set(conf_folder() / "sources", run.settings.source)
    by_kind: dict[str, list[FeedNight]] = defaultdict(list)
    for night in nights(run, sources):
        by_kind[night.mapping.kind.name].append(night)
    # Those with most columns to encrypt and most rows to sort first, so that none is left alone.
    order = sorted(by_kind, key=lambda kind: (kind not in ("crm", "events", "orders"), kind))
    calls = [partial(_ingest_kind, by_kind[kind]) for kind in order]
    stops = side_by_side(calls, run.settings.ingest.side_by_side)
    stopped = [message for messages in stops for message in messages]
    if stopped:
        raise DataError("\n".join(stopped))


def _ingest_kind(feeds: list[FeedNight]) -> list[str]:
    """Ingest the feeds of one kind, which share their tables; return why some stopped."""
    run = feeds[0].run.alongside()
    stopped = []
    for feed in feeds:
        night = replace(feed, run=run)
        try:
            with recorded(night.run, "ingest", night.mapping.name) as record, _named(night):
                _ingest_feed(night, record)
        except DataError as error:
            stopped.append(str(error))
    return stopped


@contextmanager
def _named(night: FeedNight) -> Iterator[None]:
    """Say of SQL that Spark refuses where it stands, and not the plan that it would have been."""
    from pyspark.errors import AnalysisException

    try:
        yield
    except AnalysisException as error:
        said = refused_expression(night.run.lake.spark, night.mapping)
        if said is None:
            raise
        raise SettingsError(said) from error


def _ingest_feed(night: FeedNight, record: Record) -> None:
    run, mapping = night.run, night.mapping
    total = Outcome()
    table = mapping.kind.bronze
    stopped: list[str] = []

    def take(batch: Batch) -> None:
        try:
            _to_silver(night, batch, total, record)
        except DataError as error:
            # What waits does not hold up what came since, such as the file that mends it.
            stopped.append(str(error))
        _count(record, total)

    _count(record, total)
    refuse_renamed(night)
    ledger = night.ledger
    found = new_files(night, record)
    late, stops = judge_lateness(night)
    if late is not None:
        record.error = "; ".join(said for said in (late, record.error) if said)
        stopped += [late] if stops else []
    todo = work(night, found, run.settings.ingest.files_per_batch)
    for batch in todo.begun:
        take(batch)
    for planned_on, files in todo.to_read:
        batch = ledger.plan(files, planned_on, mapping.reading)
        record.outputs[table.id] = write_bronze(run, mapping, batch, files)
        take(batch)
    log.info(
        "ingest %s: %s read, %s accepted, %s quarantined, %s duplicate",
        mapping.name,
        *[
            f"{record.counts[f'rows_{c}']:,}"
            for c in ("read", "accepted", "quarantined", "duplicate")
        ],
    )
    if stopped:
        raise DataError("\n".join(stopped))


def _count(record: Record, total: Outcome) -> None:
    record.counts = {
        "rows_read": total.read,
        "rows_accepted": total.accepted,
        "rows_quarantined": total.quarantined,
        "rows_duplicate": total.duplicates,
    }


def _to_silver(night: FeedNight, batch: Batch, total: Outcome, record: Record) -> None:
    run, mapping = night.run, night.mapping
    rows = canonical(batch_rows(run, mapping, batch, night.landing), mapping)
    abandoned = batch.loaded_on in given_up(run.lake)
    rows = _set_aside(rows, batch) if abandoned else rows
    mapped, outcome = judged(rows if night.children else lighter(rows))
    try:
        if abandoned:
            _quarantine(night, batch, mapped, outcome)
        else:
            _hold_against_limit(night, batch, outcome)
            _take(night, batch, mapped, outcome)
    finally:
        mapped.unpersist()
    night.ledger.finish(batch, outcome.rows)
    total.rows.update(outcome.rows)
    total.quarantined += outcome.quarantined
    total.accepted += outcome.accepted
    record.outputs.update(outcome.outputs)


def _set_aside(rows: DataFrame, batch: Batch) -> DataFrame:
    """Refuse all rows of a batch that waits since a night which was given up.

    They can be replayed as any others.
    """
    from pyspark.sql import functions as F

    reason = F.lit(f"night: {batch.loaded_on} was given up")
    return rows.withColumn(REASONS, F.array_append(REASONS, reason))


def _take(night: FeedNight, batch: Batch, mapped: DataFrame, outcome: Outcome) -> None:
    """Write a batch's rows, and those that are derived from them."""
    calls = [partial(_write, night, batch, mapped, outcome)]
    if night.children:
        children = replace(night, run=night.run.alongside())
        calls.append(partial(derive, children, batch, mapped, few=outcome.is_few))
    side_by_side(calls, night.run.settings.ingest.side_by_side)


def _write(night: FeedNight, batch: Batch, mapped: DataFrame, outcome: Outcome) -> None:
    """Write a batch's rows where they belong: quarantine, silver, vault."""
    run, mapping = night.run, night.mapping
    _quarantine(night, batch, mapped, outcome)
    replaced = (
        night.ledger.earlier_contents(batch.files) if mapping.feed.changed_file == "replace" else []
    )
    done = write_silver(run, mapping, batch, mapped, replaced, few=outcome.is_few)
    outcome.accepted = done.inserted + done.updated
    outcome.outputs[mapping.kind.silver.id] = done.version
    contacts = write_contacts(run, mapping, batch, mapped, few=outcome.is_few)
    if contacts is not None:
        outcome.outputs["vault.contacts"] = contacts.version


def _quarantine(night: FeedNight, batch: Batch, mapped: DataFrame, outcome: Outcome) -> None:
    if outcome.quarantined:
        few = small.are_few(outcome.quarantined)
        done = write_quarantine(night.run, night.mapping, batch, mapped, few=few)
        outcome.outputs[QUARANTINE.id] = done.version


def _hold_against_limit(night: FeedNight, batch: Batch, outcome: Outcome) -> None:
    name, limit = night.mapping.name, night.mapping.feed.limits.bad_rows
    spared = night.mapping.feed.limits.bad_rows_spared
    if outcome.quarantined <= max(spared, limit * outcome.read):
        return
    if released(night.run, name, "bad_rows"):
        return
    said = "; ".join([*outcome.worst, *_columns(night, batch)])
    raise DataError(
        f"{name}: {outcome.quarantined:,} of {outcome.read:,} rows are bad "
        f"({outcome.quarantined / outcome.read:.1%}, limit {limit:.1%}): "
        f"{said}. The rows wait in bronze; mend the source or the catalogue, "
        f'or let them pass: bespoke release {name} --date {night.run.as_of} --why "…"'
    )


def _columns(night: FeedNight, batch: Batch) -> list[str]:
    """Say which columns of a batch's files are not as the catalogue has them: often the cause."""
    said = {
        change: None
        for file in batch.files
        for change in differences(
            night.mapping.feed, file.new_columns or (), file.missing_columns or ()
        )
    }
    return list(said)


def derive(night: FeedNight, unit: Batch, mapped: DataFrame, *, few: bool = False) -> None:
    """Feed the feeds that are derived from another one with its rows.

    Parameters
    ----------
    night : FeedNight
        The feed that is read.
    unit : Batch
        Names the unit of work, and the files.
    mapped : DataFrame
        Its rows, as :func:`~jobs.ingest.canonical.canonical` returns them; refused ones say
        nothing of anything.
    few : bool
        They are known to be few.
    """
    from pyspark.sql import functions as F

    good = mapped.where(F.size(REASONS) == 0)
    for child in night.children:
        with recorded(night.run, "derive", child.name) as record:
            rows = derived_rows(good, night.mapping, child, night.landing)
            done = write_derived(night.run, child, unit, rows, few=few)
            record.outputs[child.kind.silver.id] = done.version
            record.counts["rows_written"] = done.inserted + done.updated
