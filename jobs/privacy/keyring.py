"""Keys: master keys, data keys per record, tokens; AES-256-GCM and HMAC-SHA-256.

A data key encrypts the personal values of one source record and is itself encrypted (wrapped) by
the master key. Without its data key a record cannot be read, wherever copies of it lie. While the
master key is exchanged for another one, both unwrap.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from jobs.privacy import key_file as kept
from jobs.privacy.key_file import Key, Keys
from jobs.privacy.key_file import KeyringError as KeyringError

SEALED = "enc:1:"
"""What an encrypted value begins with: the version of the scheme."""
_NONCE = 12


@dataclass(frozen=True, repr=False)
class Keyring:
    """Master keys and keys of tokens, the current one of each first; never printed."""

    masters: tuple[Key, ...]
    token_keys: tuple[Key, ...]

    @property
    def id(self) -> str:
        """Id of the current master key."""
        return self.masters[0].id

    @property
    def master(self) -> bytes:
        """The current master key."""
        return self.masters[0].secret

    @property
    def tokens(self) -> bytes:
        """The current key of tokens."""
        return self.token_keys[0].secret

    def new_key(self, record_id: str) -> str:
        """Make a data key for a record and return it wrapped, base64."""
        return self._wrap(record_id, AESGCM.generate_key(256))

    def unwrap(self, record_id: str, wrapped: str) -> bytes:
        """Return a record's data key.

        Raises
        ------
        KeyringError
            It was wrapped by another master key, or for another record, or is damaged.
        """
        try:
            data = base64.b64decode(wrapped, validate=True)
        except ValueError:
            data = b""
        for master in self.masters:
            try:
                return AESGCM(master.secret).decrypt(
                    data[:_NONCE], data[_NONCE:], record_id.encode()
                )
            except (InvalidTag, ValueError):
                continue
        raise KeyringError(
            "the data key of a record cannot be unwrapped with master key "
            f"{' or '.join(master.id for master in self.masters)}; was the key file exchanged, or "
            "is vault.keys damaged?"
        ) from None

    def rewrapped(self, record_id: str, wrapped: str) -> str:
        """Return a data key as the current master key wraps it.

        Raises
        ------
        KeyringError
            As of :meth:`unwrap`.
        """
        return self._wrap(record_id, self.unwrap(record_id, wrapped))

    def token(self, column: str, value: str) -> str:
        """Return the keyed token of a normalised value: HMAC-SHA-256, 128 bits, hex."""
        text = f"{column}\x1f{value}".encode()
        return hmac.new(self.tokens, text, hashlib.sha256).hexdigest()[:32]

    def _wrap(self, record_id: str, key: bytes) -> str:
        nonce = os.urandom(_NONCE)
        wrapped = AESGCM(self.master).encrypt(nonce, key, record_id.encode())
        return base64.b64encode(nonce + wrapped).decode()


def seal(key: bytes, record_id: str, column: str, value: str) -> str:
    """Encrypt a value with a record's data key, bound to its record and column."""
    nonce = os.urandom(_NONCE)
    sealed = AESGCM(key).encrypt(nonce, value.encode(), f"{record_id}\x1f{column}".encode())
    return SEALED + base64.b64encode(nonce + sealed).decode()


def unseal(key: bytes, record_id: str, column: str, sealed: str) -> str:
    """Decrypt a value.

    Raises
    ------
    KeyringError
        The key is another record's, or the value was moved from another record or column.
    """
    return unsealing(key, record_id)(column, sealed)


def unsealing(key: bytes, record_id: str) -> Callable[[str, str], str]:
    """Return what decrypts the values of one record, as :func:`unseal`: given column and value."""
    cipher = AESGCM(key)

    def opened(column: str, sealed: str) -> str:
        try:
            data = base64.b64decode(sealed.removeprefix(SEALED), validate=True)
            bound = f"{record_id}\x1f{column}".encode()
            return cipher.decrypt(data[:_NONCE], data[_NONCE:], bound).decode()
        except (InvalidTag, ValueError):
            raise KeyringError(f"column {column} of a record cannot be read with its key") from None

    return opened


def key_file(home: Path) -> Path:
    """Where the master key lies: ``BESPOKE_MASTER_KEY_FILE``, or below the home."""
    named = os.environ.get("BESPOKE_MASTER_KEY_FILE")
    return Path(named) if named else home / "secrets" / "master.json"


def fresh_key() -> Key:
    """Draw a key at random: 256 bits."""
    return Key(secrets.token_hex(4), secrets.token_bytes(32))


def make_keyring(path: Path) -> Keyring:
    """Read the keys, or make them where there are none yet; only the owner may read the file.

    Raises
    ------
    KeyringError
        The file is there but holds no keys.
    """
    if not path.exists():
        kept.make(path, Keys((fresh_key(),), (fresh_key(),)))
    return read_keyring(path)


def keyring_of(path: Path, used: Iterable[str]) -> Keyring:
    """Read the keys of a lake, or make them for one that has encrypted nothing yet.

    Parameters
    ----------
    path : Path
        The key file.
    used : iterable of str
        Ids of the master keys that the lake's values are encrypted with.

    Raises
    ------
    KeyringError
        The file is missing or lacks one of them: with a new one the same person would get other
        tokens, and a withdrawal would no longer meet the address that it names.
    """
    wanted = sorted(set(used))
    if not path.exists() and not wanted:
        return make_keyring(path)
    said = f"the lake's values are encrypted with master key {', '.join(wanted)}"
    mend = "name the file that holds it in BESPOKE_MASTER_KEY_FILE"
    if not path.exists():
        raise KeyringError(f"{path}: no master key; {said}: {mend}")
    ring = read_keyring(path)
    held = [master.id for master in ring.masters]
    if set(wanted) - set(held):
        raise KeyringError(f"{path}: holds master key {', '.join(held)}; {said}: {mend}")
    return ring


def read_keyring(path: Path) -> Keyring:
    """Read the keys; KeyringError when the file is missing, or does not lead to any."""
    keys = kept.read(path)
    return Keyring(keys.masters, keys.tokens)
