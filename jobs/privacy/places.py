"""Places where personal values are in the clear: those and no others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

EXPORTS = "files that email systems pull"
LANDING = "files as their sources sent them"
REQUESTED = "packages for people who asked for what is held about them"
TRUTH = "what is true of people who are simulated"


def requests_folder(home: Path) -> Path:
    """Where packages for people lie: ``requests`` in the home."""
    return home / "requests"


def places(home: Path, landings: Sequence[Path], truth: Path | None = None) -> dict[Path, str]:
    """Return the folders that hold personal values in the clear, each with what is in it.

    Parameters
    ----------
    home : Path
        Folder of all data.
    landings : sequence of Path
        Where files of the sources lie.
    truth : Path, optional
        Of a simulated world.
    """
    found = dict.fromkeys(landings, LANDING)
    found |= {home / "exports": EXPORTS, requests_folder(home): REQUESTED}
    return found if truth is None else found | {truth: TRUTH}


def place_of(path: Path, listed: Mapping[Path, str]) -> str | None:
    """Say what the listed place is that a file lies in; None where it lies in none."""
    return next((said for folder, said in listed.items() if path.is_relative_to(folder)), None)
