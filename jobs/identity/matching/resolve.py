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
from jobs.identity.matching.fields import Role, find_fields
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
        The columns tell of no person, or ids are missing or stand twice.
    """
    linked = len(files) == 2
    tables: list[pd.DataFrame] = []
    record_keys: list[str] = []
    roles: dict[str, Role] = {}
    for side, frame in enumerate(files):
        id_column, fields = find_fields(frame, said=settings.columns, without=without)
        table = normalised(frame, fields, region=settings.region)
        table[SIDE], table[ROW] = side, np.arange(len(frame))
        tables.append(table)
        record_keys += keys(frame, id_column)
        roles |= {field.name: field.role for field in fields}
    table, record_keys = numbered(pd.concat(tables, join="inner", ignore_index=True), record_keys)
    sides, rows = (table.pop(name).to_numpy(dtype=np.int64) for name in (SIDE, ROW))
    if linked:
        table[SIDE] = sides
    with opened() as database:
        model = trained(database, table, _compared(table, roles), settings, linked=linked)
        model = model.with_frequencies(frequencies(table, model.roles))
        edges = scored(database, as_arrow(table), model, least=_LEAST)
    linkage = Linkage(settings.accept, settings.mean_share, settings.unscored)
    cluster = clusters(edges, len(table), linkage, sides if linked else None)
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
    draw = np.random.default_rng(_SEED)
    sample = table
    if len(table) > settings.sample_records:
        chosen = np.sort(draw.choice(len(table), settings.sample_records, replace=False))
        sample = table.iloc[chosen]
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


def as_arrow(table: pd.DataFrame) -> pa.Table:
    """Return a table of normal forms for an engine: lists as lists, the rest as text."""
    columns = {}
    for column in table.columns:
        kind = pa.string()
        if column in (RECORD, SIDE) or column.endswith("_letters"):
            kind = pa.int64()
        elif column.endswith("_alias"):
            kind = pa.list_(pa.string())
        columns[column] = pa.array(table[column].tolist(), kind)
    return pa.table(columns)


def _compared(table: pd.DataFrame, roles: Mapping[str, Role]) -> dict[str, Role]:
    """Fields that came out of normalisation with more than one value."""
    known = _MADE | dict(roles)
    return {
        column: known[column]
        for column in table.columns
        if column in known and table[column].nunique() > 1
    }


def _drawn(
    left_of: NDArray[np.int64], right_of: NDArray[np.int64], count: int, draw: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of different records, each once."""
    left, right = draw.choice(left_of, count), draw.choice(right_of, count)
    low, high = np.minimum(left, right), np.maximum(left, right)
    pairs = np.unique(np.stack([low, high], axis=1)[low < high], axis=0)
    return pairs[:, 0], pairs[:, 1]
