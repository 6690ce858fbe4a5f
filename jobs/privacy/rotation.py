"""Rotation of the master key: data keys are wrapped anew; nothing else is written.

First the new master key stands in the key file before the old one, and both unwrap. Then the data
keys are wrapped anew, in one commit. Then the old one leaves the file. Stopped anywhere, it is
called again and goes on where it was.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from jobs.lake import commits, faults
from jobs.lake.schemas import arrow_schema
from jobs.lake.store import Lake
from jobs.lake.tables.bronze import VAULT_KEYS
from jobs.privacy import key_file
from jobs.privacy.audit import KEY, Act, note
from jobs.privacy.key_file import Keys
from jobs.privacy.keyring import Keyring, KeyringError, fresh_key, read_keyring
from jobs.privacy.reads import reading

log = logging.getLogger("bespoke")


@dataclass(frozen=True)
class Rotated:
    """What a rotation did.

    Attributes
    ----------
    master : str
        Id of the master key that wraps all data keys now.
    rewrapped : int
        Data keys that were wrapped anew.
    gone : tuple of str
        Ids of master keys that left the key file.
    """

    master: str
    rewrapped: int
    gone: tuple[str, ...]


def rotate(lake: Lake, path: Path, why: str) -> Rotated:
    """Exchange the master key; one that is under way is brought to its end.

    Parameters
    ----------
    lake : Lake
        The lake, whose lock is held.
    path : Path
        The key file.
    why : str
        The reason.

    Raises
    ------
    KeyringError
        The keys cannot be read, or a data key cannot be unwrapped: nothing is changed then.
    """
    keys = key_file.read(path)
    if len(keys.masters) == 1:
        keys = Keys((fresh_key(), *keys.masters), keys.tokens)
        note(lake, Act(KEY, keys.masters[0].id, why, details={"step": "new master key"}))
        key_file.write(path, keys)
        faults.committed("key file, new")
    rewrapped = rewrap(lake, read_keyring(path), why)
    gone = tuple(master.id for master in keys.masters[1:])
    note(lake, Act(KEY, ", ".join(gone), why, details={"step": "old master key gone"}))
    key_file.write(path, Keys(keys.masters[:1], keys.tokens))
    faults.committed("key file, old gone")
    return Rotated(keys.masters[0].id, rewrapped, gone)


def rewrap(lake: Lake, ring: Keyring, why: str) -> int:
    """Wrap all data keys by the current master key, in one commit; return how many were not.

    Raises
    ------
    KeyringError
        One of them cannot be unwrapped; nothing is changed.
    """
    from deltalake import write_deltalake

    if not lake.exists(VAULT_KEYS):
        return 0
    others = lake.values(VAULT_KEYS, "master_key_id") - {ring.id}
    if not others:
        return 0
    with reading(lake, f"master key exchanged: {why}"):
        batches = _Rewrapping(lake, ring)
        schema = arrow_schema(VAULT_KEYS)
        reader = pa.RecordBatchReader.from_batches(schema, iter(batches))
        mark = commits.marked(f"rewrap:{ring.id}")
        try:
            write_deltalake(
                lake.delta(VAULT_KEYS), reader, mode="overwrite", commit_properties=mark
            )
        except Exception:
            # The writer tells of an error of ours in words of its own.
            if batches.failed is not None:
                raise batches.failed from None
            raise
    faults.committed(VAULT_KEYS.id)
    return batches.count


class _Rewrapping:
    """The rows of ``vault.keys``, each wrapped by the current master key."""

    def __init__(self, lake: Lake, ring: Keyring) -> None:
        # Asked for here: the writer takes them in a thread of its own.
        self.batches, self.ring = lake.batches(VAULT_KEYS), ring
        self.count = 0
        self.failed: KeyringError | None = None

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        try:
            for batch in self.batches:
                yield self._rewrapped(batch)
        except KeyringError as error:
            self.failed = error
            raise

    def _rewrapped(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        rows = batch.to_pydict()
        for place, (record, wrapped, by) in enumerate(
            zip(rows["record_id"], rows["wrapped_key"], rows["master_key_id"], strict=True)
        ):
            if by != self.ring.id:
                rows["wrapped_key"][place] = self.ring.rewrapped(record, wrapped)
                rows["master_key_id"][place] = self.ring.id
                self.count += 1
        return pa.RecordBatch.from_pydict(rows, schema=arrow_schema(VAULT_KEYS))
