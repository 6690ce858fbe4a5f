"""Transit: HashiCorp Vault (or OpenBao) encrypts with a key that never leaves it.

Its own token is read as its own command reads it: ``VAULT_TOKEN``, or ``~/.vault-token``.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from jobs.lake.errors import TransientError

if TYPE_CHECKING:
    import hvac

_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
_SECONDS = 20


class TransitError(TransientError):
    """The transit engine cannot be reached, or refuses."""


@dataclass(frozen=True)
class Transit:
    """A key of a transit engine.

    Attributes
    ----------
    address : str
        Of the server, as ``https://vault.example.com:8200``; plain HTTP on loopback only.
    key : str
        Name of the key.
    mount : str
        Where the engine is mounted.
    """

    address: str
    key: str = "bespoke"
    mount: str = "transit"

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Transit:
        """Return the key that a key file names."""
        return cls(str(content["address"]), str(content["key"]), str(content["mount"]))

    def place(self) -> dict[str, str]:
        """Return what a key file says of it."""
        return {"address": self.address, "key": self.key, "mount": self.mount}

    def encrypt(self, content: bytes) -> str:
        """Encrypt; TransitError where that fails."""
        told = self._asked("encrypt_data", plaintext=base64.b64encode(content).decode())
        return str(told["ciphertext"])

    def decrypt(self, sealed: str) -> bytes:
        """Decrypt, asking once a process; TransitError where that fails."""
        return _decrypted(self, sealed)

    def _asked(self, what: str, **values: str) -> Any:
        import hvac.exceptions
        import requests

        try:
            transit = _client(self.address).secrets.transit
            told = getattr(transit, what)(name=self.key, mount_point=self.mount, **values)
            return told["data"]
        except (hvac.exceptions.VaultError, requests.RequestException) as error:
            # Its message may quote what was sent.
            raise TransitError(
                f"transit at {self.address} did not {what.partition('_')[0]} with key "
                f"{self.key}: {type(error).__name__}"
            ) from None


@lru_cache(maxsize=8)
def _decrypted(transit: Transit, sealed: str) -> bytes:
    told = transit._asked("decrypt_data", ciphertext=sealed)
    return base64.b64decode(told["plaintext"])


def _client(address: str) -> hvac.Client:
    import hvac

    parts = urlsplit(address)
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        raise TransitError(f"{address}: keys are sent over https only")
    token = os.environ.get("VAULT_TOKEN")
    file = Path.home() / ".vault-token"
    if not token and file.exists():
        token = file.read_text().strip()
    if not token:
        raise TransitError(f"no token for {address}: set VAULT_TOKEN, or log in with its command")
    return hvac.Client(url=address, token=token, timeout=_SECONDS)
