"""Resolution of person records of any kind, from their columns alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from jobs.identity.matching.blocking import rules_for
from jobs.identity.matching.clustering import Linkage, clusters
from jobs.identity.matching.fields import RecordsError, Role, find_fields
from jobs.identity.matching.model import MatchModel, untrained
from jobs.identity.matching.patterns import blocked_patterns, drawn_patterns
from jobs.identity.matching.records import RECORD, ROW, SIDE, keys, normalised, numbered
from jobs.identity.matching.scoring import Edges, opened, scored
from jobs.identity.matching.settings import MatchSettings
from jobs.identity.matching.training import equal_pairs, estimated, frequencies

_LEAST = -10.0
"""Log2 odds below which a scored pair counts as one that was not: it is no more against."""
_SEED = 20_190_507
_MADE = {role.value: role for role in (Role.FIRST_NAME, Role.MIDDLE_NAME, Role.LAST_NAME,
                                       Role.BIRTH_DATE, Role.HOUSE_NUMBER)}  # fmt: skip
"""Fields that normalisation makes of others."""
_NAMING = {Role.FIRST_NAME, Role.LAST_NAME, Role.BIRTH_DATE, Role.EMAIL, Role.PHONE,
           Role.IDENTIFIER}  # fmt: skip
"""What two persons hardly share: records that say it, and differ in nothing, are one person."""
_NO_EDGES = Edges(*(np.zeros(0, dtype=np.int64) for _ in range(3)))


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
        table = normalised(frame, fields, region=settings.region)
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
    with opened() as database:
        model = trained(database, table, _compared(table, roles), settings, linked=linked)
        model = model.with_frequencies(frequencies(table, model.roles))
        edges = _NO_EDGES
        if model.roles and model.rules:
            edges = scored(database, as_arrow(with_rarity(table, model)), model, least=_LEAST)
    linkage = Linkage(settings.accept, settings.mean_share, settings.unscored)
    cluster = clusters(edges, len(table), linkage, sides if linked else None)
    if not model.roles and _NAMING.intersection(roles.values()):
        cluster = _all_one(sides)
    return Resolved(record_keys, sides, rows, cluster, edges, model)


def trained(
    database: duckdb.DuckDBPyConnection,
    table: pd.DataFrame,
    roles: Mapping[str, Role],
    settings: MatchSettings,
    *,
    linked: bool,
) -> MatchModel:
    """Choose blocking rules for records, and learn the weights from a sample of them.

    Parameters
    ----------
    database : DuckDBPyConnection
        Where it runs.
    table : DataFrame
        Normal forms with ``record``, and with ``side`` where two files are linked.
    roles : mapping
        Fields that are compared, and what they hold.
    settings : MatchSettings
        How many pairs are looked at.
    linked : bool
        Whether two files are linked.
    """
    rules = rules_for(
        table,
        roles,
        pairs_per_rule=settings.pairs_per_rule,
        all_pairs_up_to=settings.all_pairs_up_to,
    )
    model = untrained(roles, tuple(table.columns), rules, linked=linked)
    if not roles or not rules:
        return model
    draw = np.random.default_rng(_SEED)
    sample = table
    if len(table) > settings.sample_records:
        share = settings.sample_records / len(table)
        # Of the smaller of two files too there are some.
        sides = table[SIDE].to_numpy(dtype=np.int64) if linked else np.zeros(len(table), np.int64)
        chosen = [
            draw.choice(of_side, max(round(share * len(of_side)), 1), replace=False)
            for of_side in map(np.flatnonzero, (sides == 0, sides == 1))
            if len(of_side)
        ]
        sample = table.iloc[np.sort(np.concatenate(chosen))]
    arrow = as_arrow(sample)
    blocked = blocked_patterns(database, arrow, model)
    records = sample[RECORD].to_numpy(dtype=np.int64)
    of_side = [records]
    every = len(records) * (len(records) - 1) / 2
    if linked:
        of_side = [records[sample[SIDE].to_numpy(dtype=np.int64) == side] for side in (0, 1)]
        every = float(len(of_side[0])) * len(of_side[1])
    drawn, equal = blocked, {}
    if rules != ((),):
        equal = equal_pairs(sample, model, linked=linked)
        left, right = _drawn(of_side[0], of_side[-1], settings.sample_pairs, draw)
        drawn = drawn_patterns(database, arrow, model, left, right)
    return estimated(model, blocked, drawn, all_pairs=every, equal=equal)


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


def _compared(table: pd.DataFrame, roles: Mapping[str, Role]) -> dict[str, Role]:
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
