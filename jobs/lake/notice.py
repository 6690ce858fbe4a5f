"""Notices: what somebody outside has to be told, in the log and at a webhook where one is set."""

from __future__ import annotations

import json
import logging
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException
from urllib.parse import urlsplit

log = logging.getLogger("bespoke")

_SECONDS = 10


def notice(said: Mapping[str, str], address: str | None) -> None:
    """Log what is to be told, and post it to a webhook.

    Parameters
    ----------
    said : mapping of str to str
        In words (``text``) and in parts.
    address : str or None
        ``airflow.alert_webhook``; None where nobody set one.
    """
    log.warning("%s", said["text"])
    if address:
        post(address, said)


def post(address: str, said: Mapping[str, str]) -> bool:
    """Post what is to be told as JSON; a webhook that does not answer is logged, nothing fails."""
    try:
        if urlsplit(address).scheme not in ("http", "https"):
            log.error("airflow.alert_webhook is neither http nor https: nobody was told")
            return False
        request = urllib.request.Request(  # noqa: S310 - the scheme was checked above
            address,
            data=json.dumps(dict(said)).encode(),
            headers={"Content-Type": "application/json"},
            method="POST",
        )
        with urllib.request.urlopen(request, timeout=_SECONDS):  # noqa: S310 - as above
            return True
    except (OSError, HTTPException, ValueError) as error:
        # Neither the address nor a message that quotes it: a webhook's path is often its secret.
        log.error("airflow.alert_webhook could not be told: %s", type(error).__name__)
        return False
