"""Publish a night: the export written, then the pointer moved, last; and back again."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jobs.ingest.catalogue import SourceSet, source_set
from jobs.lake.contract import Table
from jobs.lake.errors import DataError
from jobs.lake.run import Record, Run
from jobs.lake.runner import recorded
from jobs.lake.settings import conf_folder
from jobs.lake.tables.bronze import VAULT_CONTACTS, VAULT_KEYS
from jobs.lake.tables.identity import IDENTIFIERS, PERSONS
from jobs.lake.tables.serving import RECOMMENDATIONS
from jobs.lake.tables.silver import CONSENTS, CUSTOMERS, PRODUCTS
from jobs.lake.unchanged import unchanged
from jobs.privacy.audit import EXPORT, ROLLBACK, Act, note
from jobs.privacy.keyring import key_file
from jobs.profiles.consent import addresses_of, consent_acts, current_consents, current_purposes
from jobs.profiles.profiles import PERSONALIZATION
from jobs.publish import pointer
from jobs.publish.export import export_rows, is_whole, write_export
from jobs.publish.recipients import CUSTOMER_NO, consented_addresses, consented_numbers
from jobs.publish.vault import opened, sealed_addresses

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

log = logging.getLogger("bespoke")


def publish(run: Run) -> None:
    """Write the night's export and let readers see the night.

    Nothing is switched before the export is whole; a night before the one that is shown gets its
    export and leaves the pointer where it is.

    Raises
    ------
    DataError
        The night has no lists.
    """
    with recorded(run, "publish") as record:
        if unchanged(run, record, still=lambda _: _shown(run)):
            return
        place = _write_export(run, record)
        shown = pointer.publish(run.lake, run.home, run.as_of, run.id)
    log.info("publish: %s%s", place, "" if shown else " (a later night stays the one shown)")


def _shown(run: Run) -> bool:
    """Whether readers are shown this night as it stands, and its export is whole."""
    moves = pointer.switches(run.lake)
    return (
        bool(moves)
        and moves[-1]["as_of"] == run.as_of
        and moves[-1]["table_version"] == run.lake.version(RECOMMENDATIONS)
        and is_whole(pointer.export_folder(run.home), run.as_of)
    )


def roll_back(run: Run) -> None:
    """Write an earlier night's export anew, then show that night again.

    Anew, because its rows are of a day when some people had not withdrawn yet.
    """
    with recorded(run, "rollback") as record:
        place = _write_export(run, record)
        note(run.lake, Act(ROLLBACK, run.as_of.isoformat(), "an earlier night is shown again"))
        pointer.go_back(run.lake, run.home, run.as_of)
    log.info("rollback: %s", place)


def _write_export(run: Run, record: Record) -> Path:
    sources = source_set(conf_folder() / "sources", run.settings.source)
    lists, models = _lists(run, record)
    recipients = _recipients(run, record, sources)
    length = run.settings.export.products
    # Names and prices of the night; who is written to follows from what is known by now.
    products = run.lake.read(PRODUCTS, run.version_of(PRODUCTS, record))
    rows = export_rows(lists, products, recipients, length=length)
    if sources.main.recipient != CUSTOMER_NO:
        rows = opened(rows, key_file(run.home))
    manifest: dict[str, Any] = {
        "recipient": sources.main.recipient,
        "purpose": run.settings.export.purpose,
        "model_version": models,
        "lake_versions": dict(sorted(record.inputs.items())),
        "run_id": run.id,
        "written_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    if sources.main.assumed_purposes:
        manifest["assumed_purposes"] = {a.purpose: a.why for a in sources.main.assumed_purposes}
    folder = pointer.export_folder(run.home)

    def leaving(count: int) -> None:
        details = {"night": run.as_of.isoformat(), "channel": run.settings.export.channel}
        act = Act(EXPORT, "exports/email", run.settings.export.purpose, count, run.id, details)
        note(run.lake, act)

    return write_export(folder, run.as_of, rows.columns, rows.toLocalIterator(), manifest, leaving)


def _read(run: Run, record: Record, table: Table) -> DataFrame:
    version = run.lake.version(table)
    record.inputs[table.id] = version
    return run.lake.read(table, version)


def _lists(run: Run, record: Record) -> tuple[DataFrame, list[str]]:
    """Return the night's lists, and the versions of the models that made them."""
    from pyspark.sql import functions as F

    lists = _read(run, record, RECOMMENDATIONS).where(F.col("as_of") == F.lit(run.as_of))
    made_by = lists.select("strategy", "model_version").distinct().collect()
    if not made_by:
        raise DataError(
            f"there are no lists of {run.as_of}, so nothing was exported and what is shown stays: "
            f"make them by `bespoke job recommend --date {run.as_of}`, then publish again"
        )
    return lists, sorted({row["model_version"] for row in made_by if row["strategy"] == "als"})


def _recipients(run: Run, record: Record, sources: SourceSet) -> DataFrame:
    """Who is written to, by what a row is addressed, and who wants nothing personal any more.

    Consent is that of the night, less all that was withdrawn since: whatever night an export is
    of, it holds nobody of whom it is known by now that they do not want it.
    """
    from pyspark.sql import functions as F

    wanted = run.settings.export
    identifiers, persons = _read(run, record, IDENTIFIERS), _read(run, record, PERSONS)
    addresses = addresses_of(_read(run, record, CUSTOMERS), identifiers)
    consents = _read(run, record, CONSENTS)
    acts = consent_acts(
        consents, identifiers, addresses, run.as_of, later_withdrawals=True
    ).localCheckpoint()
    agreements = current_consents(acts, addresses).where(
        (F.col("channel") == wanted.channel) & (F.col("purpose") == wanted.purpose)
    )
    impersonal = (
        current_purposes(acts)
        .where((F.col("purpose") == PERSONALIZATION) & ~F.col("granted"))
        .select("person_id", F.lit(True).alias("impersonal"))
    )
    if sources.main.recipient == CUSTOMER_NO:
        assumed = wanted.purpose in run.settings.profiles.assumed_purposes
        recipients = consented_numbers(agreements, identifiers, persons, assumed=assumed)
    else:
        recipients = sealed_addresses(
            consented_addresses(agreements, persons),
            _read(run, record, VAULT_CONTACTS),
            _read(run, record, VAULT_KEYS),
            first=[n for n, _, feed in sources.feeds() if feed.kind in ("crm", "consents")],
        )
    return recipients.join(impersonal, "person_id", "left")
