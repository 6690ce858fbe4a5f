"""Exchange of the master key."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from jobs.lake import faults
from jobs.lake.folders import home_of
from jobs.lake.store import Lake
from jobs.lake.tables.audit import AUDIT
from jobs.lake.tables.bronze import VAULT_KEYS
from jobs.privacy import key_file
from jobs.privacy.keyring import KeyringError, make_keyring, read_keyring, seal, unseal
from jobs.privacy.reads import UntoldReadError, reading
from jobs.privacy.rotation import rotate

RECORDS = [f"shop.crm:{number}" for number in range(40)]


class Kept:
    """A vault of some records' keys, with a value of each."""

    def __init__(self, home: Path) -> None:
        self.lake, self.file = Lake(home / "lake"), home / "secrets" / "master.json"
        ring = make_keyring(self.file)
        wrapped = {record: ring.new_key(record) for record in RECORDS}
        for some in (RECORDS[:30], RECORDS[30:]):
            self.lake.append_rows(VAULT_KEYS, [self.row(r, wrapped[r], ring.id) for r in some])
        self.values = {
            record: seal(ring.unwrap(record, wrapped[record]), record, "email", f"{record}@x.com")
            for record in RECORDS
        }

    @staticmethod
    def row(record: str, wrapped: str, master: str) -> dict[str, object]:
        return {
            "record_id": record,
            "source": "shop.crm",
            "wrapped_key": wrapped,
            "master_key_id": master,
            "loaded_on": date(2026, 8, 29),
        }

    def rows(self) -> list[dict[str, str]]:
        with reading(self.lake, "a test"):
            return list(self.lake.rows(VAULT_KEYS).to_pylist())

    def all_readable(self) -> bool:
        ring = read_keyring(self.file)
        found = {
            row["record_id"]: unseal(
                ring.unwrap(row["record_id"], row["wrapped_key"]),
                row["record_id"],
                "email",
                self.values[row["record_id"]],
            )
            for row in self.rows()
        }
        return found == {record: f"{record}@x.com" for record in RECORDS}


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path / "home")


def test_data_keys_are_wrapped_anew_and_values_stay(kept: Kept) -> None:
    before, rows = read_keyring(kept.file), kept.rows()
    done = rotate(kept.lake, kept.file, "every year")
    after = read_keyring(kept.file)
    assert (done.rewrapped, done.gone, done.master) == (40, (before.id,), after.id)
    assert [master.id for master in after.masters] == [after.id] != [before.id]
    # Tokens are what they were.
    assert after.tokens == before.tokens
    assert kept.all_readable()
    assert kept.lake.values(VAULT_KEYS, "master_key_id") == {after.id}
    # A backup of the data keys from before opens nothing any more.
    with pytest.raises(KeyringError):
        after.unwrap(rows[0]["record_id"], rows[0]["wrapped_key"])


@pytest.mark.parametrize("stop", [1, 2, 3, 4, 5, 6])
def test_stopped_anywhere_everything_stays_readable_and_it_goes_on(kept: Kept, stop: int) -> None:
    seen = []

    def watch(_: str, what: str) -> None:
        seen.append(what)
        if len(seen) == stop:
            raise faults.StoppedError(what)

    with faults.watched(watch), pytest.raises(faults.StoppedError):
        rotate(kept.lake, kept.file, "every year")
    assert kept.all_readable()
    masters = {read_keyring(kept.file).id}
    if len(read_keyring(kept.file).masters) == 2:
        assert rotate(kept.lake, kept.file, "every year").master in masters
    assert {row["master_key_id"] for row in kept.rows()} in (masters, {read_keyring(kept.file).id})
    assert kept.all_readable()


def test_a_data_key_that_cannot_be_unwrapped_stops_it_before_anything_is_written(
    kept: Kept,
) -> None:
    kept.lake.append_rows(VAULT_KEYS, [kept.row("shop.crm:99", "AAAA", "other")])
    version, before = kept.lake.version(VAULT_KEYS), kept.rows()
    with pytest.raises(KeyringError, match="cannot be unwrapped"):
        rotate(kept.lake, kept.file, "every year")
    assert kept.lake.version(VAULT_KEYS) == version
    assert kept.rows() == before
    # The former master key still is in the file.
    assert len(read_keyring(kept.file).masters) == 2


def test_it_is_told_in_the_audit_trail_by_the_keys_names(kept: Kept) -> None:
    before = key_file.read(kept.file)
    rotate(kept.lake, kept.file, "every year")
    rows = kept.lake.rows(AUDIT).to_pylist()
    steps = [dict(row["details"]).get("step") for row in rows if row["action"] == "key.change"]
    assert sorted(filter(None, steps)) == ["new master key", "old master key gone"]
    assert {row["why"] for row in rows if row["action"] == "key.change"} == {"every year"}
    assert before.masters[0].secret.hex() not in str(rows)


def test_who_does_not_say_why_reads_nothing(kept: Kept) -> None:
    with pytest.raises(UntoldReadError, match=r"vault\.keys"):
        kept.lake.rows(VAULT_KEYS)
    with reading(kept.lake, "a request", people=2), reading(kept.lake, "a job", run_id="n:1"):
        kept.lake.rows(VAULT_KEYS)
        kept.lake.rows(VAULT_KEYS)
    (row,) = kept.lake.rows(AUDIT).to_pylist()
    told = ("vault.read", "vault.keys", "a job", "n:1", "service", 40)
    assert tuple(row[c] for c in ("action", "subject", "why", "run_id", "kind", "people")) == told
    assert home_of(kept.lake.root).joinpath("audit", "heads").is_dir()
