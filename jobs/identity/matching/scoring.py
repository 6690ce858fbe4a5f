"""Scoring: how likely each pair of records is one person (Fellegi and Sunter 1969).

Splink writes the comparisons; it weighs one kind of pairs against one other, and here are more,
so the weights are summed here, over the same grades.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log2

import duckdb
import numpy as np
from numpy.typing import NDArray

from jobs.identity.matching.fields import Role
from jobs.identity.matching.model import Kind, MatchModel

WEIGHT_UNIT = 1_000
"""Weights are whole thousandths of a bit: sums of them do not depend on their order."""


_SELDOM = 0.02
"""Where more of one person's pairs differ in a field wholly, that is no contradiction."""


@dataclass(frozen=True, eq=False)
class Edges:
    """Scored pairs of records.

    Attributes
    ----------
    left, right : array of int
        Numbers of the records, the smaller left; each pair once, in order.
    weight : array of int
        Log2 of the odds that both are one person, in thousandths.
    contradicting : array of bool, optional
        Whether they differ wholly in what a person has one of.
    """

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    weight: NDArray[np.int64]
    contradicting: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.left)


def scored(
    database: duckdb.DuckDBPyConnection, model: MatchModel, graded_pairs: str, *, least: float
) -> Edges:
    """Score graded pairs.

    Parameters
    ----------
    database : DuckDBPyConnection
        Where it runs.
    model : MatchModel
        A trained one.
    graded_pairs : str
        Table or query of :func:`jobs.identity.matching.pairs.graded`.
    least : float
        Weights (log2 odds) below it are not returned.
    """
    told = one_of(model)
    query = weighed(model, graded_pairs, least=least, columns=told)
    found = database.execute(f"{query} ORDER BY l, r").df()
    left, right, weight = (found[name].to_numpy(dtype=np.int64) for name in ("l", "r", "w"))
    return Edges(left, right, weight, (found[told] == 0).any(axis=1).to_numpy(dtype=np.bool_))


def one_of(model: MatchModel) -> list[str]:
    """Fields of which a person has one: whose records differ in it wholly contradict each other.

    Unless the records are such that one person's often do.
    """
    return [
        name
        for name, role in model.roles.items()
        if role is Role.BIRTH_DATE and model.persons[0].shares[name][0] < _SELDOM
    ]


def weighed(
    model: MatchModel, graded_pairs: str, *, least: float, columns: Sequence[str] = ()
) -> str:
    """Write the weights of graded pairs, as SQL that DuckDB and Spark both read.

    Parameters
    ----------
    model : MatchModel
        A trained one.
    graded_pairs : str
        Table or query of :func:`jobs.identity.matching.pairs.graded`.
    least : float
        Weights (log2 odds) below it are left out.
    columns : sequence of str
        Fields whose grades are wanted beside.

    Returns
    -------
    str
        ``l``, ``r``, ``w`` (thousandths of a bit) and ``columns``.
    """
    kinds = {f"kind_{place}": kind for place, kind in enumerate((*model.persons, *model.related))}
    strangers = _bits(model, model.strangers)
    # Each kind by its odds against strangers, so that no power of two is out of range.
    told = ", ".join(f"{_bits(model, kind)} - against AS {name}" for name, kind in kinds.items())
    names = list(kinds)
    persons, related = names[: len(model.persons)], names[len(model.persons) :]
    one = " + ".join(f"pow(2, {name})" for name in persons)
    two = " + ".join(["1", *(f"pow(2, {name})" for name in related)])
    also = "".join(f", {column}" for column in columns)
    weight = f"CAST(round(log2(({one}) / ({two})) * {WEIGHT_UNIT}) AS BIGINT) AS w"
    return (
        f"SELECT * FROM (SELECT l, r, {weight}{also} FROM (SELECT l, r, {told}{also} "  # noqa: S608  our own names
        f"FROM (SELECT *, {strangers} AS against FROM {graded_pairs}))) "
        f"WHERE w >= {least * WEIGHT_UNIT}"
    )


def _bits(model: MatchModel, kind: Kind) -> str:
    """Write the logarithm, to base two, of how likely the grades of a pair are in a kind."""
    parts = [repr(log2(max(kind.prior, 1e-300)))]
    for name in model.roles:
        shares = kind.shares[name]
        bits = [repr(log2(share)) for share in shares]
        if model.by_chance(kind, name):
            # Two who are equal by chance are so the less often, the rarer the value is.
            usual = log2(model.strangers.shares[name][-1])
            bits[-1] += f" + coalesce({name}_rarity, {usual!r}) - {usual!r}"
        cases = " ".join(f"WHEN {grade} THEN {value}" for grade, value in enumerate(bits))
        parts.append(f"CASE {name} {cases} ELSE 0 END")
    return "(" + " + ".join(parts) + ")"
