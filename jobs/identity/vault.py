"""The customer records of a night, as matching reads them: sealed until they are opened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from jobs.identity.decided import Decisions
from jobs.identity.opening import CLEAR, PART, SEALED, TOKENS, Reader, Sealed, opened
from jobs.lake import duck
from jobs.lake.contract import Table
from jobs.lake.run import Record, Run
from jobs.lake.tables.bronze import VAULT_CONTACTS, VAULT_KEYS
from jobs.lake.tables.silver import CUSTOMERS
from jobs.privacy.keyring import key_file, read_keyring

if TYPE_CHECKING:
    from jobs.identity.settings import NumberType
    from jobs.privacy.keyring import Keyring

NUMBERS = ("login", "customer_no", "loyalty_no")
"""What a source gives to one person."""
Filter: TypeAlias = tuple[str, str, Any]
_RECORD = "record:"
_SEED = 20_190_507


class Vault:
    """The customer records of a night, and how they are opened."""

    def __init__(
        self,
        customers: pa.Table,
        contacts: pa.Table,
        read: Reader,
        ring: Keyring | None,
        decisions: Decisions,
    ) -> None:
        self.customers, self.contacts, self.ring = customers, contacts, ring
        self.read, self.decisions = read, decisions
        self.telling = contacts.column("record_id").unique()
        """Ids of records that tell something in the vault."""

    @classmethod
    def of(cls, run: Run, record: Record) -> Vault:
        """Read what is known of a night's customer records."""

        def rows(table: Table, columns: Sequence[str], *within: Filter) -> pa.Table:
            version = run.version_of(table, record)
            return run.lake.rows(table, list(within), columns, version=version)

        customers = rows(CUSTOMERS, ["record_id", "source", "version", *NUMBERS, *CLEAR])
        of_source = ("source", "in", customers.column("source").unique().to_pylist() or [""])
        contacts = rows(VAULT_CONTACTS, ["record_id", *TOKENS], of_source)

        def read(records: Sequence[str] | None) -> tuple[Iterator[pa.RecordBatch], pa.Table]:
            within = [of_source]
            if records is not None:
                within.append(("record_id", "in", list(records) or [""]))
            columns, version = ["record_id", "sealed", *TOKENS], record.inputs[VAULT_CONTACTS.id]
            return (
                run.lake.batches(VAULT_CONTACTS, within, columns, version),
                rows(VAULT_KEYS, ["record_id", "wrapped_key"], *within),
            )

        run.version_of(VAULT_KEYS, record)
        ring = read_keyring(key_file(run.home)) if contacts.num_rows else None
        return cls(customers, contacts, read, ring, Decisions.of(run, record))

    @property
    def hash_key(self) -> str:
        """Key of the matcher's hashes."""
        from jobs.identity.matching.matcher import hash_key

        assert self.ring is not None, "records that tell something have keys"
        return hash_key(self.ring.tokens)

    @property
    def sealed(self) -> Sealed:
        """What is known of the records, not opened."""
        blocked = self.decisions.blocked_values
        return Sealed(self.customers, self.read, blocked)

    @cached_property
    def stamps(self) -> pa.Table:
        """Return ``record_id``, in order, and ``stamp``: what the forms of a record follow from.

        That is its version, and how often something was decided of its values.
        """
        table = self.customers.select(["record_id", "version"]).sort_by("record_id")
        ids, stamps = (column.combine_chunks() for column in table.columns)
        said = self.decisions.said_of_values
        for name in TOKENS if said else ():
            tokens = self.contacts.column(name)
            rows = self.contacts.filter(pc.is_in(tokens, value_set=pa.array(sorted(said))))
            of_record = pa.array([f"\t{said[t.as_py()]:04d}" for t in rows.column(name)])
            place = pc.index_in(ids, value_set=rows.column("record_id"))
            suffix = of_record.cast(pa.string()).take(place).fill_null("")
            stamps = pc.binary_join_element_wise(stamps, suffix, "")
        return pa.table({"record_id": ids, "stamp": stamps})

    @cached_property
    def labels(self) -> list[tuple[str, str, bool]]:
        """Pairs of records that people have said are one person, or two; those that tell something.

        What was decided of numbers says nothing of how alike two records are.
        """
        telling = set(self.telling.to_pylist())
        found = []
        for pairs, same in ((self.decisions.together, True), (self.decisions.apart, False)):
            for one, two in pairs:
                records = [n.removeprefix(_RECORD) for n in (one, two) if n.startswith(_RECORD)]
                if len(records) == 2 and telling.issuperset(records):
                    found.append((records[0], records[1], same))
        return sorted(found)

    def drawn(self, count: int, most_names: int) -> list[str]:
        """Draw records to learn from: all, or so many, in order of their ids.

        With them come some of every contact that more records hold than ``most_names``, so that
        what means nobody is known by a sample as by the whole.
        """
        everyone = self.telling.sort()
        if len(everyone) <= count:
            return list(everyone.to_pylist())
        places = np.random.default_rng(_SEED).choice(len(everyone), count, replace=False)
        found = set(everyone.take(places).to_pylist())
        for name in TOKENS:
            held = self.contacts.select(["record_id", name]).drop_null()
            counts = held.column(name).value_counts()
            heavy = pc.struct_field(counts, "values").filter(
                pc.greater(pc.struct_field(counts, "counts"), most_names)
            )
            rows = held.filter(pc.is_in(held.column(name), value_set=heavy)).to_pandas()
            few = rows.sort_values("record_id").groupby(name).head(4 * most_names)
            found.update(few["record_id"])
        return sorted(found)

    def told_one(
        self, new: Sequence[str], numbers: Mapping[str, NumberType]
    ) -> list[tuple[str, str]]:
        """Pairs with a new record that sources say are one person, by a number both hold."""
        pairs = " UNION ".join(
            "SELECT least(a.record_id, b.record_id), greatest(a.record_id, b.record_id) "  # noqa: S608  our own names
            f"FROM fresh JOIN held a USING (record_id) JOIN held b ON a.{number} = b.{number} "
            f"JOIN (SELECT {number} AS often FROM held GROUP BY ALL "
            f"HAVING count(*) BETWEEN 2 AND {of.max_records}) ON a.{number} = often "
            "WHERE a.record_id <> b.record_id"
            for number, of in numbers.items()
        )
        with duck.opened() as database:
            database.register("held", self.customers.select(["record_id", *NUMBERS]))
            database.register("fresh", pa.table({"record_id": pa.array(new, pa.string())}))
            return [(a, b) for a, b in database.execute(f"{pairs} ORDER BY ALL").fetchall()]

    def opened(self, records: Sequence[str]) -> pd.DataFrame:
        """Read the columns that are compared of records, in their order."""
        if self.ring is None:
            return pd.DataFrame(index=range(len(records)), columns=[*SEALED, *CLEAR], dtype=object)
        sealed = self.sealed
        parts = [
            (part.column("row"), opened(part, self.ring, sealed.blocked))
            for part in sealed.parts(records, PART)
        ]
        if not parts:
            return pd.DataFrame(columns=[*SEALED, *CLEAR], dtype=object)
        rows = np.concatenate([row.to_numpy() for row, _ in parts])
        told = pd.concat([frame for _, frame in parts], ignore_index=True)
        return told.iloc[np.argsort(rows)].reset_index(drop=True)
