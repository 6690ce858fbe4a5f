"""Rows of ``serving.recommendations``, and how a test lets readers see them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

Show = Callable[[date], int]
"""Lets a night be the one that is shown; returns the version of the lists that it is shown at."""


def listed(person: str, night: date) -> dict[str, Any]:
    return {
        "person_id": person,
        "rank": 1,
        "product_id": "cup",
        "score": 0.5,
        "strategy": "popular",
        "reason": "many bought it",
        "model_version": "popular",
        "as_of": night,
    }
