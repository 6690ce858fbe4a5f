"""Pairs of records, as SQL: those that blocking finds, and the grades of agreement of each."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pyarrow as pa

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


def graded(
    model: MatchModel, pairs: str, *, dialect: str = "duckdb", also: Sequence[str] = ()
) -> str:
    """Write the grades of pairs: ``l``, ``r`` and a column a field.

    Parameters
    ----------
    model : MatchModel
        Says what is compared.
    pairs : str
        SQL of the pairs, ``l`` and ``r``.
    dialect : str
        The engine: duckdb or spark.
    also : sequence of str
        Further columns to take along, of the left record.
    """
    columns = [column for column in model.columns if column not in (RECORD, SIDE)]
    sides = ", ".join(f"a.{column} AS {column}_l, b.{column} AS {column}_r" for column in columns)
    fields = ", ".join(
        f"{grade(name, role, model.columns, dialect)} AS {name}"
        for name, role in model.roles.items()
    )
    along = "".join(f", {column}_l" for column in also)
    sides += "".join(f", a.{column} AS {column}_l" for column in also)
    return (
        f"SELECT l, r, {fields}{along} FROM (SELECT p.l, p.r, {sides} FROM ({pairs}) p "  # noqa: S608  our own names
        f"JOIN {RECORDS} a ON a.{RECORD} = p.l JOIN {RECORDS} b ON b.{RECORD} = p.r)"
    )
