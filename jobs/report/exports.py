"""Exports: what each night's manifest says, and which night ``latest`` leads to."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from jobs.publish.export import MANIFEST, SUCCESS
from jobs.publish.pointer import export_folder


@dataclass(frozen=True)
class Export:
    """One night's export.

    Attributes
    ----------
    night : date
        Business day.
    rows : int or None
        Recipients; None where its manifest cannot be read.
    bytes : int or None
        Size of its files.
    whole : bool
        Whether it was written to its end.
    latest : bool
        Whether ``latest`` leads to it.
    """

    night: date
    rows: int | None
    bytes: int | None
    whole: bool
    latest: bool


def read_exports(home: Path, since: date) -> list[Export]:
    """Return the exports from a night on, oldest first."""
    folder = export_folder(home)
    latest = folder / "latest"
    shown = latest.resolve().name if latest.exists() else None
    places = sorted(folder.glob("????-??-??"))
    found = [_export(place, night, shown) for place in places if (night := _date(place.name))]
    return [export for export in found if export.night >= since]


def _export(place: Path, night: date, shown: str | None) -> Export:
    whole, latest = (place / SUCCESS).exists(), place.name == shown
    try:
        manifest = json.loads((place / MANIFEST).read_text(encoding="utf-8"))
        rows = int(manifest["rows"])
        size = sum(int(file["bytes"]) for file in manifest["files"].values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Export(night, None, None, False, latest)
    return Export(night, rows, size, whole, latest)


def _date(name: str) -> date | None:
    try:
        return date.fromisoformat(name)
    except ValueError:
        return None
