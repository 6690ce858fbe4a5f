import base64
import json
import stat
from pathlib import Path

import pytest

from jobs.privacy import key_file, keyring


@pytest.fixture
def ring(tmp_path: Path) -> keyring.Keyring:
    return keyring.make_keyring(tmp_path / "secrets" / "master.json")


def test_a_value_comes_back_with_its_key_only(ring: keyring.Keyring) -> None:
    key = ring.unwrap("shop.crm:1", ring.new_key("shop.crm:1"))
    sealed = keyring.seal(key, "shop.crm:1", "email", "ann@example.com")
    assert sealed.startswith("enc:1:")
    assert "ann" not in sealed
    assert keyring.unseal(key, "shop.crm:1", "email", sealed) == "ann@example.com"
    other = ring.unwrap("shop.crm:2", ring.new_key("shop.crm:2"))
    with pytest.raises(keyring.KeyringError, match="column email"):
        keyring.unseal(other, "shop.crm:1", "email", sealed)


def test_a_value_cannot_be_moved_to_another_column_or_record(ring: keyring.Keyring) -> None:
    key = ring.unwrap("shop.crm:1", ring.new_key("shop.crm:1"))
    sealed = keyring.seal(key, "shop.crm:1", "email", "ann@example.com")
    with pytest.raises(keyring.KeyringError):
        keyring.unseal(key, "shop.crm:1", "phone", sealed)
    with pytest.raises(keyring.KeyringError):
        keyring.unseal(key, "shop.crm:2", "email", sealed)


def test_a_data_key_belongs_to_its_record(ring: keyring.Keyring) -> None:
    wrapped = ring.new_key("shop.crm:1")
    with pytest.raises(keyring.KeyringError, match="key file"):
        ring.unwrap("shop.crm:2", wrapped)


def test_tokens_are_keyed_and_differ_by_column(ring: keyring.Keyring, tmp_path: Path) -> None:
    assert ring.token("email", "x") == ring.token("email", "x")
    assert ring.token("email", "x") != ring.token("phone", "x")
    other = keyring.make_keyring(tmp_path / "other.json")
    assert other.token("email", "x") != ring.token("email", "x")


def test_the_key_file_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "secrets" / "master.json"
    first = keyring.make_keyring(path)
    assert keyring.make_keyring(path) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in path.parent.iterdir()] == ["master.json"]


def test_a_lake_that_has_encrypted_something_wants_the_key_it_was_encrypted_with(
    tmp_path: Path,
) -> None:
    path = tmp_path / "master.json"
    first = keyring.keyring_of(path, [])
    assert keyring.keyring_of(path, [first.id]) == first
    with pytest.raises(keyring.KeyringError, match=f"holds master key {first.id}; .* key other"):
        keyring.keyring_of(path, ["other"])
    path.unlink()
    with pytest.raises(keyring.KeyringError, match=r"no master key; .* BESPOKE_MASTER_KEY_FILE"):
        keyring.keyring_of(path, [first.id])
    assert not path.exists()


def test_a_broken_key_file_is_named_without_its_content(tmp_path: Path) -> None:
    path = tmp_path / "master.json"
    path.write_text('{"id": "1", "master": "c2VjcmV0"')
    with pytest.raises(keyring.KeyringError, match=r"master\.json") as error:
        keyring.read_keyring(path)
    assert "c2VjcmV0" not in str(error.value)


def test_keys_are_never_printed(ring: keyring.Keyring) -> None:
    assert ring.master.hex() not in repr(ring)
    assert repr(ring.master) not in repr(ring)


def test_a_damaged_key_or_value_is_told_in_words(ring: keyring.Keyring) -> None:
    wrapped = ring.new_key("shop.crm:1")
    for damaged in ("", "%%%", wrapped[:-4], "AAAA" + wrapped[4:]):
        with pytest.raises(keyring.KeyringError, match=r"vault\.keys damaged"):
            ring.unwrap("shop.crm:1", damaged)
    key = ring.unwrap("shop.crm:1", wrapped)
    sealed = keyring.seal(key, "shop.crm:1", "email", "ann@example.com")
    for damaged in ("enc:1:", "enc:1:%%%", sealed[:-4], sealed[:10] + "AAAA" + sealed[14:]):
        with pytest.raises(keyring.KeyringError, match="column email of a record"):
            keyring.unseal(key, "shop.crm:1", "email", damaged)


def test_a_key_file_of_before_providers_is_read(tmp_path: Path) -> None:
    path = tmp_path / "master.json"
    secret = base64.b64encode(b"m" * 32).decode()
    path.write_text(json.dumps({"id": "ab", "master": secret, "tokens": secret}))
    ring = keyring.read_keyring(path)
    assert (ring.id, ring.master, ring.tokens) == ("ab", b"m" * 32, b"m" * 32)


def test_a_file_without_whole_keys_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "master.json"
    for content in (
        "[]",
        "{}",
        '{"provider": "post-it"}',
        '{"keys": {"masters": [], "tokens": []}}',
    ):
        path.write_text(content)
        with pytest.raises(keyring.KeyringError):
            keyring.read_keyring(path)


def test_the_environment_may_hold_the_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "master.json"
    ring = keyring.make_keyring(path)
    monkeypatch.setenv(key_file.VARIABLE, "bm9uZQ==")
    with pytest.raises(keyring.KeyringError, match="does not hold keys"):
        key_file.move(path, "environment")
    monkeypatch.setenv(key_file.VARIABLE, key_file.export(key_file.read(path)))
    key_file.move(path, "environment")
    assert keyring.read_keyring(path) == ring
    assert base64.b64encode(ring.master).decode() not in path.read_text()
    with pytest.raises(keyring.KeyringError, match="only its owner can set"):
        key_file.write(path, key_file.read(path))
    monkeypatch.delenv(key_file.VARIABLE)
    with pytest.raises(keyring.KeyringError, match="BESPOKE_KEYS, which is not set"):
        keyring.read_keyring(path)
