"""What people may ask for, at the command."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jobs.cli.dossier import WhoError, find
from jobs.cli.nights import chosen
from jobs.ingest.normalise import normaliser
from jobs.lake.folders import Folder, lake_root
from jobs.lake.query import records
from jobs.lake.secret_files import write_anew
from jobs.lake.settings import home, settings
from jobs.lake.store import Lake
from jobs.privacy.access import as_json, gathered
from jobs.privacy.audit import REQUEST, Act, note
from jobs.privacy.keyring import key_file, read_keyring
from jobs.privacy.places import requests_folder
from jobs.privacy.reads import reading
from jobs.publish.pointer import export_folder
from jobs.report.access_page import access_page

_BY_ADDRESS = """
    SELECT DISTINCT i.person_id FROM silver.customers c
    JOIN identity.identifiers i ON i.identifier = 'record:' || c.record_id
    WHERE c.email_token = $1
    UNION SELECT person_id FROM identity.identifiers WHERE identifier = 'email:' || $1
    ORDER BY person_id
"""


def access(who: str, why: str, out: Path | None = None) -> tuple[Path, dict[str, Any]]:
    """Make an access package: ``index.html`` and ``data.json``, readable by their owner alone.

    Parameters
    ----------
    who : str
        ``person_id``, identifier, its value, or an email address.
    why : str
        The reason, such as the request's number.
    out : Path, optional
        Folder to put it in; by default one below ``requests/access`` in the home.

    Returns
    -------
    tuple
        The folder, and the package.

    Raises
    ------
    WhoError
        Nobody goes by it, or several do.
    KeyringError
        The master key cannot be read.
    """
    here, root = chosen(settings()), lake_root()
    lake, file = Lake(root), key_file(home())
    person = person_of(root, who, here.sources.main.country)
    note(lake, Act(REQUEST, f"access: {person}", why, 1))
    ring = read_keyring(file) if file.exists() else None
    with reading(lake, f"access package: {why}", people=1):
        package = gathered(root, person, ring, here.sources, export_folder(home()).parent)
    made = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    folder = out or requests_folder(home()) / "access" / f"{person}-{made}"
    write_anew(folder / "data.json", as_json(package).encode())
    write_anew(folder / "index.html", access_page(package, here.sources.name).encode())
    return folder, package


def person_of(lake: Folder, who: str, region: str) -> str:
    """Return the person who goes by an id, an identifier or an email address.

    Raises
    ------
    WhoError
        Nobody goes by it, or several do; the message does not repeat an address.
    """
    if "@" not in who or ":" in who:
        return find(lake, who)
    normal = normaliser("email", region)(who)
    ring = read_keyring(key_file(home()))
    rows = records(_BY_ADDRESS, lake, [ring.token("email", normal)]) if normal else []
    found = [str(row["person_id"]) for row in rows]
    if not found:
        raise WhoError("nobody has this address")
    if len(found) > 1:
        raise WhoError(
            f"{len(found)} persons have this address: {', '.join(found[:10])}. Find out which of "
            "them asks, and give the person_id"
        )
    return found[0]
