"""Resolution of person records of any kind, from their columns alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from jobs.identity.matching.blocking import rules_for
from jobs.identity.matching.clustering import Given, Linkage, clusters
from jobs.identity.matching.fields import RecordsError, Role, find_fields
from jobs.identity.matching.model import MatchModel, untrained
from jobs.identity.matching.pairs import blocked, drawn, graded, kept, load
from jobs.identity.matching.patterns import pattern_counts
from jobs.identity.matching.records import (
    RECORD,
    ROW,
    SIDE,
    cleared,
    keys,
    normalised,
    numbered,
    placeholders,
)
from jobs.identity.matching.scoring import Edges, scored
from jobs.identity.matching.settings import MatchSettings
from jobs.identity.matching.training import equal_pairs, estimated, frequencies
from jobs.lake import duck

Labels: TypeAlias = Sequence[tuple[int, int, bool]]
"""Pairs of records, by number, of which people have said whether they are one person."""
_LEAST = -10.0
"""Log2 odds below which a scored pair counts as one that was not: it is no more against."""
_COPIES = 20
"""So many records that are the same in all are compared as any others are."""
_SEED = 20_190_507
_MADE = {role.value: role for role in (Role.FIRST_NAME, Role.MIDDLE_NAME, Role.LAST_NAME,
                                       Role.BIRTH_DATE, Role.HOUSE_NUMBER)}  # fmt: skip
"""Fields that normalisation makes of others."""
_NAMING = {Role.FIRST_NAME, Role.LAST_NAME, Role.BIRTH_DATE, Role.EMAIL, Role.PHONE,
           Role.IDENTIFIER}  # fmt: skip
"""What two persons hardly share: records that say it, and differ in nothing, are one person."""
_NO_PAIRS = np.zeros(0, dtype=np.int64)
_NO_EDGES = Edges(_NO_PAIRS, _NO_PAIRS, _NO_PAIRS)


@dataclass(frozen=True, eq=False)
class Resolved:
    """Records with the person each belongs to.

    Attributes
    ----------
    keys : list of str
        Key of each record, in order.
    sides : array of int
        Which file it is from: 0, or 1 for the second of two.
    rows : array of int
        Its row in that file, from 0.
    cluster : array of int
        For each the number of the first record of its person.
    edges : Edges
        The pairs that were scored.
    model : MatchModel
        What they were weighed by.
    """

    keys: list[str]
    sides: NDArray[np.int64]
    rows: NDArray[np.int64]
    cluster: NDArray[np.int64]
    edges: Edges
    model: MatchModel


def resolve(
    files: Sequence[pd.DataFrame], settings: MatchSettings, *, without: tuple[str, ...] = ()
) -> Resolved:
    """Find out which records are one person.

    Parameters
    ----------
    files : sequence of DataFrame
        Records as read, a row each. Of two files records are linked one to one across them, and
        none within.
    settings : MatchSettings
        How.
    without : tuple of str
        Columns that are left alone, as that of the truth.

    Returns
    -------
    Resolved
        The same whatever order the records come in, where they have an id.

    Raises
    ------
    RecordsError
        The columns tell of no person, or two files nothing in common, or ids are missing or stand
        twice.
    """
    linked = len(files) == 2
    tables: list[pd.DataFrame] = []
    record_keys: list[str] = []
    roles: dict[str, Role] = {}
    for side, frame in enumerate(files):
        # Of two files each may have columns of its own; what neither has is a mistake in both.
        said = {
            column: role
            for column, role in settings.columns.items()
            if column in frame.columns or not any(column in other.columns for other in files)
        }
        id_column, fields = find_fields(frame, said=said, without=without)
        table = normalised(frame, fields, settings)
        table[SIDE], table[ROW] = side, np.arange(len(frame))
        tables.append(table)
        record_keys += keys(frame, id_column)
        roles |= {field.name: field.role for field in fields}
    table, record_keys = numbered(pd.concat(tables, join="inner", ignore_index=True), record_keys)
    sides, rows = (table.pop(name).to_numpy(dtype=np.int64) for name in (SIDE, ROW))
    if linked:
        table[SIDE] = sides
    roles = {name: role for name, role in (_MADE | roles).items() if name in table.columns}
    if not roles:
        raise RecordsError("The two files tell nothing in common; say in --settings what they hold")
    nobodys = placeholders(table, roles, most_names=settings.most_names)
    table = cleared(table, roles, {n: table[n].isin(v) for n, v in nobodys.items()})
    compared = compared_fields(table, roles)
    naming = [name for name, role in compared.items() if role in _NAMING]
    copies = np.arange(len(table)) if linked else first_copies(table, list(compared), naming)
    told = table[copies == np.arange(len(table))]
    rules = rules_for(
        told, compared, pairs=settings.pairs, all_pairs_up_to=settings.all_pairs_up_to
    )
    model = untrained(compared, tuple(table.columns), rules, linked=linked)
    model = model.with_frequencies(frequencies(told, model))
    edges = _NO_EDGES
    if rules and naming:
        with duck.opened() as database:
            model, edges = _matched(database, with_rarity(told, model), model, settings)
    linkage = Linkage(
        accept=settings.accept,
        mean_share=settings.mean_share,
        unscored=settings.unscored,
        review=settings.accept,
        contradicting=settings.contradicting,
    )
    given = Given(
        np.arange(len(table), dtype=np.int64),
        contradicting=edges.contradicting,
        sides=sides if linked else None,
    )
    cluster = clusters(edges, len(table), linkage, given).label[copies]
    if not model.roles and _NAMING.intersection(roles.values()):
        cluster = _all_one(sides)
    return Resolved(record_keys, sides, rows, cluster, edges, model)


def first_copies(
    table: pd.DataFrame, columns: Sequence[str], naming: Sequence[str]
) -> NDArray[np.int64]:
    """Find records that tell letter by letter what many others do, and name somebody.

    A few copies are pairs like others, to learn from. A thousand would be half a million, and
    leave none of the pairs that may be compared to anybody else.

    Returns
    -------
    array of int
        For each record its own number; for a copy beyond the first few, that of the first.
    """
    first = np.arange(len(table), dtype=np.int64)
    if not naming:
        return first
    telling = max(columns, key=lambda column: table[column].nunique())
    held = table[telling].map(table[telling].value_counts())
    named = table[list(naming)].notna().any(axis=1)
    many = np.flatnonzero((named & (held > _COPIES)).to_numpy())
    if not len(many):
        return first
    same = pd.util.hash_pandas_object(table.iloc[many][list(columns)].astype(str), index=False)
    groups = same.groupby(same.to_numpy())
    place = groups.cumcount().to_numpy()
    head = pd.Series(many).groupby(same.to_numpy()).transform("first").to_numpy()
    first[many[place >= _COPIES]] = head[place >= _COPIES]
    return first


def _matched(
    database: duckdb.DuckDBPyConnection,
    table: pd.DataFrame,
    model: MatchModel,
    settings: MatchSettings,
) -> tuple[MatchModel, Edges]:
    """Learn the weights, from a sample of the records where they are many, and score the pairs."""
    draw = np.random.default_rng(_SEED)
    few = sample(table, settings.sample_records, draw, linked=model.linked)
    load(database, as_arrow(few))
    found = kept(database, graded(model, blocked(model)))
    model = trained(database, few, model, found, settings.sample_pairs, draw)
    if len(few) < len(table):
        load(database, as_arrow(table))
        found = graded(model, blocked(model))
    return model, scored(database, model, found, least=_LEAST)


def trained(
    database: duckdb.DuckDBPyConnection,
    table: pd.DataFrame,
    model: MatchModel,
    found: str,
    pairs: int,
    draw: np.random.Generator,
    labels: Labels = (),
) -> MatchModel:
    """Learn the weights from records.

    Parameters
    ----------
    database : DuckDBPyConnection
        Where the records are loaded.
    table : DataFrame
        The same, with ``record``, and with ``side`` where two files are linked.
    model : MatchModel
        Where to begin.
    found : str
        Graded pairs of its rules.
    pairs : int
        How many are drawn at random, to learn what agreement by chance looks like.
    draw : Generator
        Draws them.
    labels : sequence of (int, int, bool)
        Pairs of records of which people have said whether they are one person.
    """
    decided = _graded_labels(database, model, labels)
    blocked_patterns = pattern_counts(database, model, found)
    records = table[RECORD].to_numpy(dtype=np.int64)
    of_side = [records]
    every = len(records) * (len(records) - 1) / 2
    if model.linked:
        of_side = [records[table[SIDE].to_numpy(dtype=np.int64) == side] for side in (0, 1)]
        every = float(len(of_side[0])) * len(of_side[1])
    if model.rules == ((),):
        return estimated(
            model, blocked_patterns, blocked_patterns, all_pairs=every, decided=decided
        )
    left, right = _drawn(of_side[0], of_side[-1], pairs, draw)
    by_chance = pattern_counts(database, model, graded(model, drawn(database, left, right)))
    equal = equal_pairs(table, model, linked=model.linked)
    return estimated(
        model, blocked_patterns, by_chance, all_pairs=every, equal=equal, decided=decided
    )


def _graded_labels(
    database: duckdb.DuckDBPyConnection, model: MatchModel, labels: Labels
) -> pd.DataFrame | None:
    """Grades of the pairs that were decided, and what was said of them."""
    said = {(min(one, two), max(one, two)): same for one, two, same in labels if one != two}
    if not said:
        return None
    left, right = np.array(sorted(said), dtype=np.int64).T
    found: pd.DataFrame = database.sql(f"FROM {graded(model, drawn(database, left, right))}").df()
    keys = zip(found["l"], found["r"], strict=True)
    return found.assign(one=[said[int(one), int(two)] for one, two in keys])


def sample(
    table: pd.DataFrame, size: int, draw: np.random.Generator, *, linked: bool
) -> pd.DataFrame:
    """Draw so many records; of two files as large a share of each, and of each at least one."""
    if len(table) <= size:
        return table
    share = size / len(table)
    sides = table[SIDE].to_numpy(dtype=np.int64) if linked else np.zeros(len(table), np.int64)
    chosen = [
        draw.choice(of_side, max(round(share * len(of_side)), 1), replace=False)
        for of_side in map(np.flatnonzero, (sides == 0, sides == 1))
        if len(of_side)
    ]
    return table.iloc[np.sort(np.concatenate(chosen))]


def with_rarity(table: pd.DataFrame, model: MatchModel) -> pd.DataFrame:
    """Add ``<field>_rarity``: the share of the records that hold its value, as log2."""
    rare = {
        f"{name}_rarity": np.log2(table[name].map(model.frequencies[name])) for name in model.roles
    }
    return table.assign(**rare)


def as_arrow(table: pd.DataFrame) -> pa.Table:
    """Return a table of normal forms for an engine: lists as lists, the rest as text."""
    columns = {}
    for column in table.columns:
        kind = pa.string()
        if column in (RECORD, SIDE) or _follows(column, "_letters", table):
            kind = pa.int64()
        elif _follows(column, "_rarity", table):
            kind = pa.float64()
        elif _follows(column, "_alias", table):
            kind = pa.list_(pa.string())
        columns[column] = pa.array(table[column].tolist(), kind, from_pandas=True)
    return pa.table(columns)


def _follows(column: str, suffix: str, table: pd.DataFrame) -> bool:
    """Whether a column was derived from another; a field may be called so too."""
    return column.endswith(suffix) and column.removesuffix(suffix) in table.columns


def compared_fields(table: pd.DataFrame, roles: Mapping[str, Role]) -> dict[str, Role]:
    """Fields that came out of normalisation with more than one value."""
    return {
        column: roles[column]
        for column in table.columns
        if column in roles and table[column].nunique() > 1
    }


def _all_one(sides: NDArray[np.int64]) -> NDArray[np.int64]:
    """Clusters of records that all say the same: one person, or in each one of either file."""
    number = pd.Series(np.arange(len(sides)))
    place = number.groupby(sides).cumcount() if sides.any() else number * 0
    return number.groupby(place).transform("min").to_numpy(dtype=np.int64)


def _drawn(
    left_of: NDArray[np.int64], right_of: NDArray[np.int64], count: int, draw: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of different records, each once."""
    left, right = draw.choice(left_of, count), draw.choice(right_of, count)
    low, high = np.minimum(left, right), np.maximum(left, right)
    pairs = np.unique(np.stack([low, high], axis=1)[low < high], axis=0)
    return pairs[:, 0], pairs[:, 1]
