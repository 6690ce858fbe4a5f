"""Publish a night: the export written, then the pointer moved, last."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from jobs.ingest.catalogue import source_set
from jobs.ingest.keyring import key_file
from jobs.lake.contract import Table
from jobs.lake.run import Record, Run
from jobs.lake.runner import recorded
from jobs.lake.settings import conf_folder
from jobs.lake.tables.bronze import VAULT_CONTACTS, VAULT_KEYS
from jobs.lake.tables.identity import IDENTIFIERS, PERSONS
from jobs.lake.tables.serving import RECOMMENDATIONS
from jobs.lake.tables.silver import CONSENTS, CUSTOMERS, PRODUCTS
from jobs.publish import pointer
from jobs.publish.export import export_rows, write_export
from jobs.publish.recipients import (
    consented_addresses,
    customer_numbers,
    opened_addresses,
    withdrawn,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

log = logging.getLogger("bespoke")


def publish(run: Run) -> None:
    """Write the night's export and let readers see the night.

    Nothing is switched before the export is whole; a night before one that was published already
    gets its export and leaves the pointer where it is.
    """
    from pyspark.sql import functions as F

    with recorded(run, "publish") as record:
        lists = _read(run, record, RECOMMENDATIONS).where(F.col("as_of") == F.lit(run.as_of))
        recipients, keyed_by = _recipients(run, record)
        length = run.settings.export.products
        rows = export_rows(lists, _read(run, record, PRODUCTS), recipients, length=length)
        versions = lists.where("strategy = 'als'").select("model_version").distinct().collect()
        manifest: dict[str, Any] = {
            "recipient": keyed_by,
            "purpose": run.settings.export.purpose,
            "model_version": sorted(row[0] for row in versions),
            "lake_versions": dict(sorted(record.inputs.items())),
            "run_id": run.id,
            "written_at": datetime.now(UTC).isoformat(timespec="seconds"),
            **_assumed(run),
        }
        folder = pointer.export_folder(run.home)
        place = write_export(folder, run.as_of, rows.columns, rows.toLocalIterator(), manifest)
        shown = pointer.publish(run.lake, run.home, run.as_of, run.id)
    log.info("publish: %s%s", place, "" if shown else " (a later night stays the one shown)")


def _read(run: Run, record: Record, table: Table) -> DataFrame:
    version = run.lake.version(table)
    record.inputs[table.id] = version
    return run.lake.read(table, version)


def _recipients(run: Run, record: Record) -> tuple[DataFrame, str]:
    """Who is written to, and by what a row is addressed."""
    wanted = run.settings.export
    keyed_by = source_set(conf_folder() / "sources", run.settings.source).main.recipient
    identifiers = _read(run, record, IDENTIFIERS)
    persons = _read(run, record, PERSONS)
    consents = _read(run, record, CONSENTS)
    if keyed_by == "customer_no":
        # Such a set declares what it assumes; without that nobody has agreed.
        numbers = customer_numbers(identifiers, persons)
        if wanted.purpose not in run.settings.profiles.assumed_purposes:
            numbers = numbers.limit(0)
        gone = withdrawn(consents, identifiers, as_of=run.as_of, purpose=wanted.purpose)
        return numbers.join(gone, "person_id", "left_anti"), keyed_by
    addresses = consented_addresses(
        _read(run, record, CUSTOMERS),
        consents,
        identifiers,
        persons,
        as_of=run.as_of,
        channel=wanted.channel,
        purpose=wanted.purpose,
    )
    contacts, keys = _read(run, record, VAULT_CONTACTS), _read(run, record, VAULT_KEYS)
    return opened_addresses(addresses, contacts, keys, key_file(run.home)), keyed_by


def _assumed(run: Run) -> dict[str, Any]:
    assumed = source_set(conf_folder() / "sources", run.settings.source).main.assumed_purposes
    return {"assumed_purposes": {a.purpose: a.why for a in assumed}} if assumed else {}
