"""The key file: it holds the keys, or says who does.

Three providers: the file itself, a variable of the environment (as a scheduler's secret store sets
it), and HashiCorp Vault's transit engine (or OpenBao's), which seals the file's content with a key
that never leaves it. Everybody who needs keys is given the file's path and asks no more.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from jobs.lake.errors import BespokeError
from jobs.lake.secret_files import make_once, write_anew
from jobs.privacy.transit import Transit, TransitError

Provider = Literal["file", "environment", "transit"]
VARIABLE = "BESPOKE_KEYS"
"""What holds the keys, where the environment is the provider."""


class KeyringError(BespokeError):
    """A key is missing, unreadable or not the one a value was encrypted with."""


@dataclass(frozen=True, repr=False)
class Key:
    """A secret of 256 bits and its public name; never printed."""

    id: str
    secret: bytes


@dataclass(frozen=True, repr=False)
class Keys:
    """What a key file leads to: master keys and keys of tokens, the current one of each first."""

    masters: tuple[Key, ...]
    tokens: tuple[Key, ...]


def read(path: Path) -> Keys:
    """Return the keys that a key file leads to.

    Raises
    ------
    KeyringError
        It is missing, holds none, or its provider gives none.
    """
    content = _content(path)
    try:
        return _parsed(_OPENED[_provider(content)](content))
    except TransitError as error:
        raise KeyringError(f"{path}: {error}") from None
    except (ValueError, KeyError, TypeError) as error:
        raise KeyringError(f"{path}: no usable master key: {type(error).__name__}") from None


def provider(path: Path) -> Provider:
    """Say who holds the keys of a key file; KeyringError as of :func:`read`."""
    return _provider(_content(path))


def make(path: Path, keys: Keys) -> None:
    """Write a key file that holds its keys, where there is none yet."""
    make_once(path, _text({"provider": "file", "keys": _told(keys)}))


def write(path: Path, keys: Keys) -> None:
    """Change the keys that a key file leads to.

    Raises
    ------
    KeyringError
        They are in a variable of the environment, which is not ours to set; or transit fails.
    """
    content = _content(path)
    if _provider(content) == "environment":
        raise KeyringError(
            f"{path}: the keys are in the variable {VARIABLE}, which only its owner can set"
        )
    if _provider(content) == "transit":
        _write_sealed(path, Transit.of(content), keys)
    else:
        write_anew(path, _text({"provider": "file", "keys": _told(keys)}))


def move(path: Path, to: Provider, transit: Transit | None = None) -> None:
    """Let another provider hold the keys from now on.

    Parameters
    ----------
    path : Path
        The key file.
    to : {"file", "environment", "transit"}
        Who is to hold them; of the environment the variable has to hold them already.
    transit : Transit, optional
        Where the transit engine is.

    Raises
    ------
    KeyringError
        The new provider would not give the same keys; the file stays as it was.
    """
    keys = read(path)
    if to == "environment":
        content = {"provider": to}
        if _told(_in_environment()) != _told(keys):
            raise KeyringError(
                f"the variable {VARIABLE} does not hold the keys of {path}: `bespoke keys export` "
                "writes what it has to hold"
            )
        write_anew(path, _text(content))
    elif to == "transit":
        if transit is None:
            raise KeyringError("transit wants the address of its server")
        _write_sealed(path, transit, keys)
    else:
        write_anew(path, _text({"provider": "file", "keys": _told(keys)}))


def export(keys: Keys) -> str:
    """Return keys as the variable of the environment holds them: JSON, base64."""
    return base64.b64encode(json.dumps(_told(keys)).encode()).decode()


def _write_sealed(path: Path, transit: Transit, keys: Keys) -> None:
    try:
        sealed = transit.encrypt(json.dumps(_told(keys)).encode())
        # Read back before the keys have no other place.
        if json.loads(transit.decrypt(sealed)) != _told(keys):
            raise KeyringError("transit gave back something else than it was given")
    except TransitError as error:
        raise KeyringError(f"{path}: {error}") from None
    write_anew(path, _text({"provider": "transit", **transit.place(), "sealed": sealed}))


def _content(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise KeyringError(f"{path}: no usable master key: {type(error).__name__}") from None
    if not isinstance(content, dict):
        raise KeyringError(f"{path}: no usable master key: no JSON object")
    return content


def _provider(content: Mapping[str, Any]) -> Provider:
    named: Provider = content.get("provider", "file")
    if named not in _OPENED:
        raise KeyringError(f"no provider of keys {named!r}; there are {', '.join(_OPENED)}")
    return named


def _from_file(content: Mapping[str, Any]) -> Any:
    # As files were before there were providers.
    if "master" in content:
        return {
            "masters": [{"id": content["id"], "secret": content["master"]}],
            "tokens": [{"id": content["id"], "secret": content["tokens"]}],
        }
    return content["keys"]


def _from_environment(_: Mapping[str, Any]) -> Any:
    return _told(_in_environment())


def _in_environment() -> Keys:
    held = os.environ.get(VARIABLE)
    if not held:
        raise KeyringError(f"the keys are to be in the variable {VARIABLE}, which is not set")
    try:
        return _parsed(json.loads(base64.b64decode(held, validate=True)))
    except (ValueError, KeyError, TypeError):
        raise KeyringError(f"the variable {VARIABLE} does not hold keys") from None


def _from_transit(content: Mapping[str, Any]) -> Any:
    return json.loads(Transit.of(content).decrypt(content["sealed"]))


_OPENED: dict[Provider, Callable[[Mapping[str, Any]], Any]] = {
    "file": _from_file,
    "environment": _from_environment,
    "transit": _from_transit,
}


def _parsed(told: Any) -> Keys:
    def keys(name: str) -> tuple[Key, ...]:
        found = tuple(
            Key(str(one["id"]), base64.b64decode(one["secret"], validate=True))
            for one in told[name]
        )
        if not found or any(len(key.secret) != 32 for key in found):
            raise ValueError(name)
        return found

    return Keys(keys("masters"), keys("tokens"))


def _told(keys: Keys) -> dict[str, list[dict[str, str]]]:
    def told(some: tuple[Key, ...]) -> list[dict[str, str]]:
        return [{"id": k.id, "secret": base64.b64encode(k.secret).decode()} for k in some]

    return {"masters": told(keys.masters), "tokens": told(keys.tokens)}


def _text(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(content, indent=1) + "\n").encode()
