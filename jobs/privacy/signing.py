"""Signatures: an Ed25519 key of a home's own, by which its audit trail and certificates are told.

The private key is beside the master key. Public keys are no secret, and are kept as long as
anything that was signed.
"""

from __future__ import annotations

import base64
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from jobs.lake.errors import BespokeError
from jobs.lake.secret_files import make_once


class SigningError(BespokeError):
    """The signing key is missing or unreadable."""


@dataclass(frozen=True, repr=False)
class Signer:
    """A private key; never printed."""

    key: Ed25519PrivateKey

    @property
    def id(self) -> str:
        """Name of the key: the first 16 hexadecimal digits of its public half's SHA-256."""
        return _id(self.key.public_key())

    def sign(self, text: str) -> str:
        """Return the signature of a text, base64."""
        return base64.b64encode(self.key.sign(text.encode())).decode()


@dataclass(frozen=True)
class Witness:
    """Public keys by their ids: tells what was signed by one of them."""

    keys: dict[str, Ed25519PublicKey]

    def holds(self, text: str, signature: str, key_id: str) -> bool:
        """Whether the signature is that of the text by the named key."""
        key = self.keys.get(key_id)
        if key is None:
            return False
        try:
            key.verify(base64.b64decode(signature, validate=True), text.encode())
        except (InvalidSignature, ValueError):
            return False
        return True


def signing_key(home: Path) -> Path:
    """Where the private key lies: ``BESPOKE_SIGNING_KEY_FILE``, or below the home."""
    named = os.environ.get("BESPOKE_SIGNING_KEY_FILE")
    return Path(named) if named else home / "secrets" / "signing.pem"


def signer(path: Path, publics: Path, *, make: bool) -> Signer:
    """Read the signing key, and see to it that its public half is kept.

    Parameters
    ----------
    path : Path
        The private key.
    publics : Path
        Folder of public keys.
    make : bool
        Whether one is made where there is none.

    Raises
    ------
    SigningError
        It is missing, or no Ed25519 key.
    """
    if make and not path.exists():
        fresh = Ed25519PrivateKey.generate()
        make_once(
            path,
            fresh.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            ),
        )
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise SigningError(f"{path}: no usable signing key: {type(error).__name__}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise SigningError(f"{path}: no Ed25519 key")
    public = key.public_key()
    kept = publics / f"{_id(public)}.pem"
    if not kept.exists():
        make_once(
            kept,
            public.public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            ),
        )
    return Signer(key)


def witness(publics: Path) -> Witness:
    """Read public keys; one whose content is not that of its name is left out."""
    found = {}
    for path in sorted(publics.glob("*.pem")):
        try:
            key = serialization.load_pem_public_key(path.read_bytes())
        except (OSError, ValueError):
            continue
        if isinstance(key, Ed25519PublicKey) and _id(key) == path.stem:
            found[path.stem] = key
    return Witness(found)


def _id(key: Ed25519PublicKey) -> str:
    raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return hashlib.sha256(raw).hexdigest()[:16]
