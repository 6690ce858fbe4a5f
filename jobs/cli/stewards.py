"""What a steward decides about who is who, and the training of a new identity model."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from jobs.identity import decided
from jobs.identity.blocked import node_of
from jobs.identity.nodes import STRONG
from jobs.lake.errors import BespokeError
from jobs.lake.folders import Folder, lake_root
from jobs.lake.lock import writer
from jobs.lake.opening import open_lake
from jobs.lake.query import records
from jobs.lake.settings import home, settings
from jobs.lake.store import Lake
from jobs.lake.tables.matching import DECISIONS

_GOES_BY = """
    SELECT DISTINCT identifier, type, person_id, first_seen FROM identity.identifiers
    WHERE person_id = $1 OR identifier = $1 OR ends_with(identifier, concat(':', $1))
    ORDER BY first_seen, identifier
"""
_REVIEW = """
    SELECT left_id, right_id, probability, reason, comparison FROM identity.review
    WHERE $1 OR reason = 'undecided' ORDER BY probability DESC, left_id, right_id LIMIT $2
"""
_DECISIONS = """
    SELECT d.decision_id, d.kind, d.left_ids, d.right_ids, d.why, d.decided_by, d.recorded_at,
        d.withdraws, w.decision_id AS withdrawn_by
    FROM identity.decisions d LEFT JOIN identity.decisions w ON w.withdraws = d.decision_id
    ORDER BY d.recorded_at, d.decision_id
"""


class StewardError(BespokeError):
    """A decision would be about nobody, or about nothing."""


@dataclass(frozen=True)
class Named:
    """Who goes by a name: a person, with its records and numbers, the oldest first."""

    person_id: str
    identifiers: tuple[str, ...]


def merge(one: str, other: str, why: str) -> str:
    """Record that two are one person; return the decision's id.

    Raises
    ------
    StewardError
        One of them is nobody or several, they are one already, or no reason is given.
    LockedError
        A run writes the lake.
    """
    left, right = _named(lake_root(), one), _named(lake_root(), other)
    if left.person_id == right.person_id:
        raise StewardError(f"{one!r} and {other!r} are one person already: {left.person_id}")
    return _decide(decided.MERGE, left.identifiers[:1], right.identifiers[:1], why)


def split(whose: Sequence[str], why: str) -> str:
    """Record that some records or numbers of a person are another one's; return the decision's id.

    Raises
    ------
    StewardError
        They are of several persons, or all that the person has, or no reason is given.
    LockedError
        A run writes the lake.
    """
    lake = lake_root()
    parts = [_exact(lake, name) for name in whose]
    persons = {person for _, person in parts}
    if len(persons) != 1:
        raise StewardError(f"these are of {len(persons)} persons: {', '.join(sorted(persons))}")
    gone = {identifier for identifier, _ in parts}
    rest = set(_named(lake, next(iter(persons))).identifiers) - gone
    if not rest:
        raise StewardError("that is all that the person has: name what is to be parted from it")
    return _decide(decided.SPLIT, gone, rest, why)


def block(identifier: str, why: str) -> str:
    """Record that an address or a number means nobody; return the decision's id.

    Parameters
    ----------
    identifier : str
        ``<type>:<value>``; of an email or phone the value itself, or its token.
    why : str
        The reason.

    Raises
    ------
    BlockedError
        It is of no known type, or no address or number at all.
    StewardError
        No reason is given.
    KeyringError
        A value is given and the master key, which its token follows from, cannot be read.
    LockedError
        A run writes the lake.
    """
    from jobs.privacy.keyring import key_file, read_keyring

    node = node_of(identifier, _country(), lambda: read_keyring(key_file(home())))
    return _decide(decided.BLOCK, [node], [], why)


def withdraw(decision: str, why: str) -> str:
    """Record that a decision is taken back; return the id of that.

    Raises
    ------
    StewardError
        There is no such decision, or it is taken back already, or no reason is given.
    LockedError
        A run writes the lake.
    """
    known = {row["decision_id"]: row for row in decisions()}
    if decision not in known or known[decision]["kind"] == decided.WITHDRAW:
        raise StewardError(f"there is no decision {decision!r}: bespoke identity decisions")
    if known[decision]["withdrawn_by"]:
        raise StewardError(f"decision {decision} is taken back already")
    return _decide(decided.WITHDRAW, [], [], why, withdraws=decision)


def accept(one: str, other: str, why: str) -> str:
    """Record that a pair of the review is one person; return the decision's id."""
    return _decide(decided.MERGE, [one], [other], why)


