"""Records opened for matching: their names and addresses, decrypted in this process and kept there.

Beside the export (``jobs/publish/vault.py``) the only place where values of the vault are read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    import pyarrow as pa

    from jobs.privacy.keyring import Keyring

SEALED = ("first_name", "last_name", "birth_date", "email", "phone", "street", "postcode")
"""What is compared of the vault."""
CLEAR = ("city", "gender")
"""What is compared of ``silver.customers``."""
FEW = 50_000
"""So many records are found among all, and opened in this process; for more all are read, and
processes of their own are worth starting."""
PART = 25_000
"""Records that are in memory in the clear at a time."""
TOKENS = ("email_token", "phone_token")
"""Columns that name a value which can be said to mean nobody."""
Reader: TypeAlias = (
    "Callable[[Sequence[str] | None], tuple[Iterable[pa.RecordBatch | pa.Table], pa.Table]]"
)
_OF_CONTACTS = ("sealed", *TOKENS)


@dataclass(frozen=True, eq=False)
class Sealed:
    """Records that are not opened yet.

    Attributes
    ----------
    customers : pyarrow.Table
        ``record_id``, ``city``, ``gender`` of ``silver.customers``.
    read : callable
        Given ids, or None for all, reads ``record_id``, ``sealed``, ``email_token`` and
        ``phone_token`` of ``vault.contacts``, a batch at a time, and ``record_id``,
        ``wrapped_key`` of ``vault.keys``; it may give more records.
    blocked : collection of str
        Tokens of addresses and numbers that somebody has said mean nobody: they are left out.
    """

    customers: pa.Table
    read: Reader
    blocked: Collection[str] = ()

    def parts(self, records: Sequence[str], size: int) -> Iterator[pa.Table]:
        """Give all that is known of records, in any order, so many at a time at most.

        What is sealed is the most of what a night reads, so that it is never read as a whole.

        Parameters
        ----------
        records : sequence of str
            Ids, each once.
        size : int
            Of each part.

        Returns
        -------
        iterator of pyarrow.Table
            ``row`` (place in ``records``), ``record_id``, ``sealed``, ``email_token``,
            ``phone_token``, ``wrapped_key`` and the columns of :data:`CLEAR`.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        names = pa.array(list(records), pa.string())
        contacts, keys = self.read(records if len(records) <= FEW else None)
        others = ((keys, ("wrapped_key",)), (self.customers, CLEAR))
        of_others = [pc.index_in(names, value_set=table.column("record_id")) for table, _ in others]
        told = np.zeros(len(names), dtype=np.bool_)

        def part(rows: pa.Array, sealed: pa.Table) -> pa.Table:
            columns = {"row": rows.cast(pa.int64()), "record_id": names.take(rows)}
            columns |= {name: sealed.column(name) for name in _OF_CONTACTS}
            for (table, wanted), place in zip(others, of_others, strict=True):
                found = table.select(list(wanted)).take(place.take(rows))
                columns |= {name: found.column(name) for name in wanted}
            return pa.table(columns)

        for batch in contacts:
            rows = pc.index_in(batch.column("record_id"), value_set=names)
            known = pa.table(batch).filter(pc.is_valid(rows))
            rows = rows.drop_null()
            told[rows.to_numpy()] = True
            for start in range(0, len(rows), size):
                yield part(rows.slice(start, size), known.slice(start, size))
        silent = np.flatnonzero(~told)
        for start in range(0, len(silent), size):
            rows = pa.array(silent[start : start + size], pa.int64())
            yield part(
                rows, pa.table({name: pa.nulls(len(rows), kind) for name, kind in _types().items()})
            )


def _types() -> dict[str, pa.DataType]:
    """Types of the columns of :data:`_OF_CONTACTS`."""
    import pyarrow as pa

    return {n: pa.map_(pa.string(), pa.string()) if n == "sealed" else pa.string()
            for n in _OF_CONTACTS}  # fmt: skip


def opened(part: pa.Table, ring: Keyring, blocked: Collection[str] = ()) -> pd.DataFrame:
    """Decrypt records.

    Parameters
    ----------
    part : pyarrow.Table
        A part of :meth:`Sealed.parts`.
    ring : Keyring
        With the master key.
    blocked : collection of str
        As of :class:`Sealed`.

    Returns
    -------
    DataFrame
        Columns of :data:`SEALED` and :data:`CLEAR` as text, None where a record doesn't tell one;
        rows as in ``part``. A record whose key is gone tells only what is not sealed.

    Raises
    ------
    KeyringError
        A value cannot be decrypted with its key.
    """
    from jobs.privacy.keyring import unsealing

    found: dict[str, list[str | None]] = {name: [None] * part.num_rows for name in SEALED}
    columns = ("record_id", "wrapped_key", "sealed", *TOKENS)
    rows = zip(*(part.column(name).to_pylist() for name in columns), strict=True)
    of_token = [name.removesuffix("_token") for name in TOKENS]
    for place, (record, wrapped, sealed, *tokens) in enumerate(rows):
        if wrapped is None or sealed is None:
            continue
        unseal = unsealing(ring.unwrap(record, wrapped), record)
        silent = {c for c, token in zip(of_token, tokens, strict=True) if token in blocked}
        for column, value in sealed:
            if column in found and column not in silent:
                found[column][place] = unseal(column, value) or None
    clear = {name: part.column(name).to_pylist() for name in CLEAR}
    return pd.DataFrame({**found, **clear}, dtype=object)
