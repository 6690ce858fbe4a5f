"""Arrivals: files that are new or changed; those that are empty or refused are noted."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from jobs.ingest.catalogue import Feed
from jobs.ingest.changes import tell_owner
from jobs.ingest.feeds import FeedNight
from jobs.ingest.landing import Inspected, Landed, find_files, inspect
from jobs.lake.errors import DataError
from jobs.lake.notice import notice
from jobs.lake.run import Record
from jobs.lake.tables.ops import QUARANTINE

TOLD = 5
"""Files that a notice names; more are listed in quarantine."""


def new_files(night: FeedNight, record: Record) -> list[Inspected]:
    """Find the files that are new or changed; note those that are empty or refused.

    What waits of their earlier contents is given up.

    What names no day counts for the night that takes it. Of nights that are caught up that is the
    last one: it came while the others were missed, or since.

    Raises
    ------
    DataError
        The landing is no folder.
    """
    run, feed, ledger = night.run, night.mapping.feed, night.ledger
    if feed.jdbc is not None:
        if run.leads_to is not None:
            return []
        found = _jdbc_snapshot(night.mapping.name, feed, run.as_of)
        return [] if ledger.known(found) else [found]
    if not night.landing.is_dir():
        raise DataError(
            f"{night.mapping.name}: its files are wanted in {night.landing}, which is no folder "
            "(`bespoke run` makes those of the demo)"
        )
    taken = [f for f in find_files(night.landing, feed, run.as_of) if f.dated or not run.leads_to]
    landed = [f for f in taken if not ledger.seen(f)]
    inspected = [inspect(f, feed, ledger.before(f.name)) for f in landed]
    fresh = [f for f in inspected if ledger.known(f) is None]
    ledger.touch([f for f in inspected if ledger.known(f) is not None])
    refused = [f for f in fresh if f.refused]
    if refused:
        _refuse(night, refused)
        record.error = (
            f"{len(refused)} file(s) refused: {refused[0].landed.name}: {refused[0].refused}"
        )
    empty = [f for f in fresh if f.empty]
    good = [f for f in fresh if not f.refused and not f.empty]
    # Before they are noted: what is known to be empty is not looked at again.
    ledger.give_up([*empty, *good])
    ledger.note(empty, "empty", run.as_of)
    for file in good:
        if ledger.was_refused(file):
            run.lake.update_rows(
                QUARANTINE,
                f"source = '{night.mapping.name}' AND row_id = '{file.file_id}:0'",
                {"replayed_on": f"DATE '{run.as_of}'"},
            )
    tell_owner(night, good)
    return good


def _refuse(night: FeedNight, files: list[Inspected]) -> None:
    """Tell of whole files that cannot be read; note them in quarantine, as line 0, and the ledger.

    In the ledger last: a night that is killed in between tells twice.
    """
    run, name, owner = night.run, night.mapping.name, night.mapping.feed.owner
    said = [f"{f.landed.name}: {f.refused}" for f in files]
    more = f"; and {len(said) - TOLD} more" if len(said) > TOLD else ""
    notice(
        {
            "text": f"{name}: {len(files)} file(s) refused: {'; '.join(said[:TOLD])}{more}. "
            f"Owner of the feed: {owner}",
            "feed": name,
            "owner": owner,
            "refused": "; ".join(said),
            "date": run.as_of.isoformat(),
        },
        run.settings.airflow.alert_webhook,
    )
    known = run.lake.rows(QUARANTINE, [("source", "=", name), ("line", "=", 0)]).to_pylist()
    noted = {(row["row_id"], *row["reasons"]) for row in known if row["replayed_on"] is None}
    run.lake.append_rows(
        QUARANTINE,
        [
            {
                "row_id": f"{f.file_id}:0",
                "source": night.mapping.name,
                "file": f.landed.name,
                "file_id": f.file_id,
                "line": 0,
                "reasons": [f"file: {f.refused}"],
                "loaded_on": run.as_of,
                "run_id": run.id,
            }
            for f in files
            if (f"{f.file_id}:0", f"file: {f.refused}") not in noted
        ],
    )
    night.ledger.note(files, "refused", run.as_of)


def _jdbc_snapshot(name: str, feed: Feed, as_of: date) -> Inspected:
    """Stand in for a file: the state of a table on one night."""
    if feed.jdbc is None:
        raise ValueError(f"{name} has no jdbc table")
    label = f"jdbc/{feed.jdbc.table}/{as_of}"
    landed = Landed(Path(label), label, as_of, 0, datetime(1970, 1, 1, tzinfo=UTC))
    return Inspected(landed, f"{name}@{as_of}", 1, header=feed.field_names)
