"""Erasure: a person is taken out of everything, and it is proven that they are gone.

Steps in an order in which the worst goes first: what could open their values is destroyed, then
what is shown and sent, then the rows of every table whose contract says that they name persons,
the files that sources sent, and at last every trace of all that in the past. Then all files are
searched, and what was done is certified. Each step can be repeated; stopped anywhere, the erasure
goes on where it was.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jobs.ingest.catalogue import SourceSet
from jobs.ingest.landing import landing_folder
from jobs.ingest.ledger import Ledger
from jobs.lake import faults
from jobs.lake.errors import BespokeError
from jobs.lake.folders import Folder, home_of
from jobs.lake.secret_files import write_anew
from jobs.lake.settings import Settings
from jobs.lake.store import Lake
from jobs.lake.tables import TABLES
from jobs.lake.tables.audit import AUDIT
from jobs.lake.tables.bronze import VAULT_KEYS
from jobs.lake.tables.requests import SUPPRESSIONS
from jobs.privacy import erased_rows
from jobs.privacy.audit import folder as audit_folder
from jobs.privacy.keyring import Keyring
from jobs.privacy.landing_rows import blank, redact
from jobs.privacy.places import requests_folder
from jobs.privacy.plan import Landed, Plan
from jobs.privacy.search import Hit, Search
from jobs.privacy.signing import signer, signing_key
from jobs.privacy.subjects import tables_about_people
from jobs.publish import pointer
from jobs.publish.export import without

log = logging.getLogger("bespoke")

REMOVED = "[erased]"
"""What stands in a log or report where a person stood."""
_TEXTS = ("logs", "reports", "quality")
_ENDS = frozenset({".log", ".txt", ".html", ".json", ".jsonl", ".csv", ".md"})


class ErasureError(BespokeError):
    """Something of the person is still there; the message says where."""


@dataclass(frozen=True)
class Erasure:
    """An erasure under way.

    Attributes
    ----------
    lake : Lake
        Whose lock is held.
    settings : Settings
        Of this home.
    sources : SourceSet
        Who sent what.
    ring : Keyring or None
        Its keys of tokens hash what is suppressed.
    path : Path
        Where the plan is kept.
    """

    lake: Lake
    settings: Settings
    sources: SourceSet
    ring: Keyring | None
    path: Path

    @property
    def home(self) -> Path:
        """Folder of all data."""
        return home_of(self.lake.root)

    def run(self, note: Callable[[str, dict[str, Any]], None]) -> Path:
        """Do what is left to do; return the certificate.

        Parameters
        ----------
        note : callable
            Is told of each step that was done, and what it has to say.

        Raises
        ------
        ErasureError
            Something is still there afterwards.
        """
        plan = Plan.load(self.path)
        for name, step in _STEPS.items():
            if name in plan.done:
                continue
            said = step(self, plan)
            plan.done[name] = said | {"at": datetime.now(UTC).isoformat(timespec="seconds")}
            plan.save(self.path)
            note(name, said)
            faults.committed(f"erasure, {name}")
        return _certified(self, plan)


def suppression(ring: Keyring, value: str) -> str:
    """Return the keyed hash of an identifier, record or id that is not to come back."""
    key = hmac.new(ring.tokens, b"suppression", hashlib.sha256).digest()
    return hmac.new(key, value.encode(), hashlib.sha256).hexdigest()


def certificates(home: Path) -> Path:
    """Where certificates lie; they name nobody."""
    return home / "certificates"


def _suppress(of: Erasure, plan: Plan) -> dict[str, Any]:
    if of.ring is None:
        return {"hashes": 0}
    values = set(plan.persons)
    for keys in plan.keys:
        values |= {node for node in keys.nodes if node not in keys.shared}
        values |= {f"record:{record}" for record in keys.records}
    rows = [
        {
            "hash": suppression(of.ring, value),
            "request_id": plan.request_id,
            "erased_at": datetime.fromisoformat(plan.made_at),
        }
        for value in sorted(values)
    ]
    of.lake.append_rows(SUPPRESSIONS, rows, unit=f"suppress:{plan.request_id}")
    return {"hashes": len(rows)}


def _destroy_keys(of: Erasure, plan: Plan) -> dict[str, Any]:
    count = erased_rows.delete(of.lake, VAULT_KEYS, plan.keys)
    erased_rows.forget_past(of.lake, VAULT_KEYS)
    return {"data_keys": count}


def _clear_shown(of: Erasure, plan: Plan) -> dict[str, Any]:
    counts = {
        table.id: erased_rows.delete(of.lake, table, plan.keys)
        for table in tables_about_people()
        if table.layer == "serving"
    }
    pointer.renew(of.lake, of.home)
    exports = pointer.export_folder(of.home)
    sent = 0
    for night in sorted(exports.glob("????-??-??")):
        sent += without(exports, datetime.fromisoformat(night.name).date(), plan.persons)
    return {"rows": counts, "export_rows": sent}


def _delete_rows(of: Erasure, plan: Plan) -> dict[str, Any]:
    kept = of.settings.privacy.erasure.anonymised
    rows: dict[str, int] = {}
    anonymised: dict[str, dict[str, Any]] = {}
    for table in tables_about_people():
        if table.id in kept:
            count = erased_rows.anonymise(of.lake, table, plan.keys)
            anonymised[table.id] = {"rows": count, "why": kept[table.id]}
        else:
            rows[table.id] = erased_rows.delete(of.lake, table, plan.keys)
    return {"rows": {name: n for name, n in rows.items() if n}, "anonymised": anonymised}


def landed(of_home: Path, sources: SourceSet, named: str | None) -> Iterator[Landed]:
    """Give every file that sources sent and that still lies where it landed."""
    for name, source, feed in sources.feeds():
        if feed.path is None or feed.format is None or feed.derived_from is not None:
            continue
        folder = landing_folder(sources, source, of_home, named)
        for path in sorted(folder.glob(feed.path)):
            if path.is_file():
                yield name, path.relative_to(folder).as_posix(), path, feed.format


def _blank_landing(of: Erasure, plan: Plan) -> dict[str, Any]:
    wanted = {**dict.fromkeys(plan.torn, ()), **plan.files}
    roots = {
        # A derived feed reads the file of another, in whose ledger it is.
        name: f"{name.partition('.')[0]}.{feed.derived_from}" if feed.derived_from else name
        for name, _, feed in of.sources.feeds()
    }
    lines: dict[str, set[int]] = {}
    for where, numbers in wanted.items():
        name, _, file = where.partition("\t")
        lines.setdefault(f"{roots.get(name, name)}\t{file}", set()).update(numbers)
    blanked = redacted = 0
    seen = set()
    for name, file, path, form in landed(of.home, of.sources, of.settings.landing):
        where = f"{name}\t{file}"
        if where not in lines:
            continue
        seen.add(where)
        blanked += blank(path, form, lines[where])
        if where in plan.torn:
            redacted += redact(path, form, plan.torn[where], plan.sought, REMOVED)
        stat = path.stat()
        modified = datetime.fromtimestamp(stat.st_mtime, UTC)
        Ledger(of.lake, name).edited(file, stat.st_size, modified)
    return {
        "files": len(seen),
        "records": blanked,
        "lines_of_torn_records": redacted,
        "files_gone_before": len(set(lines) - seen),
    }


def _redact(of: Erasure, plan: Plan) -> dict[str, Any]:
    """Take persons out of logs and reports, and remove packages that were made for them."""
    packages = 0
    for person in plan.persons:
        for folder in (requests_folder(of.home) / "access").glob(f"{person}-*"):
            shutil.rmtree(folder)
            packages += 1
    values = sorted(plan.sought, key=len, reverse=True)
    changed = 0
    wanted = Search(values, hashed=False)
    for name in _TEXTS:
        found = {Path(hit.path) for hit in wanted.below([of.home / name])}
        for path in sorted(found):
            if path.suffix not in _ENDS:
                continue
            text = path.read_text(encoding="utf-8", errors="surrogateescape")
            for value in values:
                text = text.replace(value, REMOVED)
            scratch = path.with_name(f".{path.name}.part")
            scratch.write_text(text, encoding="utf-8", errors="surrogateescape")
            shutil.copymode(path, scratch)
            scratch.replace(path)
            changed += 1
    return {"texts": changed, "packages": packages}


def _forget(of: Erasure, plan: Plan) -> dict[str, Any]:
    removed = sum(erased_rows.forget_past(of.lake, table) for table in tables_about_people())
    return {"files": removed, "persons": len(plan.persons)}


def _prove(of: Erasure, plan: Plan) -> dict[str, Any]:
    left = {t.id: erased_rows.count(of.lake, t, plan.keys) for t in tables_about_people()}
    if any(left.values()):
        told = ", ".join(f"{name} ({rows:,})" for name, rows in left.items() if rows)
        raise ErasureError(f"rows of who was to be erased are still in {told}")
    wanted = Search(plan.sought, whole=True)
    hits = [hit for hit in wanted.below([of.home]) if not _may_stay(of, hit)]
    if hits:
        shown = sorted({f"{hit.path} ({hit.within or 'as it lies'}, {hit.form})" for hit in hits})
        raise ErasureError(
            f"what was to be erased is still found in {len(shown)} places: "
            + "; ".join(shown[:10])
            + ". Remove it there, then let the erasure go on"
        )
    return {"values": len(plan.sought), "found": 0}


def _may_stay(of: Erasure, hit: Hit) -> bool:
    path = Path(hit.path)
    kept: Sequence[Path | Folder] = (
        of.lake.folder(AUDIT),
        audit_folder(of.home),
        of.path,
        # The keys themselves: random bytes.
        of.home / "secrets",
        # Of people who are simulated, for measuring by.
        of.home / "truth",
    )
    return any(path.is_relative_to(place) for place in kept if isinstance(place, Path))


def _certified(of: Erasure, plan: Plan) -> Path:
    by = signer(signing_key(of.home), audit_folder(of.home) / "keys", make=True)
    content = {
        "what": "certificate of erasure",
        "request_id": plan.request_id,
        "persons": len(plan.keys),
        "asked_at": plan.made_at,
        "done_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "steps": plan.done,
        "tables": sorted(table.id for table in tables_about_people()),
        "kept": {
            AUDIT.id: TABLES[AUDIT.id].nobody,
            SUPPRESSIONS.id: TABLES[SUPPRESSIONS.id].nobody,
        },
        "key_id": by.id,
    }
    text = json.dumps(content, sort_keys=True)
    path = certificates(of.home) / f"{plan.request_id}.json"
    signed = content | {"signature": by.sign(text)}
    write_anew(path, (json.dumps(signed, indent=1, sort_keys=True) + "\n").encode())
    return path


_STEPS: dict[str, Callable[[Erasure, Plan], dict[str, Any]]] = {
    "suppress": _suppress,
    "keys": _destroy_keys,
    "shown": _clear_shown,
    "rows": _delete_rows,
    "landing": _blank_landing,
    "texts": _redact,
    "past": _forget,
    "proof": _prove,
}
