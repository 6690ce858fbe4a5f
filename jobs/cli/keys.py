"""Keys at the command: shown by name, exchanged, moved to who is to hold them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from jobs.lake.errors import BespokeError
from jobs.lake.folders import lake_root
from jobs.lake.lock import writer
from jobs.lake.opening import open_lake
from jobs.lake.settings import home
from jobs.lake.store import Lake
from jobs.lake.tables.bronze import VAULT_KEYS
from jobs.privacy import key_file as kept
from jobs.privacy.audit import KEY, Act, note
from jobs.privacy.key_file import VARIABLE, Provider
from jobs.privacy.keyring import fresh_key, key_file, read_keyring
from jobs.privacy.rotation import Rotated, rewrap
from jobs.privacy.rotation import rotate as rotated
from jobs.privacy.transit import Transit


class KeysError(BespokeError):
    """What is asked for cannot be done with these keys."""


def shown() -> list[dict[str, Any]]:
    """Return the names of the keys, what each is for, and how many data keys it wraps."""
    path, lake = key_file(home()), Lake(lake_root())
    ring = read_keyring(path)
    wrapped = lake.counts(VAULT_KEYS, "master_key_id") if lake.exists(VAULT_KEYS) else {}
    ids = dict.fromkeys([*(key.id for key in ring.masters), *wrapped])
    rows = [
        {
            "key": id_,
            "for": "data keys",
            "state": _state(id_, ring.masters[0].id, [key.id for key in ring.masters]),
            "wraps": wrapped.get(id_, 0),
            "held by": kept.provider(path),
        }
        for id_ in ids
    ]
    tokens = {"key": ring.token_keys[0].id, "for": "tokens", "state": "current", "wraps": None}
    return [*rows, tokens | {"held by": kept.provider(path)}]


def rotate(why: str) -> Rotated:
    """Exchange the master key.

    Raises
    ------
    KeysError
        The keys are in a variable, which only its owner can set; or no reason is given.
    KeyringError
        The keys cannot be read, or do not unwrap the lake's.
    LockedError
        A run writes the lake.
    """
    path = key_file(home())
    if kept.provider(path) == "environment":
        raise KeysError(
            f"the keys are in the variable {VARIABLE}: write the next ones by `bespoke keys export "
            f"--next FILE`, set {VARIABLE} to its content everywhere, then call `bespoke keys "
            "rewrap`"
        )
    with writer(lake_root(), "exchanging the master key"):
        return rotated(_opened(), path, _reason(why))


def rewrapped(why: str) -> int:
    """Wrap all data keys by the current master key; return how many were not. As :func:`rotate`."""
    with writer(lake_root(), "wrapping data keys anew"):
        return rewrap(_opened(), read_keyring(key_file(home())), _reason(why))


def move(to: Provider, why: str, transit: Transit | None) -> None:
    """Let another provider hold the keys.

    Raises
    ------
    KeyringError
        It would not give the same keys.
    """
    with writer(lake_root(), "moving the keys"):
        path = key_file(home())
        note(_opened(), Act(KEY, to, _reason(why), details={"step": "moved"}))
        kept.move(path, to, transit)


def export(file: Path, why: str, *, following: bool) -> None:
    """Write what the variable of the environment has to hold, for its owner alone.

    Parameters
    ----------
    file : Path
        Which is not there yet.
    why : str
        The reason.
    following : bool
        Whether with a new master key before the current one.
    """
    keys = kept.read(key_file(home()))
    if following:
        keys = kept.Keys((fresh_key(), *keys.masters[:1]), keys.tokens)
    note(
        Lake(lake_root()), Act(KEY, keys.masters[0].id, _reason(why), details={"step": "exported"})
    )
    try:
        out = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise KeysError(f"{file} is there already") from None
    with os.fdopen(out, "w") as target:
        target.write(kept.export(keys) + "\n")


def _state(id_: str, current: str, held: list[str]) -> str:
    if id_ == current:
        return "current"
    return "still unwraps" if id_ in held else "MISSING"


def _reason(why: str) -> str:
    if not why.strip():
        raise KeysError('what is done to keys is recorded with its reason: --why "…"')
    return why.strip()


def _opened() -> Lake:
    lake = Lake(lake_root())
    open_lake(lake)
    return lake
