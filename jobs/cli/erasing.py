"""Erasure at the command: a request entered, worked to its end, and listed."""

from __future__ import annotations

import getpass
import json
import logging
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from jobs.cli.nights import chosen
from jobs.cli.rights import person_of
from jobs.lake.errors import BespokeError
from jobs.lake.folders import lake_root
from jobs.lake.lock import writer
from jobs.lake.opening import open_lake
from jobs.lake.query import records
from jobs.lake.settings import home, settings
from jobs.lake.store import Lake
from jobs.lake.tables.requests import REQUESTS
from jobs.privacy.audit import REQUEST, Act, folder, note
from jobs.privacy.erasure import Erasure, landed, suppression
from jobs.privacy.keyring import key_file, read_keyring
from jobs.privacy.places import requests_folder
from jobs.privacy.plan import planned
from jobs.privacy.reads import reading
from jobs.privacy.signing import witness

log = logging.getLogger("bespoke")

KIND = "erasure"
OPEN, DONE, FAILED = "open", "done", "failed"
_LISTED = """
    SELECT request_id, kind, state, step, asked_at, deadline, asked_by, why, error
    FROM ops.requests QUALIFY row_number() OVER (
        PARTITION BY request_id ORDER BY recorded_at DESC) = 1
    ORDER BY asked_at DESC
"""


class RequestError(BespokeError):
    """There is no such request, or nothing is left of it to do."""


def erase(who: Sequence[str], why: str) -> Path:
    """Take persons out of everything; return the certificate.

    Parameters
    ----------
    who : sequence of str
        ``person_id``, identifier, its value, or an email address, of each.
    why : str
        The reason, such as the request's number; not the person's name.

    Raises
    ------
    WhoError
        Nobody goes by one of them, or several do.
    ErasureError
        Something of them is still there.
    LockedError
        A run writes the lake: the request was not entered; try again when it has ended.
    """
    if not why.strip():
        raise RequestError('a request is recorded with its reason: --why "…"')
    here, root, file = chosen(settings()), lake_root(), key_file(home())
    if not isinstance(root, Path):
        raise RequestError(
            f"the lake is in an object store ({root}), whose files are not searched yet: nothing "
            "was erased, since it could not be proven"
        )
    persons = sorted({person_of(root, one, here.sources.main.country) for one in who})
    request = f"e{datetime.now(UTC):%Y%m%d}-{secrets.token_hex(4)}"
    with writer(root, f"erasure {request}"):
        lake = Lake(root)
        open_lake(lake)
        ring = read_keyring(file) if file.exists() else None
        note(lake, Act(REQUEST, f"erasure: {', '.join(persons)}", why, len(persons)))
        with reading(lake, f"erasure {request}", people=len(persons)):
            files = landed(home(), here.sources, settings().landing)
            plan = planned(root, request, persons, ring, here.sources, files)
        # None may stand there by name; of a home without keys nobody's hash could be told.
        said = [suppression(ring, person) for person in persons] if ring else []
        _record(lake, request, OPEN, "asked", subject=" ".join(said), why=why)
        plan.save(_plan_file(request))
        return _worked(lake, request)


def go_on(request: str) -> Path:
    """Do what is left of an erasure that was stopped; return the certificate.

    Raises
    ------
    RequestError
        There is none of that name that is open.
    """
    if not _plan_file(request).exists():
        raise RequestError(f"no erasure {request} is open; `bespoke privacy requests` lists them")
    with writer(lake_root(), f"erasure {request}"):
        lake = Lake(lake_root())
        open_lake(lake)
        return _worked(lake, request)


def listed() -> list[dict[str, Any]]:
    """Return the requests, each as it stands, the latest first."""
    return records(_LISTED, lake_root())


def verified(certificate: Path) -> bool:
    """Whether a certificate is as it was signed, by a key of this home."""
    content = json.loads(certificate.read_text(encoding="utf-8"))
    signature = content.pop("signature", "")
    told = json.dumps(content, sort_keys=True)
    return witness(folder(home()) / "keys").holds(told, signature, content.get("key_id", ""))


def _worked(lake: Lake, request: str) -> Path:
    file = key_file(home())
    ring = read_keyring(file) if file.exists() else None
    here = chosen(settings())
    erasure = Erasure(lake, settings(), here.sources, ring, _plan_file(request))

    def done(step: str, said: dict[str, Any]) -> None:
        log.info("erasure %s: %s: %s", request, step, json.dumps(said, default=str))
        _record(lake, request, OPEN, step)

    try:
        with reading(lake, f"erasure {request}"):
            path = erasure.run(done)
    except BespokeError as error:
        _record(lake, request, FAILED, None, error=str(error)[:1000])
        raise
    _record(lake, request, DONE, "certificate")
    # Last: until here it can be gone on with.
    _plan_file(request).unlink()
    return path


def _plan_file(request: str) -> Path:
    return requests_folder(home()) / KIND / f"{request}.json"


def _record(lake: Lake, request: str, state: str, step: str | None, **more: str) -> None:
    now = datetime.now(UTC)
    rows = lake.rows(REQUESTS, [("request_id", "=", request)]).to_pylist()
    first = min(rows, key=lambda row: row["recorded_at"]) if rows else None
    asked = first["asked_at"] if first else now
    days = settings().privacy.erasure.deadline_days
    lake.append_rows(
        REQUESTS,
        [
            {
                "request_id": request,
                "kind": KIND,
                "subject": first["subject"] if first else more["subject"],
                "why": first["why"] if first else more["why"],
                "asked_by": first["asked_by"] if first else getpass.getuser(),
                "asked_at": asked,
                "deadline": asked + timedelta(days=days),
                "state": state,
                "step": step,
                "error": more.get("error"),
                "recorded_at": now,
            }
        ],
    )
