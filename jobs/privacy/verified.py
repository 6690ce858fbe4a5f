"""Verification of the audit trail: what was changed, taken out, put in, moved or cut off."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jobs.lake.folders import home_of
from jobs.lake.store import Lake
from jobs.lake.tables.audit import AUDIT
from jobs.privacy.audit import digest, folder, head_file, head_text
from jobs.privacy.signing import Witness, witness


@dataclass(frozen=True)
class Finding:
    """Something that is wrong with the trail.

    Attributes
    ----------
    writer : str
        The chain.
    sequence : int
        The entry.
    what : str
        ``changed``, ``forged``, ``missing``, ``doubled``, ``moved``, ``cut``, ``headless`` or
        ``head``.
    said : str
        The same in a sentence.
    """

    writer: str
    sequence: int
    what: str
    said: str


@dataclass(frozen=True)
class Verified:
    """What the trail was found to be.

    Attributes
    ----------
    entries : int
        Entries looked at.
    chains : int
        Chains.
    findings : sequence of Finding
        What is wrong, in order; empty if nothing is.
    unfinished : sequence of str
        Chains whose last entry was being written when its process ended: the next entry puts it
        there.
    """

    entries: int
    chains: int
    findings: Sequence[Finding]
    unfinished: Sequence[str]


def verify(lake: Lake) -> Verified:
    """Look for any change, gap, reorder or cut end of the audit trail.

    Every entry's hash and signature are computed anew, each has to name the hash of the one before,
    and the last one has to be that of the head, which is kept outside the lake. What this cannot
    tell: that the lake and the heads were both put back to the same earlier state. Copies of the
    heads elsewhere can.

    Parameters
    ----------
    lake : Lake
        The lake.
    """
    place = folder(home_of(lake.root))
    told = witness(place / "keys")
    rows = lake.rows(AUDIT).to_pylist() if lake.exists(AUDIT) else []
    heads = _heads(place)
    chains: dict[str, list[dict[str, Any]]] = {writer: [] for writer in heads}
    for row in rows:
        chains.setdefault(row["writer"], []).append(row)
    findings: list[Finding] = []
    unfinished = []
    for writer in sorted(chains):
        entries = sorted(chains[writer], key=lambda row: (row["sequence"], row["recorded_at"]))
        findings.extend(_chain(writer, entries, told))
        path, head = head_file(place, writer), heads.get(writer)
        if head is not None and _awaited(head, entries):
            unfinished.append(writer)
        findings.extend(_end(writer, entries, head, path, told))
    return Verified(len(rows), len(chains), findings, unfinished)


def _chain(writer: str, entries: Iterable[Mapping[str, Any]], told: Witness) -> Iterator[Finding]:
    entries = list(entries)
    times = Counter(entry["sequence"] for entry in entries)
    expected, previous, sound = 1, "", True
    for entry in entries:
        number = entry["sequence"]

        def found(what: str, said: str, at: int = number) -> Finding:
            return Finding(writer, at, what, f"entry {at} of {writer} {said}")

        if times[number] > 1:
            yield found("doubled", f"is there {times[number]} times")
        if number > expected:
            gone = f"{expected} to {number - 1}" if number - 1 > expected else str(expected)
            yield found("missing", f"is missing (all of {gone})", expected)
        # What follows an entry that is none of ours cannot follow from it.
        followed, sound = sound, False
        if digest(entry) != entry["hash"]:
            yield found("changed", "is not what was written: its hash is another")
        elif not told.holds(entry["hash"], entry["signature"], entry["key_id"]):
            yield found("forged", "was not signed by a key of this home")
        else:
            sound = True
            if followed and number == expected and entry["previous"] != previous:
                yield found("moved", "does not follow from the one before")
        expected, previous = number + 1, entry["hash"]


def _end(
    writer: str,
    entries: Sequence[Mapping[str, Any]],
    head: Mapping[str, Any] | None,
    path: Path,
    told: Witness,
) -> Iterator[Finding]:
    last = entries[-1] if entries else None
    reached = last["sequence"] if last else 0
    if head is None:
        yield Finding(
            writer,
            reached,
            "headless",
            f"{path}: there is no head: what was cut off cannot be told",
        )
        return
    if not head or not told.holds(head_text(head), head["signature"], head["key_id"]):
        yield Finding(writer, reached, "head", f"{path}: the head was changed or not signed by us")
        return
    wanted = head["entry"]
    if reached < wanted["sequence"] and not _awaited(head, entries):
        yield Finding(
            writer,
            reached + 1,
            "cut",
            f"entries from {reached + 1} to {wanted['sequence']} of {writer} were cut off",
        )
    elif reached > wanted["sequence"]:
        said = f"entry {wanted['sequence'] + 1} of {writer} came after the head: put in, or the "
        yield Finding(writer, wanted["sequence"] + 1, "head", f"{said}head is an earlier one")
    elif last is not None and reached == wanted["sequence"] and last["hash"] != wanted["hash"]:
        yield Finding(writer, reached, "changed", f"entry {reached} of {writer} is not its head")


def _awaited(head: Mapping[str, Any], entries: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the last entry alone is missing, as after a kill while it was written."""
    if not head or not head["pending"]:
        return False
    reached = entries[-1]["sequence"] if entries else 0
    return bool(reached == head["entry"]["sequence"] - 1)


def _heads(place: Path) -> dict[str, dict[str, Any]]:
    """Read the heads; one that is no head is empty."""
    found = {}
    for path in sorted((place / "heads").glob("*.json")):
        try:
            head = json.loads(path.read_text())
            whole = {"entry", "pending", "key_id", "signature"} <= set(head)
        except (ValueError, TypeError):
            whole = False
        found[path.stem] = head if whole else {}
    return found
