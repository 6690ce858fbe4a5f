"""Databases that a night stands on beside the lake: whether they can be reached."""

from __future__ import annotations

import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

from jobs.lake.errors import first_line
from jobs.lake.outage import without_password

_SECONDS = 5


def unreachable(address: str) -> str | None:
    """Say why a database, or a server of MLflow, cannot be reached; None where it can.

    Parameters
    ----------
    address : str
        As SQLAlchemy writes it, or of http. A file that is not made yet is no fault, where it can
        be made.
    """
    if address.startswith(("http://", "https://")):
        return _server(address)
    from sqlalchemy import create_engine
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import SQLAlchemyError

    try:
        url = make_url(address)
        if url.get_backend_name() == "sqlite":
            path = Path(url.database or "")
            if not path.exists():
                # It is made with its folder.
                return None
            address = f"sqlite:///file:{path}?mode=ro&uri=true"
            engine = create_engine(address)
        else:
            engine = create_engine(url, connect_args={"connect_timeout": _SECONDS})
        with engine.connect() as connection:
            connection.exec_driver_sql("SELECT 1")
            if url.get_backend_name() == "sqlite":
                connection.exec_driver_sql("SELECT count(*) FROM sqlite_master")
    except (SQLAlchemyError, ImportError, OSError) as error:
        return without_password(first_line(error))
    return None


def _server(address: str) -> str | None:
    parts = urlsplit(address)
    # Whoever may be let in, the server answers.
    path = parts.path.rstrip("/") + "/health"
    place = parts._replace(netloc=parts.netloc.rpartition("@")[2], path=path)
    try:
        with urllib.request.urlopen(place.geturl(), timeout=_SECONDS):  # noqa: S310 - http, as the caller looked
            return None
    except urllib.error.HTTPError as error:
        return None if error.code in (401, 403) else f"it answers {error.code} {error.reason}"
    except (OSError, ValueError) as error:
        return f"{type(error).__name__}: {error}"
