"""Keys: the master key in a file, data keys per record, tokens; AES-256-GCM and HMAC-SHA-256.

A data key encrypts the personal values of one source record and is itself encrypted (wrapped) by
the master key. Without its data key a record cannot be read, wherever copies of it lie.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from jobs.lake.errors import BespokeError

SEALED = "enc:1:"
"""What an encrypted value begins with: the version of the scheme."""
_NONCE = 12


class KeyringError(BespokeError):
    """The master key is missing, unreadable or not the one a value was encrypted with."""


@dataclass(frozen=True, repr=False)
class Keyring:
    """The master key and the key of the tokens; never printed."""

    id: str
    master: bytes
    tokens: bytes

    def new_key(self, record_id: str) -> str:
        """Make a data key for a record and return it wrapped, base64."""
        return self._wrap(record_id, AESGCM.generate_key(256))

    def unwrap(self, record_id: str, wrapped: str) -> bytes:
        """Return a record's data key.

        Raises
        ------
        KeyringError
            It was wrapped by another master key, or for another record.
        """
        data = base64.b64decode(wrapped)
        try:
            return AESGCM(self.master).decrypt(data[:_NONCE], data[_NONCE:], record_id.encode())
        except InvalidTag:
            raise KeyringError(
                f"the data key of a record cannot be unwrapped with master key {self.id}; "
                "was the key file exchanged?"
            ) from None

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
        data = base64.b64decode(sealed.removeprefix(SEALED))
        try:
            bound = f"{record_id}\x1f{column}".encode()
            return cipher.decrypt(data[:_NONCE], data[_NONCE:], bound).decode()
        except InvalidTag:
            raise KeyringError(f"column {column} of a record cannot be read with its key") from None

    return opened


def key_file(home: Path) -> Path:
    """Where the master key lies: ``BESPOKE_MASTER_KEY_FILE``, or below the home."""
    named = os.environ.get("BESPOKE_MASTER_KEY_FILE")
    return Path(named) if named else home / "secrets" / "master.json"


def make_keyring(path: Path) -> Keyring:
    """Read the keys, or make them where there are none yet; only the owner may read the file.

    Raises
    ------
    KeyringError
        The file is there but holds no keys.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        content = {
            "id": secrets.token_hex(4),
            "master": base64.b64encode(secrets.token_bytes(32)).decode(),
            "tokens": base64.b64encode(secrets.token_bytes(32)).decode(),
        }
        # Written beside and linked: a kill leaves no half key, and two makers agree on one.
        scratch = path.with_suffix(f".{os.getpid()}")
        with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(scratch, path)
        except FileExistsError:
            pass
        finally:
            scratch.unlink()
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
        The file is missing or holds another key: with a new one the same person would get other
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
    if wanted and ring.id not in wanted:
        raise KeyringError(f"{path}: holds master key {ring.id}; {said}: {mend}")
    return ring


def read_keyring(path: Path) -> Keyring:
    """Read the keys; KeyringError when the file is missing or holds none."""
    try:
        content = json.loads(path.read_text())
        return Keyring(
            str(content["id"]),
            base64.b64decode(content["master"], validate=True),
            base64.b64decode(content["tokens"], validate=True),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise KeyringError(f"{path}: no usable master key: {type(error).__name__}") from None
