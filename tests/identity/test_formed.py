"""Records in their form: whichever process brings them into it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from jobs.identity import formed
from jobs.identity.formed import Apart, FormingError
from jobs.identity.match import FIELDS
from jobs.identity.matching.matcher import Matcher, hash_key, train
from jobs.identity.matching.settings import MatchSettings
from jobs.identity.opening import CLEAR, SEALED, Sealed, opened
from jobs.privacy.keyring import make_keyring, seal
from tests.report.identity_lake import shop


@dataclass
class Shop:
    """Sealed records of a shop, with their keys."""

    people: pd.DataFrame
    sealed: Sealed
    matcher: Matcher
    key_file: Path
    asked: list[Sequence[str] | None]

    def former(self, folder: Path) -> Apart:
        return Apart(self.sealed, self.matcher, self.key_file, folder)

    def here(self, records: Sequence[str]) -> pa.Table:
        ring = make_keyring(self.key_file)
        part = pa.concat_tables(self.sealed.parts(records, len(records)))
        frame = opened(part, ring)
        return formed.formed(frame, self.matcher, hash_key(ring.tokens), part.column("row"))


@pytest.fixture
def sealed_shop(tmp_path: Path) -> Shop:
    people = shop()
    ring = make_keyring(tmp_path / "master.json")
    contacts: list[dict[str, Any]] = []
    keys = []
    for row in people.to_dict("records"):
        record = row["id"]
        wrapped = ring.new_key(record)
        key = ring.unwrap(record, wrapped)
        told = {name: row[name] for name in SEALED if isinstance(row[name], str)}
        values = [(name, seal(key, record, name, value)) for name, value in told.items()]
        tokens = {f"{n}_token": told.get(n) and f"t-{told[n]}" for n in ("email", "phone")}
        contacts.append({"record_id": record, "sealed": values, **tokens})
        keys.append({"record_id": record, "wrapped_key": wrapped})
    told_of = pa.schema(
        {
            "record_id": pa.string(),
            "sealed": pa.map_(pa.string(), pa.string()),
            "email_token": pa.string(),
            "phone_token": pa.string(),
        }
    )
    tables = pa.Table.from_pylist(contacts, told_of), pa.Table.from_pylist(keys)
    asked: list[Sequence[str] | None] = []

    def read(records: Sequence[str] | None) -> tuple[list[pa.RecordBatch], pa.Table]:
        asked.append(records)
        return tables[0].to_batches(max_chunksize=50), tables[1]

    clear = people.rename(columns={"id": "record_id"})[["record_id", *CLEAR]]
    clear = clear.astype(object).where(clear.notna(), None)
    sealed = Sealed(pa.Table.from_pandas(clear, preserve_index=False), read)
    frame = people.astype(object).where(people.notna(), None)
    matcher = train(
        frame,
        FIELDS,
        MatchSettings(pairs=20_000),
        key=hash_key(ring.tokens),
        until=date(2026, 6, 1),
    )
    assert matcher is not None
    return Shop(people, sealed, matcher, tmp_path / "master.json", asked)


def test_processes_form_records_as_this_one_does(
    sealed_shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formed, "PART", 30)
    ids = sorted(sealed_shop.people["id"])
    apart = sealed_shop.former(tmp_path / "scratch")(ids).to_table().sort_by("row")
    here = sealed_shop.here(ids).sort_by("row")
    assert apart.num_rows == len(ids) > 60
    assert apart.select(here.column_names).equals(here)
    folders = [path for path in (tmp_path / "scratch").iterdir() if path.is_dir()]
    assert [path.stat().st_mode & 0o077 for path in folders] == [0]


def test_what_is_asked_twice_lies_apart(sealed_shop: Shop, tmp_path: Path) -> None:
    former, ids = sealed_shop.former(tmp_path / "scratch"), sorted(sealed_shop.people["id"])
    first, second = former(ids[:5]), former(ids[5:7])
    assert (first.count_rows(), second.count_rows()) == (5, 2)
    assert sealed_shop.asked[-2:] == [ids[:5], ids[5:7]]


def test_a_process_that_fails_says_why(sealed_shop: Shop, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    make_keyring(other)
    former = replace(sealed_shop.former(tmp_path / "scratch"), key_file=other)
    with pytest.raises(FormingError, match="was the key file exchanged"):
        former(sorted(sealed_shop.people["id"])[:3])


def test_a_record_without_key_tells_only_what_is_not_sealed(sealed_shop: Shop) -> None:
    known, ring = sealed_shop.people["id"][0], make_keyring(sealed_shop.key_file)
    one, other = sealed_shop.sealed.parts(["nobody", known], 10)
    assert (one.column("row").to_pylist(), other.column("row").to_pylist()) == ([1], [0])
    assert opened(one, ring).loc[0].notna().any()
    assert opened(other, ring).loc[0].isna().all()
