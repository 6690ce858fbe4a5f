"""Blocked values: named by what they are, kept by their token, and taken back when unlisted."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from jobs.identity.blocked import BlockedError, keep_to_list, node_of
from jobs.identity.decided import Decisions
from jobs.identity.settings import IdentitySettings
from jobs.lake.store import Lake
from jobs.lake.tables.matching import DECISIONS
from jobs.privacy.key_file import Key
from jobs.privacy.keyring import Keyring

RING = Keyring((Key("k", b"m" * 32),), (Key("k", b"t" * 32),))


def ring() -> Keyring:
    """Return the keys of the tests."""
    return RING


def no_keys() -> Keyring:
    """Fail where keys are asked for that are not needed."""
    raise AssertionError("asked for")


def test_an_address_is_kept_by_its_token() -> None:
    token = RING.token("email", "desk@shop.com")
    assert node_of("email: Desk@Shop.com", "GB", ring) == f"email:{token}"
    assert node_of(f"email:{token}", "GB", no_keys) == f"email:{token}"
    number = RING.token("phone", "+442079460018")
    assert node_of("phone:020 7946 0018", "GB", ring) == f"phone:{number}"


def test_a_device_is_kept_as_it_is() -> None:
    assert node_of("device:kiosk-3", "GB", no_keys) == "device:kiosk-3"


@pytest.mark.parametrize("wrong", ["desk@shop.com", "face:1", "email:", "email:nobody", "phone:1"])
def test_what_is_no_identifier_is_refused(wrong: str) -> None:
    with pytest.raises(BlockedError):
        node_of(wrong, "GB", ring)


def test_the_list_is_followed(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.ensure(DECISIONS)

    def stands(*listed: str) -> frozenset[str]:
        identity = IdentitySettings(blocked=listed)
        run: Any = SimpleNamespace(lake=lake, settings=SimpleNamespace(identity=identity))
        keep_to_list(run, "GB", ring)
        return Decisions.among(lake.rows(DECISIONS).to_pylist()).blocked

    assert stands() == frozenset()
    assert stands("device:kiosk") == {"device:kiosk"}
    assert stands("device:kiosk") == {"device:kiosk"}
    assert lake.rows(DECISIONS).num_rows == 1
    assert len(stands("device:kiosk", "email:desk@shop.com")) == 2
    assert stands() == frozenset()
    assert stands("device:kiosk") == {"device:kiosk"}
