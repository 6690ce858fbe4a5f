"""Scoring: pairs of records compared and weighed, by Splink on DuckDB."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from splink import DuckDBAPI, Linker

from jobs.identity.matching.model import Kind, MatchModel
from jobs.identity.matching.records import RECORD

WEIGHT_UNIT = 1_000
"""Weights are whole thousandths of a bit: sums of them do not depend on their order."""


@dataclass(frozen=True, eq=False)
class Edges:
    """Scored pairs of records.

    Attributes
    ----------
    left, right : array of int
        Numbers of the records, the smaller left; each pair once, in order.
    weight : array of int
        Log2 of the odds that both are one person, in thousandths.
    """

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    weight: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.left)

    def where(self, chosen: NDArray[np.bool_]) -> Edges:
        """Return some of them."""
        return Edges(self.left[chosen], self.right[chosen], self.weight[chosen])


@contextmanager
def opened(memory_gib: float | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a DuckDB for the duration of a resolution."""
    with duckdb.connect() as database:
        database.execute("SET enable_progress_bar = false")
        if memory_gib:
            database.execute(f"SET memory_limit = '{memory_gib:.1f}GiB'")
        yield database


def scored(
    database: duckdb.DuckDBPyConnection, table: pa.Table, model: MatchModel, *, least: float
) -> Edges:
    """Score the pairs that the model's rules find.

    Parameters
    ----------
    database : DuckDBPyConnection
        Where it runs.
    table : pyarrow.Table
        Normal forms with ``record``.
    model : MatchModel
        A trained one.
    least : float
        Weights (log2 odds) below it are not returned.
    """
    engine = DuckDBAPI(connection=database)
    records = engine.register(table)
    edges = _weighed(records, model, model.strangers, least=least)
    odds = np.exp2(-edges.weight / WEIGHT_UNIT)
    for kind in model.related:
        # Against two who are related only what strangers do not explain has to be weighed.
        among = engine.register(_pairs(edges))
        against = _weighed(records, model, kind, least=None, among=among)
        odds += np.exp2(-against.weight / WEIGHT_UNIT)
    weight = np.rint(-np.log2(odds) * WEIGHT_UNIT).astype(np.int64)
    return Edges(edges.left, edges.right, weight).where(weight >= least * WEIGHT_UNIT)


def _pairs(edges: Edges) -> pa.Table:
    """Write pairs as Splink has those that blocking finds."""
    rule = pa.repeat(pa.scalar("0"), len(edges))
    return pa.table({"match_key": rule, "join_key_l": edges.left, "join_key_r": edges.right})


def _weighed(
    records: Any,
    model: MatchModel,
    other: Kind,
    *,
    least: float | None,
    among: Any = None,
) -> Edges:
    """Weigh one person against another kind of pairs, with Splink; ordered by their records."""
    linker = Linker(records, model.as_splink("duckdb", other), log_level=None)
    if among is not None:
        linker.table_management.register_blocked_pairs_for_predict(among)
    for name, shares in model.frequencies.items():
        known = pa.table(
            {
                name: pa.array(shares.index.to_numpy(dtype=object), pa.string()),
                f"tf_{name}": pa.array(shares.to_numpy(dtype=float)),
            }
        )
        registered = linker.table_management.register_table(known, f"tf_{name}", overwrite=True)
        linker.table_management.register_term_frequency_lookup(registered, name)
    found = linker.inference.predict(threshold_match_weight=least, warning_mode="never")
    arrow = found.query_sql(
        f"SELECT {RECORD}_l AS l, {RECORD}_r AS r, "  # noqa: S608  our own names
        f"round(match_weight * {WEIGHT_UNIT})::BIGINT AS w FROM {{this}}"
    ).as_pyarrow_table()  # type: ignore[no-untyped-call]
    left, right, weight = (arrow.column(c).to_numpy().astype(np.int64) for c in ("l", "r", "w"))
    left, right = np.minimum(left, right), np.maximum(left, right)
    order = np.lexsort((right, left))
    return Edges(left[order], right[order], weight[order])
