"""Patterns: how often each combination of grades of agreement is seen among pairs of records."""

from __future__ import annotations

import duckdb
import pandas as pd
import pyarrow as pa
from numpy import int64
from numpy.typing import NDArray

from jobs.identity.matching.blocking import condition
from jobs.identity.matching.model import MatchModel
from jobs.identity.matching.records import RECORD


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
    found = " UNION ".join(
        f"SELECT l.{RECORD} AS a, r.{RECORD} AS b FROM records l JOIN records r "  # noqa: S608  our own names
        f"ON {condition(rule, linked=model.linked)} AND l.{RECORD} < r.{RECORD}"
        for rule in model.rules
    )
    return _counted(database, table, model, found)


def drawn_patterns(
    database: duckdb.DuckDBPyConnection,
    table: pa.Table,
    model: MatchModel,
    left: NDArray[int64],
    right: NDArray[int64],
) -> pd.DataFrame:
    """Count the patterns among the given pairs; see :func:`blocked_patterns`."""
    database.register("drawn", pa.table({"a": left, "b": right}))
    return _counted(database, table, model, "FROM drawn")


def _counted(
    database: duckdb.DuckDBPyConnection, table: pa.Table, model: MatchModel, pairs: str
) -> pd.DataFrame:
    database.register("given", table)
    database.execute("CREATE OR REPLACE TEMP TABLE records AS FROM given")
    sides = ", ".join(f"l.{c} AS {c}_l, r.{c} AS {c}_r" for c in table.column_names)
    told = {
        c["output_column_name"]: c
        for c in model.as_splink("duckdb", model.strangers)["comparisons"]
    }
    graded = ", ".join(
        f"{_grade(told[name]['comparison_levels'])} AS {name}" for name in model.roles
    )
    return database.execute(
        f"SELECT {graded}, count(*) AS pairs FROM (SELECT {sides} FROM ({pairs}) AS p "  # noqa: S608  our own names
        f"JOIN records l ON l.{RECORD} = p.a JOIN records r ON r.{RECORD} = p.b) "
        "GROUP BY ALL ORDER BY ALL"
    ).df()


def _grade(levels: list[dict[str, object]]) -> str:
    """Write the levels of a comparison, as Splink's settings have them, as one expression."""
    grade = sum(not level.get("is_null_level") for level in levels)
    cases = []
    for level in levels:
        value = -1
        if not level.get("is_null_level"):
            grade -= 1
            value = grade
        if level["sql_condition"] == "ELSE":
            cases.append(f"ELSE {value}")
        else:
            cases.append(f"WHEN {level['sql_condition']} THEN {value}")
    return f"CASE {' '.join(cases)} END"
