"""Pairs of records, as SQL: those that blocking finds, and the grades of agreement of each."""

from __future__ import annotations

import duckdb
import pyarrow as pa
from numpy import int64
from numpy.typing import NDArray

from jobs.identity.matching.blocking import condition
from jobs.identity.matching.comparisons import grade
from jobs.identity.matching.model import MatchModel
from jobs.identity.matching.records import RECORD, SIDE

RECORDS = "records"
"""Table of the database with the normal forms."""


def load(database: duckdb.DuckDBPyConnection, table: pa.Table) -> None:
    """Put normal forms into a database."""
    database.register("given", table)
    database.execute(f"CREATE OR REPLACE TEMP TABLE {RECORDS} AS FROM given")
    database.unregister("given")


def blocked(model: MatchModel) -> str:
    """Write the pairs that the model's rules find, each once: ``l``, ``r``, the smaller left."""
    return " UNION ".join(
        f"SELECT l.{RECORD} AS l, r.{RECORD} AS r FROM {RECORDS} l JOIN {RECORDS} r "  # noqa: S608  our own names
        f"ON {condition(rule, linked=model.linked)} AND l.{RECORD} < r.{RECORD}"
        for rule in model.rules
    )


def drawn(database: duckdb.DuckDBPyConnection, left: NDArray[int64], right: NDArray[int64]) -> str:
    """Put given pairs into a database, and write them as SQL."""
    database.register("drawn", pa.table({"l": left, "r": right}))
    return "FROM drawn"


def graded(model: MatchModel, pairs: str, *, dialect: str = "duckdb") -> str:
    """Write the grades of pairs, as a query in brackets.

    Parameters
    ----------
    model : MatchModel
        Says what is compared.
    pairs : str
        SQL of the pairs, ``l`` and ``r``.
    dialect : str
        The engine: duckdb or spark.

    Returns
    -------
    str
        ``l``, ``r``, a column a field with its grade, and ``<field>_rarity`` of the left record.
    """
    columns = [column for column in model.columns if column not in (RECORD, SIDE)]
    rarities = [f"{name}_rarity" for name in model.roles]
    sides = ", ".join(
        [f"a.{column} AS {column}_l, b.{column} AS {column}_r" for column in columns]
        + [f"a.{column}" for column in rarities]
    )
    fields = ", ".join(
        f"CAST({grade(name, role, model.columns, dialect)} AS TINYINT) AS {name}"
        for name, role in model.roles.items()
    )
    return (
        f"(SELECT l, r, {fields}, {', '.join(rarities)} "  # noqa: S608  our own names
        f"FROM (SELECT p.l, p.r, {sides} FROM ({pairs}) p "
        f"JOIN {RECORDS} a ON a.{RECORD} = p.l JOIN {RECORDS} b ON b.{RECORD} = p.r))"
    )


def kept(database: duckdb.DuckDBPyConnection, graded_pairs: str) -> str:
    """Grade pairs once, for more than one use; the name of their table."""
    database.execute(f"CREATE OR REPLACE TEMP TABLE graded AS SELECT * FROM {graded_pairs}")  # noqa: S608  our own names
    return "graded"
