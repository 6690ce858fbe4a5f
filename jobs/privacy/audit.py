"""The audit trail: who read, exported, decided or changed what about people, and why.

Each home writes a chain: an entry holds the hash of the one before, and is signed. The last entry
of the chain (its head) is kept outside the lake too, so that a cut end shows. An entry is written
before what it tells of is done; where it cannot be written, nothing is done.
"""

from __future__ import annotations

import fcntl
import getpass
import hashlib
import json
import os
import secrets
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jobs.lake.errors import BespokeError
from jobs.lake.folders import home_of
from jobs.lake.secret_files import make_once, write_anew
from jobs.lake.store import Lake
from jobs.lake.tables.audit import AUDIT
from jobs.privacy.signing import Signer, signer, signing_key

READ = "vault.read"
EXPORT = "export"
CONSENT = "consent.change"
IDENTITY = "identity.decide"
RELEASE = "rule.release"
NIGHT = "night.decide"
MODEL = "model.promote"
ROLLBACK = "publish.rollback"
REQUEST = "request"
KEY = "key.change"

USER, SERVICE = "user", "service"
_UNSIGNED = ("hash", "key_id", "signature")


class AuditError(BespokeError):
    """The trail cannot be written."""


@dataclass(frozen=True)
class Act:
    """What is done.

    Attributes
    ----------
    action : str
        One of those that ``ops.audit`` lists.
    subject : str
        What it is done to.
    why : str
        Purpose or reason.
    people : int or None
        How many persons or records it is about, where counted.
    run_id : str or None
        The run it is part of; None for what a person does at the command.
    details : mapping of str to str
        More of it; never a personal value.
    """

    action: str
    subject: str
    why: str
    people: int | None = None
    run_id: str | None = None
    details: Mapping[str, str] = field(default_factory=dict)


def folder(home: Path) -> Path:
    """Where heads and public keys lie: ``BESPOKE_AUDIT_FOLDER``, or below the home."""
    named = os.environ.get("BESPOKE_AUDIT_FOLDER")
    return Path(named) if named else home / "audit"


def note(lake: Lake, act: Act) -> dict[str, Any]:
    """Add an entry to this home's chain; return it.

    Parameters
    ----------
    lake : Lake
        The lake.
    act : Act
        What is about to be done.

    Raises
    ------
    AuditError
        The signing key is gone though there is a chain.
    """
    home = home_of(lake.root)
    place = folder(home)
    with _alone(place):
        writer = _writer(place)
        path = head_file(place, writer)
        head = json.loads(path.read_text()) if path.exists() else None
        by = _signer(home, place, first=head is None)
        if head is not None and head["pending"]:
            _complete(lake, head["entry"])
        entry = _entry(act, writer, head["entry"] if head else None, by)
        _write_head(path, entry, by, pending=True)
        _append(lake, entry)
        _write_head(path, entry, by, pending=False)
    return entry


def digest(entry: Mapping[str, Any]) -> str:
    """Return the hash of an entry: SHA-256 of its columns as JSON, sorted, the signature's aside.

    Parameters
    ----------
    entry : mapping
        A row of ``ops.audit``; its time is a datetime or as ISO 8601, its details pairs or a
        mapping.
    """
    content = {name: value for name, value in entry.items() if name not in _UNSIGNED}
    at = content["recorded_at"]
    if isinstance(at, datetime):
        content["recorded_at"] = at.astimezone(UTC).isoformat(timespec="microseconds")
    content["details"] = sorted(dict(content["details"] or {}).items())
    text = json.dumps(content, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def head_file(place: Path, writer: str) -> Path:
    """Where the head of a chain lies."""
    return place / "heads" / f"{writer}.json"


def head_text(head: Mapping[str, Any]) -> str:
    """Return what the signature of a head is of."""
    return f"head {head['entry']['hash']} {json.dumps(head['pending'])}"


def _entry(act: Act, writer: str, last: Mapping[str, Any] | None, by: Signer) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "writer": writer,
        "sequence": last["sequence"] + 1 if last else 1,
        "recorded_at": datetime.now(UTC).isoformat(timespec="microseconds"),
        "actor": getpass.getuser(),
        "kind": USER if act.run_id is None else SERVICE,
        "action": act.action,
        "subject": act.subject,
        "people": act.people,
        "why": act.why,
        "run_id": act.run_id,
        "details": sorted(act.details.items()),
        "previous": last["hash"] if last else "",
    }
    entry["hash"] = digest(entry)
    return entry | {"key_id": by.id, "signature": by.sign(entry["hash"])}


def _append(lake: Lake, entry: Mapping[str, Any]) -> None:
    row = dict(entry) | {"recorded_at": datetime.fromisoformat(entry["recorded_at"])}
    row["details"] = [tuple(pair) for pair in entry["details"]]
    lake.append_rows(AUDIT, [row])


def _complete(lake: Lake, entry: Mapping[str, Any]) -> None:
    """Put an entry into the table that a process may have left out as it ended."""
    own = [("writer", "=", entry["writer"]), ("sequence", "=", entry["sequence"])]
    if not lake.rows(AUDIT, own, ["sequence"]).num_rows:
        _append(lake, entry)


def _write_head(path: Path, entry: Mapping[str, Any], by: Signer, *, pending: bool) -> None:
    head: dict[str, Any] = {"entry": entry, "pending": pending, "key_id": by.id}
    head["signature"] = by.sign(head_text(head))
    write_anew(path, json.dumps(head, indent=1).encode())


def _signer(home: Path, place: Path, *, first: bool) -> Signer:
    path = signing_key(home)
    if not first and not path.exists():
        raise AuditError(
            f"{path}: the key that signs the audit trail is gone, so nothing is read or changed "
            "that has to be told in it. Put it back from its backup; if there is none, move "
            f"{place / 'writer'} away: a new chain begins, and the former can still be verified"
        )
    return signer(path, place / "keys", make=True)


def _writer(place: Path) -> str:
    path = place / "writer"
    if not path.exists():
        make_once(path, f"{socket.gethostname()}-{secrets.token_hex(3)}".encode())
    return path.read_text()


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    """One entry at a time, of threads and processes."""
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (place / "lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
