"""New records weighed against all: what a matcher does with a night's records.

Which pairs are looked at, and what they weigh, follows from the two records and the matcher alone.
So whatever nights the records come in, the same pairs are found, each on the night of the later.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from jobs.identity.matching.comparisons import grades
from jobs.identity.matching.matcher import Matcher
from jobs.identity.matching.pairs import graded, load
from jobs.identity.matching.records import RECORD
from jobs.identity.matching.resolve import as_arrow
from jobs.identity.matching.scoring import WEIGHT_UNIT, one_of, opened, weighed

LEAST = -10.0
"""Log2 odds below which a pair is not kept: to clusters it is as one that was never weighed."""
ANY = -1e6
"""Less than any pair weighs."""

Numbers = NDArray[np.int64]
Opener = Callable[[Sequence[str]], pd.DataFrame]
"""Given ids of records, returns their columns as text, a row each."""


@dataclass(frozen=True, eq=False)
class Weighed:
    """What came of a night's records.

    Attributes
    ----------
    blocks : DataFrame
        ``record_id``, ``blocks`` (array of int64) of each new record.
    matches : DataFrame
        ``left_id``, ``right_id`` (in order), ``weight``, ``probability``, ``comparison``,
        ``contradicting`` of each pair with a new record.
    """

    blocks: pd.DataFrame
    matches: pd.DataFrame


def weigh(
    new: Sequence[str],
    held: pa.Table,
    matcher: Matcher,
    open_records: Opener,
    key: str,
    asked: Sequence[tuple[str, str]] = (),
) -> Weighed:
    """Weigh new records against each other and against those held.

    Parameters
    ----------
    new : sequence of str
        Ids of records that are new or have changed, in order.
    held : pyarrow.Table
        ``record_id``, ``blocks`` of the others.
    matcher : Matcher
        The model.
    open_records : callable
        Reads records.
    key : str
        Of the matcher's hashes.
    asked : sequence of (str, str)
        Pairs with a new record that are weighed in any case, however little speaks for them.
    """
    forms = matcher.forms(open_records(new), key)
    hashed = matcher.keys(forms, key)
    with opened() as database:
        pairs = _candidates(database, hashed, held)
        found = np.unique(pairs.loc[pairs["old"] >= 0, "old"].to_numpy(dtype=np.int64))
        old_ids = np.asarray(held.column("record_id").to_pylist(), dtype=object)
        wanted = {*old_ids[found].tolist(), *(r for pair in asked for r in pair)} - set(new)
        ids = [*new, *sorted(wanted)]
        if wanted:
            more = matcher.forms(open_records(ids[len(new) :]), key)
            forms = pd.concat([forms, more], ignore_index=True)
        number = pd.Series(np.arange(len(ids)), index=ids)
        right = np.where(pairs["old"] >= 0, -1, pairs["other"])
        if len(found):
            of_old = np.full(len(old_ids), -1, dtype=np.int64)
            of_old[found] = number[old_ids[found]].to_numpy()
            right = np.where(pairs["old"] >= 0, of_old[pairs["old"]], right)
        left = pairs["row"].to_numpy(dtype=np.int64)
        records = _Loaded(database, matcher, forms, ids)
        matches = records.matches(left, right, LEAST)
        if asked:
            ends = number[[r for pair in asked for r in pair]].to_numpy().reshape(-1, 2)
            certain = records.matches(ends[:, 0], ends[:, 1], ANY)
            matches = pd.concat([certain, matches], ignore_index=True).drop_duplicates(
                ["left_id", "right_id"]
            )
    return Weighed(_as_lists(new, hashed), matches)


def _candidates(
    database: duckdb.DuckDBPyConnection, hashed: pd.DataFrame, held: pa.Table
) -> pd.DataFrame:
    """Pairs with a block in common: ``row`` new, and ``other`` new or ``old`` held, or -1."""
    lists = held.column("blocks").combine_chunks()
    database.register("fresh", pa.Table.from_pandas(hashed, preserve_index=False))
    database.register(
        "known", pa.table({"old": pc.list_parent_indices(lists), "block": pc.list_flatten(lists)})
    )
    return database.execute(
        "SELECT DISTINCT a.row, b.row AS other, -1::BIGINT AS old FROM fresh a JOIN fresh b "
        "USING (block) WHERE a.row < b.row UNION ALL "
        "SELECT DISTINCT a.row, -1::BIGINT AS other, b.old FROM fresh a JOIN known b USING (block)"
    ).df()


class _Loaded:
    """Records in their form, loaded into a database to be compared."""

    def __init__(
        self,
        database: duckdb.DuckDBPyConnection,
        matcher: Matcher,
        forms: pd.DataFrame,
        ids: Sequence[str],
    ) -> None:
        self.database, self.matcher = database, matcher
        # The left one of a pair is the smaller id, whatever night it came in.
        order = np.argsort(np.asarray(ids, dtype=object), kind="stable")
        self.names = np.asarray(ids, dtype=object)[order]
        self.rank = np.empty(len(ids), dtype=np.int64)
        self.rank[order] = np.arange(len(ids))
        forms = forms.iloc[order].reset_index(drop=True)
        forms.insert(0, RECORD, np.arange(len(forms), dtype=np.int64))
        load(database, as_arrow(forms))

    def matches(self, one: Numbers, other: Numbers, least: float) -> pd.DataFrame:
        """Weigh pairs of records, by their places in the ids."""
        model = self.matcher.model
        low = np.minimum(self.rank[one], self.rank[other])
        high = np.maximum(self.rank[one], self.rank[other])
        self.database.register("candidates", pa.table({"l": low, "r": high}))
        fields = list(model.roles)
        query = weighed(model, graded(model, "FROM candidates"), least=least, columns=fields)
        found = self.database.execute(query).df()
        bits = found["w"].to_numpy(dtype=np.int64) / WEIGHT_UNIT
        return pd.DataFrame(
            {
                "left_id": self.names[found["l"].to_numpy(dtype=np.int64)],
                "right_id": self.names[found["r"].to_numpy(dtype=np.int64)],
                "weight": bits,
                "probability": np.round(1 / (1 + np.exp2(-bits)), 6),
                "comparison": _in_words(self.matcher, found[fields]),
                "contradicting": _contradicting(self.matcher, found),
            }
        )


def labels(matcher: Matcher) -> dict[str, list[str]]:
    """Say in words what each grade of each field is, from the lowest."""
    model = matcher.model
    return {
        name: ["differs", *(label for label, _ in grades(name, role, model.columns)[1:])]
        for name, role in model.roles.items()
    }


def _in_words(matcher: Matcher, found: pd.DataFrame) -> pd.Series:
    """Say of each pair how alike it is: ``first_name equal, birth_date one digit off``."""
    told = labels(matcher)
    groups = found.groupby(list(found.columns), sort=False)
    words = [
        ", ".join(
            f"{name} {told[name][grade]}"
            for name, grade in zip(found.columns, pattern, strict=True)
            if grade >= 0
        )
        for pattern in groups.size().index
    ]
    return groups.ngroup().map(dict(enumerate(words)))


def _contradicting(matcher: Matcher, found: pd.DataFrame) -> pd.Series:
    return (found[one_of(matcher.model)] == 0).any(axis=1)


def _as_lists(new: Sequence[str], hashed: pd.DataFrame) -> pd.DataFrame:
    """Gather the blocks of each record into a list, in order."""
    ordered = hashed.sort_values(["row", "block"], kind="stable").drop_duplicates()
    counts = np.bincount(ordered["row"], minlength=len(new))
    lists = np.split(ordered["block"].to_numpy(dtype=np.int64), np.cumsum(counts)[:-1])
    return pd.DataFrame({"record_id": list(new), "blocks": lists}, dtype=object)
