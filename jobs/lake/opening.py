"""Opening: what is looked at before a lake is written, and how it gets the form of this release.

A note beside the tables says which of them were made and by which contracts. While it holds, an
opening reads it, looks for the tables' folders and at what the last runs recorded, and no more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from jobs.lake import upgrade
from jobs.lake.contract import Refresh, Table
from jobs.lake.ends import missing_ends
from jobs.lake.errors import ClockError, DataError
from jobs.lake.fit import align, differences, lacking
from jobs.lake.folders import Folder
from jobs.lake.lock import writer
from jobs.lake.migrations import MIGRATIONS, Migration
from jobs.lake.moves import moved
from jobs.lake.note import NOTE, Note, digest_of, read_note, write_note
from jobs.lake.rewrite import is_table, place
from jobs.lake.steps import Added, ChangeKey
from jobs.lake.store import Lake
from jobs.lake.tables import TABLES
from jobs.lake.tables.migrations import MIGRATIONS_RUN
from jobs.lake.tables.ops import RUNS
from jobs.lake.upgrade import Ledger

BEHIND = timedelta(minutes=1)
"""How far the clock may be behind: machines that share a lake are not set to the second."""
DERIVED = ("identity", "gold", "serving")
"""Layers whose tables follow from others."""


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
        It; where it is refused, no row of it is changed.
    tables : mapping of str to Table
        The contracts.
    migrations : sequence of Migration
        What is to be done to lakes of earlier releases, in order.
    now : datetime, optional
        The machine's clock.

    Raises
    ------
    DataError
        A table is gone, cannot be read or lacks the end of its log, a later release wrote the
        lake, or a table differs from its contract in a way that no migration mends.
    ClockError
        The machine's clock is behind the lake's last run.
    """
    note, digest = read_note(lake.root), digest_of(tables, migrations)
    made = note.made if note else _made_of_old(lake, tables)
    _refuse_gone(lake, made, migrations)
    if short := missing_ends(lake, recent=True):
        raise DataError("\n".join(short))
    _refuse_clock(lake, now or datetime.now(UTC))
    if note is not None and note.digest == digest:
        return
    with writer(lake.root, "opening the lake"):
        if said := of_later_release(lake, migrations):
            raise DataError(said)
        # The ledger first: what follows is recorded in it.
        align(lake.delta(MIGRATIONS_RUN), MIGRATIONS_RUN)
        upgrade.run_pending(lake, migrations)
        _to_contracts(lake, tables, migrations, note)
        write_note(lake, tables, digest)


def gone(root: Folder, made: Iterable[str], migrations: Sequence[Migration]) -> list[str]:
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


def of_later_release(lake: Lake, migrations: Sequence[Migration]) -> str | None:
    """Say that a later release wrote the lake; None when none did."""
    installed, note = upgrade.release(), read_note(lake.root)
    if note and upgrade.order(note.release) > upgrade.order(installed):
        return (
            f"the lake was written by release {note.release}, and this is {installed}: install "
            "that one, or take its migrations back with it (bespoke migrate --back-to …)"
        )
    names = {migration.id for migration in migrations}
    # Columns that were added without one are told of where a table does not fit its contract.
    ran = [row for row in Ledger(lake).now_in_force() if not upgrade.is_addition(row)]
    unknown = {r["migration_id"]: r["release"] for r in ran if r["migration_id"] not in names}
    if not unknown:
        return None
    return (
        f"the lake has migration(s) that release {installed} does not know: {', '.join(unknown)} "
        f"(of release {list(unknown.values())[-1]}). Install that one, or take them back with it "
        "(bespoke migrate --back-to …)"
    )


def foreseen(lake: Lake, tables: Mapping[str, Table]) -> list[str]:
    """Return what an opening would add without a migration; nothing for a lake not made yet."""
    if not lake.exists(RUNS):
        return []
    said = []
    for table in tables.values():
        if lake.exists(table):
            names = lacking(lake.delta(table), table)
            said += [str(Added(table.id, name)) for name in names]
        else:
            said.append(f"{table.id} is made")
    return said


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


def _told(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
