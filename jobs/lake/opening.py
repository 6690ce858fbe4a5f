"""Opening: what is looked at before a lake is written, and how it gets the form of this release.

A note beside the tables says which of them were made and by which contracts. While it holds, an
opening reads it, looks for the tables' folders and for the time of the last run, and no more.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from jobs.lake import upgrade
from jobs.lake.contract import Refresh, Table
from jobs.lake.errors import ClockError, DataError
from jobs.lake.fit import align, differences, lacking
from jobs.lake.lock import writer
from jobs.lake.migrations import MIGRATIONS, Migration
from jobs.lake.moves import moved
from jobs.lake.rewrite import is_table, place
from jobs.lake.steps import ChangeKey
from jobs.lake.store import Lake
from jobs.lake.tables import TABLES
from jobs.lake.tables.migrations import MIGRATIONS_RUN
from jobs.lake.tables.ops import RUNS
from jobs.lake.upgrade import Ledger

log = logging.getLogger("bespoke")

NOTE = "_contracts.json"
BEHIND = timedelta(minutes=1)
"""How far the clock may be behind: machines that share a lake are not set to the second."""
DERIVED = ("identity", "gold", "serving")
"""Layers whose tables follow from others."""


@dataclass(frozen=True)
class Note:
    """What the lake was when it was opened last.

    Attributes
    ----------
    release : str
        The release that opened it.
    digest : str
        Of all contracts and migrations.
    made : dict of str to str
        Table to the day on which it was first seen (ISO 8601).
    keys : dict of str to list of str
        Table to its key.
    """

    release: str
    digest: str
    made: dict[str, str]
    keys: dict[str, list[str]]


def open_lake(
    lake: Lake,
    tables: Mapping[str, Table] = TABLES,
    migrations: Sequence[Migration] = MIGRATIONS,
    now: datetime | None = None,
) -> None:
    """Look whether a lake may be written, and bring it to the form that the contracts say.

    Parameters
    ----------
    lake : Lake
        It; nothing of it is written where it is refused.
    tables : mapping of str to Table
        The contracts.
    migrations : sequence of Migration
        What is to be done to lakes of earlier releases, in order.
    now : datetime, optional
        The machine's clock.

    Raises
    ------
    DataError
        A table is gone or cannot be read, a later release wrote the lake, or a table differs from
        its contract in a way that no migration mends.
    ClockError
        The machine's clock is behind the lake's last run.
    """
    note, digest = read_note(lake.root), digest_of(tables, migrations)
    made = note.made if note else _made_of_old(lake, tables)
    _refuse_gone(lake, made, migrations)
    _refuse_clock(lake, now or datetime.now(UTC))
    if note is not None and note.digest == digest:
        return
    with writer(lake.root, "opening the lake"):
        _refuse_newer(lake, note, migrations)
        if lake.exists(MIGRATIONS_RUN) and not differences(
            lake.delta(MIGRATIONS_RUN), MIGRATIONS_RUN
        ):
            align(lake.delta(MIGRATIONS_RUN), MIGRATIONS_RUN)
        upgrade.run_pending(lake, migrations)
        _to_contracts(lake, tables, migrations, note)
        write_note(lake, tables, digest)


def digest_of(tables: Mapping[str, Table], migrations: Sequence[Migration]) -> str:
    """Return a digest of all that decides what a lake of this release looks like."""
    told = [repr(table) for _, table in sorted(tables.items())] + [repr(m) for m in migrations]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def read_note(root: Path) -> Note | None:
    """Return what the lake was when it was opened last; None where nobody noted it."""
    try:
        found = json.loads((root / NOTE).read_text(encoding="utf-8"))
        return Note(found["release"], found["digest"], found["made"], found["keys"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_note(lake: Lake, tables: Mapping[str, Table], digest: str) -> None:
    """Note which tables there are, and by which contracts."""
    before = read_note(lake.root)
    since = before.made if before else {}
    today = datetime.now(UTC).date().isoformat()
    there = [name for name in tables if is_table(place(lake.root, name))]
    note = Note(
        upgrade.release(),
        digest,
        {name: since.get(name, today) for name in there},
        {name: list(tables[name].key) for name in there},
    )
    path = lake.root / NOTE
    path.with_suffix(".tmp").write_text(json.dumps(vars(note), indent=1), encoding="utf-8")
    os.replace(path.with_suffix(".tmp"), path)


def gone(root: Path, made: Iterable[str], migrations: Sequence[Migration]) -> list[str]:
    """Return the tables that were made and are not there, but for those a migration has moved."""
    left = {s.table for m in migrations for s in m.steps if moved(s, root)}
    return [name for name in made if name not in left and not is_table(place(root, name))]


def make_anew(lake: Lake, table: Table, why: str) -> None:
    """Make a table that is gone, empty, and record that somebody wanted it so.

    Raises
    ------
    DataError
        It is there.
    """
    if is_table(place(lake.root, table.id)):
        raise DataError(f"{table.id} is there: only a table that is gone is made anew")
    with writer(lake.root, f"making {table.id} anew"):
        lake.ensure(table)
        Ledger(lake).record(f"anew-{table.id}", why, 0, upgrade.ANEW, table=table.id)


def take_back(lake: Lake, migrations: Sequence[Migration], wanted: str) -> list[str]:
    """Take back the migrations after one, or after ``start``, so that their release can be left.

    Returns
    -------
    list of str
        The steps that were taken back, the latest first.

    Raises
    ------
    DataError
        There is no such migration, or a step cannot be taken back.
    """
    with writer(lake.root, f"going back to {wanted}"):
        # Whoever opens the lake next is to look at everything, whatever its release.
        (lake.root / NOTE).unlink(missing_ok=True)
        return upgrade.back_to(lake, migrations, wanted)


def last_written(lake: Lake) -> datetime | None:
    """Return when the last run ended; None while none has."""
    import pyarrow as pa

    if not lake.exists(RUNS):
        return None
    files = pa.table(lake.delta(RUNS).get_add_actions(flatten=True))
    ends = files.column("max.ended_at") if "max.ended_at" in files.column_names else None
    if ends is None or ends.null_count:
        ends = lake.rows(RUNS, columns=["ended_at"]).column("ended_at")
    return max((at for at in ends.to_pylist() if at is not None), default=None)


def clock_behind(lake: Lake, now: datetime) -> str | None:
    """Say that the machine's clock is behind the lake's last run; None when it is not."""
    last = last_written(lake)
    if last is None or now >= last - BEHIND:
        return None
    return (
        f"the machine's clock says {_told(now)}, but the lake's last run ended at {_told(last)}: "
        "what is written now would count as older than it. Set the clock (timedatectl), or wait "
        "until it has caught up"
    )


def _to_contracts(
    lake: Lake, tables: Mapping[str, Table], migrations: Sequence[Migration], note: Note | None
) -> None:
    there = {table: lake.delta(table) for table in tables.values() if lake.exists(table)}
    wrong = [said for table, delta in there.items() for said in differences(delta, table)]
    wrong += _other_keys(note.keys if note else {}, tables, migrations)
    if wrong:
        raise DataError(
            "the lake does not fit the contracts:\n  "
            + "\n  ".join(wrong)
            + "\nA change of this kind comes with a migration (jobs/lake/migrations.py); where a "
            "later release wrote the lake, open it with that one"
        )
    for table in tables.values():
        if table not in there:
            lake.ensure(table)
            continue
        # The ledger itself cannot tell of a column that it lacks.
        for column in lacking(there[table], table) if table != MIGRATIONS_RUN else ():
            upgrade.record_addition(lake, table.id, column)
        align(there[table], table)


def _other_keys(
    keys: Mapping[str, Sequence[str]],
    tables: Mapping[str, Table],
    migrations: Sequence[Migration],
) -> list[str]:
    """Return the tables whose key is another since, though no migration has looked at the rows."""
    looked = {(s.table, s.key) for m in migrations for s in m.steps if isinstance(s, ChangeKey)}
    return [
        f"{name}: its key was {', '.join(key)}, its contract wants {', '.join(tables[name].key)}"
        for name, key in keys.items()
        if name in tables
        and tuple(key) != tables[name].key
        and (name, tables[name].key) not in looked
    ]


def _made_of_old(lake: Lake, tables: Mapping[str, Table]) -> dict[str, str]:
    """Return the tables that runs have written, for a lake of a release that noted nothing."""
    if not lake.exists(RUNS):
        return {}
    rows = lake.rows(RUNS, columns=["as_of", "outputs"]).to_pylist()
    return {
        name: f"{row['as_of']}"
        for row in sorted(rows, key=lambda row: row["as_of"], reverse=True)
        for name, _ in row["outputs"] or ()
        if name in tables
    }


def _refuse_gone(lake: Lake, made: Mapping[str, str], migrations: Sequence[Migration]) -> None:
    missing = gone(lake.root, made, migrations)
    if missing:
        raise DataError("\n".join(lost(lake, name, made.get(name)) for name in missing))


def lost(lake: Lake, name: str, made: str | None) -> str:
    """Say of a table that is gone since when, and what can be done."""
    written = _last_written_by(lake, name) if name != RUNS.id else ""
    said = f"{name} is gone from {place(lake.root, name)}: it was there on {made}{written}. "
    said += "Restore its folder from a backup"
    if name.partition(".")[0] not in DERIVED or name not in TABLES:
        return f"{said}. (An empty one: bespoke migrate --anew {name} --why …; its rows are lost.)"
    whole = TABLES[name].refresh in (Refresh.REPLACE_ALL, Refresh.REPLACE_DATE)
    nights = "the last night" if whole else "the first night, which does all later ones again"
    return (
        f"{said}; or, since it follows from other tables: bespoke migrate --anew {name} --why …, "
        f"then run {nights}: bespoke run --date <day>"
    )


def _last_written_by(lake: Lake, name: str) -> str:
    if not lake.exists(RUNS):
        return ""
    rows = lake.rows(RUNS, columns=["job", "as_of", "ended_at", "outputs"]).to_pylist()
    wrote = [r for r in rows if r["ended_at"] and name in dict(r["outputs"] or ())]
    if not wrote:
        return ""
    last = max(wrote, key=lambda row: row["ended_at"])
    return f", and {last['job']} wrote it last at {_told(last['ended_at'])}"


def _refuse_clock(lake: Lake, now: datetime) -> None:
    said = clock_behind(lake, now)
    if said:
        raise ClockError(said)


def _refuse_newer(lake: Lake, note: Note | None, migrations: Sequence[Migration]) -> None:
    installed = upgrade.release()
    if note and upgrade.order(note.release) > upgrade.order(installed):
        raise DataError(
            f"the lake was written by release {note.release}, and this is {installed}: install "
            f"that one, or take its migrations back with it (bespoke migrate --back-to …)"
        )
    names = {migration.id for migration in migrations}
    # Columns that were added without one are told of where a table does not fit its contract.
    ran = [row for row in Ledger(lake).now_in_force() if not upgrade.is_addition(row)]
    unknown = {
        row["migration_id"]: row["release"] for row in ran if row["migration_id"] not in names
    }
    if unknown:
        raise DataError(
            f"the lake has migration(s) that release {installed} does not know: "
            f"{', '.join(unknown)} (of release {list(unknown.values())[-1]}). Install that "
            "one, or take them back with it (bespoke migrate --back-to …)"
        )


def _told(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
