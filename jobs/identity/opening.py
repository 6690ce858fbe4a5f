"""Records opened for matching: their names and addresses, decrypted in this process and kept there.

Beside the export (``jobs/publish/vault.py``) the only place where values of the vault are read.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    import pyarrow as pa

    from jobs.ingest.keyring import Keyring


def opened(
    records: Sequence[str],
    contacts: pa.Table,
    keys: pa.Table,
    ring: Keyring,
    columns: Sequence[str],
    blocked: Collection[str] = (),
) -> pd.DataFrame:
    """Decrypt columns of records.

    Parameters
    ----------
    records : sequence of str
        Ids, each once.
    contacts : pyarrow.Table
        ``record_id``, ``sealed``, ``email_token``, ``phone_token`` of ``vault.contacts``.
    keys : pyarrow.Table
        ``record_id``, ``wrapped_key`` of ``vault.keys``.
    ring : Keyring
        With the master key.
    columns : sequence of str
        Those wanted.
    blocked : collection of str
        Tokens of addresses and numbers that somebody has said mean nobody: they are left out.

    Returns
    -------
    DataFrame
        ``columns`` as text, None where a record doesn't tell one; a row for each of ``records``, in
        their order. One whose key is gone tells nothing.

    Raises
    ------
    KeyringError
        A value cannot be decrypted with its key.
    """
    import pyarrow.compute as pc

    from jobs.ingest.keyring import unseal

    place = {record: number for number, record in enumerate(records)}
    wanted = pd.array(records, dtype="string[pyarrow]").__arrow_array__()
    held = keys.select(["record_id", "wrapped_key"])
    held = held.filter(pc.is_in(held.column("record_id"), value_set=wanted))
    wrapped = dict(zip(*(held.column(c).to_pylist() for c in held.column_names), strict=True))
    rows = contacts.filter(pc.is_in(contacts.column("record_id"), value_set=wanted))
    found: dict[str, list[str | None]] = {column: [None] * len(records) for column in columns}
    for record, sealed, email, phone in zip(
        rows.column("record_id").to_pylist(),
        rows.column("sealed").to_pylist(),
        rows.column("email_token").to_pylist(),
        rows.column("phone_token").to_pylist(),
        strict=True,
    ):
        if record not in wrapped:
            continue
        key = ring.unwrap(record, wrapped[record])
        silent = {c for c, token in (("email", email), ("phone", phone)) if token in blocked}
        for column, value in sealed:
            if column in found and column not in silent:
                found[column][place[record]] = unseal(key, record, column, value) or None
    return pd.DataFrame(found, dtype=object)
