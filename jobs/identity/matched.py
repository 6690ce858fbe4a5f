"""New records weighed against all: what a matcher does with a night's records.

Which pairs are looked at, and what they weigh, follows from the two records and the matcher alone.
So whatever nights the records come in, the same pairs are found, each on the night of the later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from jobs.identity.formed import ROW, Former
from jobs.identity.matching.comparisons import grades
from jobs.identity.matching.matcher import Matcher
from jobs.identity.matching.model import MatchModel
from jobs.identity.matching.pairs import RECORDS, graded
from jobs.identity.matching.records import RECORD
from jobs.identity.matching.scoring import WEIGHT_UNIT, one_of, weighed
from jobs.lake import duck

LEAST = -10.0
"""Log2 odds below which a pair is not kept: to clusters it is as one that was never weighed."""
ANY = -1e6
"""Less than any pair weighs."""
_AT_A_TIME = 4_000_000
"""Blocks that are joined at a time."""


@dataclass(frozen=True, eq=False)
class Weighed:
    """What came of a night's records.

    Attributes
    ----------
    blocks : pyarrow.Table
        ``record_id``, ``blocks`` (list of int64) of each new record, in order.
    matches : pyarrow.Table
        ``left_id``, ``right_id`` (in order), ``weight``, ``probability``, ``comparison``,
        ``contradicting`` of each pair with a new record.
    """

    blocks: pa.Table
    matches: pa.Table


def weigh(
    new: Sequence[str],
    held: pa.Table,
    matcher: Matcher,
    form: Former,
    asked: Sequence[tuple[str, str]] = (),
    memory: str | None = None,
) -> Weighed:
    """Weigh new records against each other and against those held.

    Parameters
    ----------
    new : sequence of str
        Ids of records that are new or have changed, in order.
    held : pyarrow.Table
        ``record_id``, ``blocks`` of the others.
    matcher : Matcher
        The model.
    form : callable
        Brings records into their form.
    asked : sequence of (str, str)
        Pairs with a new record that are weighed in any case, however little speaks for them.
    memory : str, optional
        What DuckDB may take, as ``2GB``; what does not fit goes to disk.
    """
    with duck.opened() as database:
        if memory is not None:
            database.execute(f"SET memory_limit = '{memory}'")
        database.register("fresh", form(new))
        places = _candidates(database, held)
        old = held.column("record_id").take(places).to_pylist() if len(places) else []
        others = sorted({*old, *(record for pair in asked for record in pair)} - set(new))
        # The left one of a pair is the smaller id, whatever night it came in.
        ids = pa.array(sorted([*new, *others]), pa.string())
        database.register("names", pa.table({"number": _numbers(len(ids)), "id": ids}))
        database.register("of_new", _ranks(ROW, new, ids))
        if others:
            database.register("others", form(others))
            database.register("of_others", _ranks(ROW, others, ids))
        database.register("of_old", _ranks("place", old, ids).set_column(0, "place", places))
        _load(database, matcher.model, with_others=bool(others))
        database.execute(
            "CREATE TEMP TABLE candidates AS "
            "SELECT least(a.record, b.record) AS l, greatest(a.record, b.record) AS r "
            "FROM both_new JOIN of_new a USING (row) JOIN of_new b ON b.row = other "
            "UNION ALL SELECT least(a.record, o.record), greatest(a.record, o.record) "
            "FROM with_old JOIN of_new a USING (row) JOIN of_old o USING (place)"
        )
        matches = _matches(database, matcher, "FROM candidates", LEAST)
        if asked:
            ends = {
                side: pc.index_in(pa.array([pair[n] for pair in asked], pa.string()), value_set=ids)
                for n, side in enumerate("lr")
            }
            database.register("asked", pa.table(ends))
            database.register("usual", matches)
            database.register("certain", _matches(database, matcher, "FROM asked", ANY))
            matches = _table(
                database,
                "SELECT * FROM (FROM certain UNION ALL FROM usual ANTI JOIN certain "
                "USING (left_id, right_id)) ORDER BY left_id, right_id",
            )
        own = _table(database, "SELECT blocks FROM fresh ORDER BY row")
    return Weighed(own.add_column(0, "record_id", pa.array(list(new), pa.string())), matches)


def _numbers(count: int) -> pa.Array:
    return pa.array(range(count), pa.int64())


def _ranks(name: str, records: Sequence[str], ids: pa.Array) -> pa.Table:
    """Return the place of each of some records (``name``), and its number among all."""
    found = pc.index_in(pa.array(list(records), pa.string()), value_set=ids)
    return pa.table({name: _numbers(len(records)), RECORD: found.cast(pa.int64())})


def _candidates(database: duckdb.DuckDBPyConnection, held: pa.Table) -> pa.Array:
    """Find pairs with a block in common; return the places of those held that are in any.

    ``both_new`` gets ``row`` and ``other``, ``with_old`` gets ``row`` and ``place``.
    """
    lists = held.column("blocks").combine_chunks()
    known = pa.table({"place": pc.list_parent_indices(lists), "block": pc.list_flatten(lists)})
    database.register("known", known.cast(pa.schema({"place": pa.int64(), "block": pa.int64()})))
    database.execute("CREATE TEMP TABLE keys AS SELECT row, unnest(blocks) AS block FROM fresh")
    (count,) = database.execute("SELECT count(*) FROM keys").fetchall()[0]
    slices = max(count // _AT_A_TIME, 1)
    database.execute("CREATE TEMP TABLE found (row BIGINT, other BIGINT)")
    for number in range(slices):
        database.execute(
            "WITH part AS MATERIALIZED (SELECT * FROM keys WHERE abs(block % $1) = $2) "
            "INSERT INTO found SELECT a.row, b.row FROM part a JOIN part b USING (block) "
            "WHERE a.row < b.row",
            [slices, number],
        )
    database.execute("CREATE TEMP TABLE both_new AS SELECT DISTINCT row, other FROM found")
    database.execute("DROP TABLE found")
    database.execute(
        "CREATE TEMP TABLE with_old AS "
        "SELECT DISTINCT row, place FROM keys JOIN known USING (block)"
    )
    database.execute("DROP TABLE keys")
    places = _table(database, "SELECT DISTINCT place FROM with_old ORDER BY place")
    return places.column("place").combine_chunks()


def _load(database: duckdb.DuckDBPyConnection, model: MatchModel, *, with_others: bool) -> None:
    """Put forms into the table that pairs are graded by, each under its number."""
    columns = ", ".join(
        [*(c for c in model.columns if c != RECORD), *(f"{name}_rarity" for name in model.roles)]
    )
    rows = [
        f"SELECT record, {columns} FROM {forms} JOIN {ranks} USING (row)"  # noqa: S608  our own names
        for forms, ranks in (("fresh", "of_new"), ("others", "of_others"))[: 1 + with_others]
    ]
    database.execute(f"CREATE OR REPLACE TEMP TABLE {RECORDS} AS {' UNION ALL '.join(rows)}")


def _matches(
    database: duckdb.DuckDBPyConnection, matcher: Matcher, pairs: str, least: float
) -> pa.Table:
    """Weigh pairs of records."""
    model = matcher.model
    query = weighed(model, graded(model, pairs), least=least, columns=list(model.roles))
    return _table(
        database,
        f"SELECT a.id AS left_id, b.id AS right_id, {', '.join(columns_of_a_match(matcher))} "  # noqa: S608  our own names
        f"FROM ({query}) JOIN names a ON a.number = l JOIN names b ON b.number = r ORDER BY l, r",
    )


def _table(database: duckdb.DuckDBPyConnection, query: str) -> pa.Table:
    found: pa.Table = database.sql(query).to_arrow_table()
    return found


def columns_of_a_match(matcher: Matcher) -> list[str]:
    """Write what is kept of a weighed pair, as SQL that DuckDB and Spark both read."""
    bits = f"CAST(w AS DOUBLE) / {WEIGHT_UNIT}"
    words = []
    for name, told in labels(matcher).items():
        said = [f"{name} {word}".replace("'", "''") for word in told]
        cases = " ".join(f"WHEN {grade} THEN '{word}'" for grade, word in enumerate(said))
        words.append(f"CASE {name} {cases} END")
    against = " OR ".join(f"{name} = 0" for name in one_of(matcher.model)) or "FALSE"
    return [
        f"{bits} AS weight",
        f"round(1 / (1 + pow(2, -({bits}))), 6) AS probability",
        f"concat_ws(', ', {', '.join(words)}) AS comparison",
        f"{against} AS contradicting",
    ]


def labels(matcher: Matcher) -> dict[str, list[str]]:
    """Say in words what each grade of each field is, from the lowest."""
    model = matcher.model
    return {
        name: ["differs", *(label for label, _ in grades(name, role, model.columns)[1:])]
        for name, role in model.roles.items()
    }
