"""Records opened for matching: their names and addresses, decrypted in this process and kept there.

Beside the export (``jobs/publish/vault.py``) the only place where values of the vault are read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import pandas as pd

if TYPE_CHECKING:
    import pyarrow as pa

    from jobs.ingest.keyring import Keyring

SEALED = ("first_name", "last_name", "birth_date", "email", "phone", "street", "postcode")
"""What is compared of the vault."""
CLEAR = ("city", "gender")
"""What is compared of ``silver.customers``."""
_FEW = 20_000
"""So many are found among all; more, and all are read."""
Reader: TypeAlias = "Callable[[Sequence[str] | None], tuple[pa.Table, pa.Table]]"
_TOKENS = ("email", "phone")
"""What can be said to mean nobody, by the token of the value."""


@dataclass(frozen=True, eq=False)
class Sealed:
    """Records that are not opened yet.

    Attributes
    ----------
    customers : pyarrow.Table
        ``record_id``, ``city``, ``gender`` of ``silver.customers``.
    read : callable
        Given ids, or None for all, reads ``record_id``, ``sealed``, ``email_token`` and
        ``phone_token`` of ``vault.contacts``, and ``record_id``, ``wrapped_key`` of
        ``vault.keys``; it may give more records. They are the largest of what a night reads, so
        nobody keeps them.
    blocked : collection of str
        Tokens of addresses and numbers that somebody has said mean nobody: they are left out.
    """

    customers: pa.Table
    read: Reader
    blocked: Collection[str] = ()

    def parts(self, records: Sequence[str], size: int) -> Iterator[pa.Table]:
        """Give all that is known of records, so many at a time, in their order.

        Parameters
        ----------
        records : sequence of str
            Ids, each once.
        size : int
            Of each part but the last.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        names = pa.array(list(records), pa.string())
        contacts, keys = self.read(records if len(records) <= _FEW else None)
        tables = (
            (self.customers, CLEAR),
            (contacts, ("sealed", *(f"{name}_token" for name in _TOKENS))),
            (keys, ("wrapped_key",)),
        )
        places = [pc.index_in(names, value_set=table.column("record_id")) for table, _ in tables]
        for start in range(0, max(len(names), 1), size):
            columns = {"record_id": names.slice(start, size)}
            for (table, wanted), place in zip(tables, places, strict=True):
                rows = table.select(list(wanted)).take(place.slice(start, size))
                columns |= {name: rows.column(name) for name in wanted}
            yield pa.table(columns)


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
    from jobs.ingest.keyring import unsealing

    found: dict[str, list[str | None]] = {name: [None] * part.num_rows for name in SEALED}
    columns = ("record_id", "wrapped_key", "sealed", *(f"{name}_token" for name in _TOKENS))
    rows = zip(*(part.column(name).to_pylist() for name in columns), strict=True)
    for place, (record, wrapped, sealed, *tokens) in enumerate(rows):
        if wrapped is None or sealed is None:
            continue
        unseal = unsealing(ring.unwrap(record, wrapped), record)
        silent = {c for c, token in zip(_TOKENS, tokens, strict=True) if token in blocked}
        for column, value in sealed:
            if column in found and column not in silent:
                found[column][place] = unseal(column, value) or None
    clear = {name: part.column(name).to_pylist() for name in CLEAR}
    return pd.DataFrame({**found, **clear}, dtype=object)
