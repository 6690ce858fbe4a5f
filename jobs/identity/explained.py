"""Explained: how the weight of a pair of records comes about, step by step.

``matching/scoring.py`` weighs all pairs at once, as SQL; here one pair's weight is taken apart, so
that a person sees what spoke for it and what against. The steps add up to the same weight.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import log2

import numpy as np
import pandas as pd
import pyarrow as pa

from jobs.identity.matching.comparisons import grades
from jobs.identity.matching.fields import ADDRESS, NAMES, Role
from jobs.identity.matching.matcher import Matcher
from jobs.identity.matching.model import Kind, MatchModel
from jobs.identity.matching.pairs import graded, load
from jobs.identity.matching.records import RECORD
from jobs.identity.matching.resolve import as_arrow
from jobs.lake import duck

PRIOR, FIELD, RARITY, MOVED, RELATED = "prior", "field", "rarity", "moved", "related"
"""What a step is about: pairs at large, a field, how rare equal values are, and other kinds."""
_MOSTLY = 0.5
"""A kind is called by what more than half of its pairs have in common."""
_DIFFERS = "differs"


@dataclass(frozen=True)
class Grades:
    """How alike two records are.

    Attributes
    ----------
    grades : mapping of str to int
        Field to its grade, from other (0) to equal; -1 where a record doesn't tell it.
    rarities : mapping of str to float or None
        Field to how common the value is, as log2 of a share; None where that is not known.
    """

    grades: Mapping[str, int]
    rarities: Mapping[str, float | None]


@dataclass(frozen=True)
class Step:
    """One step of a weight.

    Attributes
    ----------
    kind : str
        ``prior``, ``field``, ``rarity``, ``moved`` or ``related``.
    name : str
        The field, or what the two could be.
    words : str
        How alike they are in it; empty for other steps.
    bits : float
        What is added to the log2 odds.
    rarity : float
        How much of it is due to how rare this very value is: below zero for a common one.
    """

    kind: str
    name: str
    words: str
    bits: float
    rarity: float = 0.0


@dataclass(frozen=True)
class Explained:
    """A pair's weight, taken apart.

    Attributes
    ----------
    steps : tuple of Step
        From the prior on; their bits add up to the weight.
    untold : tuple of str
        Fields that one of the two, or both, don't tell.
    """

    steps: tuple[Step, ...]
    untold: tuple[str, ...]

    @property
    def weight(self) -> float:
        """Log2 of the odds that both are one person."""
        return sum(step.bits for step in self.steps)

    @property
    def probability(self) -> float:
        """How likely it is that both are one person."""
        return float(1 / (1 + np.exp2(-self.weight)))


def graded_pairs(
    matcher: Matcher, frame: pd.DataFrame, key: str, pairs: Sequence[tuple[int, int]]
) -> list[Grades]:
    """Compare pairs of records.

    Parameters
    ----------
    matcher : Matcher
        The model.
    frame : DataFrame
        Records in the order of their ids, as they are opened.
    key : str
        Of the matcher's hashes.
    pairs : sequence of (int, int)
        Places in the frame, the smaller first.
    """
    forms = matcher.forms(frame, key)
    forms.insert(0, RECORD, np.arange(len(forms), dtype=np.int64))
    ends = np.asarray(pairs, dtype=np.int64).reshape(-1, 2)
    names = list(matcher.model.roles)
    with duck.opened() as database:
        load(database, as_arrow(forms))
        database.register("wanted", pa.table({"l": ends[:, 0], "r": ends[:, 1]}))
        found = database.execute(f"FROM {graded(matcher.model, 'FROM wanted')}").df()
    rows = found.set_index(["l", "r"]).loc[[tuple(pair) for pair in ends.tolist()]]
    return [
        Grades(
            {name: int(row[name]) for name in names},
            {name: _known(row[f"{name}_rarity"]) for name in names},
        )
        for row in rows.to_dict("records")
    ]


def explained(model: MatchModel, told: Grades) -> Explained:
    """Take a weight apart, as ``scoring.weighed`` puts it together.

    The first kind of one person's pairs is held against strangers, field by field. Then comes what
    the other kinds change: that the one person may have moved speaks for the pair, that the two may
    be related, though not one, speaks against it.
    """
    person, *moved = model.persons
    strangers = model.strangers
    steps = [Step(PRIOR, "", "", _log2(person.prior) - _log2(strangers.prior))]
    for name, role in model.roles.items():
        grade = told.grades[name]
        if grade < 0:
            continue
        ours, theirs = (_field_bits(model, kind, name, told) for kind in (person, strangers))
        rare = ours[1] - theirs[1]
        words = worded(model, name, role)[grade]
        steps.append(Step(FIELD, name, words, ours[0] - theirs[0] + rare, rare))
    against = _bits(model, strangers, told)
    at_home = _bits(model, person, told) - against
    elsewhere = [_bits(model, kind, told) - against for kind in moved]
    if elsewhere:
        gained = _log2_sum([at_home, *elsewhere]) - at_home
        steps.append(Step(MOVED, "one who moved house", "", gained))
    steps += _related(model, told, against)
    untold = tuple(name for name in model.roles if told.grades[name] < 0)
    return Explained(tuple(steps), untold)


def explained_without_values(model: MatchModel, comparison: str, weight: float) -> Explained:
    """Take a weight apart by what is known of it without the values.

    How rare they are is not known then: it is what the other steps leave, as one step.

    Parameters
    ----------
    model : MatchModel
        The one that weighed the pair.
    comparison : str
        How alike the two are, as ``identity.matches`` says it.
    weight : float
        Log2 of the odds.
    """
    told = grades_of(model, comparison)
    found = explained(model, Grades(told, dict.fromkeys(told)))
    rest = weight - found.weight
    steps = [step for step in found.steps if step.kind in (PRIOR, FIELD)]
    others = [step for step in found.steps if step.kind not in (PRIOR, FIELD)]
    return Explained((*steps, Step(RARITY, "", "", rest), *others), found.untold)


def grades_of(model: MatchModel, comparison: str) -> dict[str, int]:
    """Read the grades out of words such as ``first_name equal, birth_date one digit off``.

    Examples
    --------
    >>> from jobs.identity.matching.model import untrained
    >>> model = untrained({"city": Role.CITY}, ("city",), (), linked=False)
    >>> grades_of(model, "city nearly equal")
    {'city': 1}
    """
    found = dict.fromkeys(model.roles, -1)
    rest = comparison
    for name, role in model.roles.items():
        labels = worded(model, name, role)
        # A label may begin as another does, and hold a comma.
        for grade in sorted(range(len(labels)), key=lambda g: -len(labels[g])):
            said = f"{name} {labels[grade]}"
            if rest == said or rest.startswith(f"{said}, "):
                found[name], rest = grade, rest[len(said) + 2 :]
                break
    return found


def worded(model: MatchModel, name: str, role: Role) -> list[str]:
    """Return what the grades of a field are called, from other to equal."""
    return list(_worded(name, role, model.columns))


@cache
def _worded(name: str, role: Role, columns: tuple[str, ...]) -> tuple[str, ...]:
    return (_DIFFERS, *(label for label, _ in grades(name, role, columns)[1:]))


def called(model: MatchModel, kind: Kind) -> str:
    """Say what two people of a kind have in common."""
    if kind.coincident:
        return "namesakes"
    common = {
        role
        for name, role in model.roles.items()
        if not model.by_chance(kind, name) and 1 - kind.shares[name][0] > _MOSTLY
    }
    named, placed = bool(common & NAMES), bool(common & ADDRESS)
    if named and placed and Role.BIRTH_DATE in common:
        return "twins"
    if named and placed:
        return (
            "two of one name and house"
            if {Role.FIRST_NAME, Role.LAST_NAME} <= common
            else "two of one house"
        )
    if named:
        return "two of one name"
    return "two of one place" if placed else "two who are related"


def _related(model: MatchModel, told: Grades, against: float) -> list[Step]:
    """Return a step for each kind of two who are related, the likeliest first."""
    by_name: dict[str, list[float]] = {}
    for kind in model.related:
        by_name.setdefault(called(model, kind), []).append(_bits(model, kind, told) - against)
    likely = sorted(
        ((_log2_sum(bits), name) for name, bits in by_name.items()), key=lambda of: (-of[0], of[1])
    )
    steps = []
    before = 0.0
    for place, (_, name) in enumerate(likely):
        after = _log2_sum([0.0, *(bits for bits, _ in likely[: place + 1])])
        steps.append(Step(RELATED, name, "", before - after))
        before = after
    return steps


def _bits(model: MatchModel, kind: Kind, told: Grades) -> float:
    """Logarithm, to base two, of how likely the grades of a pair are in a kind."""
    fields = [name for name in model.roles if told.grades[name] >= 0]
    return _log2(kind.prior) + sum(sum(_field_bits(model, kind, name, told)) for name in fields)


def _field_bits(model: MatchModel, kind: Kind, name: str, told: Grades) -> tuple[float, float]:
    """Bits of the grade, and of how rare the value is, where two are equal by chance."""
    grade, shares = told.grades[name], kind.shares[name]
    rare = 0.0
    if grade == len(shares) - 1 and model.by_chance(kind, name):
        usual = log2(model.strangers.shares[name][-1])
        rarity = told.rarities[name]
        rare = 0.0 if rarity is None else rarity - usual
    return log2(shares[grade]), rare


def _log2(probability: float) -> float:
    return log2(max(probability, 1e-300))


def _log2_sum(bits: Sequence[float]) -> float:
    """Logarithm of a sum whose parts are given by theirs."""
    return float(np.logaddexp2.reduce(np.asarray(bits, dtype=float)))


def _known(rarity: float | None) -> float | None:
    return None if rarity is None or np.isnan(rarity) else float(rarity)
