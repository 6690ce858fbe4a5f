"""Patterns: how often each combination of grades of agreement is seen among pairs of records."""

from __future__ import annotations

import duckdb
import pandas as pd
import pyarrow as pa
from numpy import int64
from numpy.typing import NDArray

from jobs.identity.matching.model import MatchModel
from jobs.identity.matching.pairs import blocked, graded, load


def blocked_patterns(
    database: duckdb.DuckDBPyConnection, table: pa.Table, model: MatchModel
) -> pd.DataFrame:
    """Count the patterns among the pairs that the model's rules find.

    Parameters
    ----------
    database : DuckDBPyConnection
        Where it runs.
    table : pyarrow.Table
        Normal forms with ``record``.
    model : MatchModel
        Says what is compared.

    Returns
    -------
    DataFrame
        A column a field, with the grade (-1 where a record doesn't tell it), and ``pairs``.
    """
    load(database, table)
    return _counted(database, model, blocked(model))


def drawn_patterns(
    database: duckdb.DuckDBPyConnection,
    table: pa.Table,
    model: MatchModel,
    left: NDArray[int64],
    right: NDArray[int64],
) -> pd.DataFrame:
    """Count the patterns among the given pairs; see :func:`blocked_patterns`."""
    load(database, table)
    database.register("drawn", pa.table({"l": left, "r": right}))
    return _counted(database, model, "FROM drawn")


def _counted(database: duckdb.DuckDBPyConnection, model: MatchModel, pairs: str) -> pd.DataFrame:
    names = ", ".join(model.roles)
    return database.execute(
        f"SELECT {names}, count(*) AS pairs FROM ({graded(model, pairs)}) "  # noqa: S608  our own names
        "GROUP BY ALL ORDER BY ALL"
    ).df()