def reject(one: str, other: str, why: str) -> str:
    """Record that a pair of the review is two persons; return the decision's id."""
    return _decide(decided.SPLIT, [one], [other], why)


def decisions() -> list[dict[str, Any]]:
    """Return all decisions, the oldest first, each with what has taken it back."""
    return records(_DECISIONS, lake_root(), [])


def review(most: int, *, refused: bool) -> list[dict[str, Any]]:
    """Return pairs that are for a person to look at, the likeliest first.

    Parameters
    ----------
    most : int
        How many.
    refused : bool
        Whether also those that a guard has kept apart.
    """
    return records(_REVIEW, lake_root(), [refused, most])


def train(why: str) -> int:
    """Train an identity model on all records and put it into use; return its version.

    Raises
    ------
    StewardError
        There are no customer records, they tell too little, or no reason is given.
    LockedError
        A run writes the lake.
    """
    from jobs.identity import match
    from jobs.identity.vault import Vault
    from jobs.lake.history import successes
    from jobs.lake.run import Run
    from jobs.lake.runner import recorded
    from jobs.stages import night_settings

    why = _reason(why)
    with writer(lake_root(), "training the identity model"):
        run_settings = night_settings()
        lake = Lake(lake_root())
        open_lake(lake)
        nights = [s.as_of for s in successes(lake) if s.job == "links"]
        if not nights:
            raise StewardError("no night has been run yet: bespoke run")
        run = Run(run_settings, lake, max(nights), "manual")
        with recorded(run, "train_identity") as record:
            vault = Vault.of(run, record)
            asked = datetime.now(UTC).isoformat()
            version = (
                match.train(run, record, vault, why=why, asked=asked)
                if len(vault.telling)
                else None
            )
            if version is None:
                raise StewardError("the records tell too little to learn from")
            record.outputs[match.MODEL_ID] = version
    return version


def _decide(
    kind: str,
    left: Collection[str],
    right: Collection[str],
    why: str,
    *,
    withdraws: str | None = None,
) -> str:
    why = _reason(why)
    with writer(lake_root(), f"a decision about who is who ({kind})"):
        lake = Lake(lake_root())
        open_lake(lake)
        lake.ensure(DECISIONS)
        return decided.decide(lake, kind, left, right, why=why, withdraws=withdraws)


def _named(lake: Folder, who: str) -> Named:
    rows = records(_GOES_BY, lake, [who])
    persons = sorted({row["person_id"] for row in rows})
    if len(persons) != 1:
        told = f"is {len(persons)} persons: {', '.join(persons[:10])}" if persons else "is nobody"
        raise StewardError(f"{who!r} {told}: give a person_id or an identifier as record:…")
    every = records(_GOES_BY, lake, persons)
    strong = [row["identifier"] for row in every if row["type"] in STRONG]
    if not strong:
        raise StewardError(f"{who!r} is anonymous: only records and numbers are decided about")
    own = [row["identifier"] for row in rows if row["identifier"] == who]
    return Named(persons[0], tuple(dict.fromkeys([*own, *strong])))


def _exact(lake: Folder, name: str) -> tuple[str, str]:
    """Find one record or number, and its person."""
    rows = [row for row in records(_GOES_BY, lake, [name]) if row["type"] in STRONG]
    found = [row for row in rows if row["identifier"] == name] or rows
    if len(found) != 1:
        raise StewardError(f"{name!r} is {len(found)} records or numbers: name one, as record:…")
    return str(found[0]["identifier"]), str(found[0]["person_id"])


def _country() -> str:
    from jobs.ingest.catalogue import source_set
    from jobs.lake.settings import conf_folder

    return source_set(conf_folder() / "sources", settings().source).main.country


def _reason(why: str) -> str:
    if not why.strip():
        raise StewardError("a decision wants a reason: --why")
    return why.strip()
