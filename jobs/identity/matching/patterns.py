"""Patterns: how often each combination of grades of agreement is seen among pairs of records."""

from __future__ import annotations

import duckdb
import pandas as pd

from jobs.identity.matching.model import MatchModel


def pattern_counts(
    database: duckdb.DuckDBPyConnection, model: MatchModel, graded_pairs: str
) -> pd.DataFrame:
    """Count the patterns among graded pairs.

    Parameters
    ----------
    database : DuckDBPyConnection
        Where it runs.
    model : MatchModel
        Says what was compared.
    graded_pairs : str
        Table or query of :func:`jobs.identity.matching.pairs.graded`.

    Returns
    -------
    DataFrame
        A column a field, with the grade (-1 where a record doesn't tell it), and ``pairs``.
    """
    names = ", ".join(model.roles)
    return database.execute(
        f"SELECT {names}, count(*) AS pairs FROM {graded_pairs} GROUP BY ALL ORDER BY ALL"  # noqa: S608  our own names
    ).df()
