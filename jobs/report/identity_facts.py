"""The facts of the identity page: counts and figures alone, read without a JVM."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from jobs.identity.settings import IdentitySettings
from jobs.lake.errors import first_line
from jobs.lake.folders import Folder, lake_root
from jobs.lake.outage import without_password
from jobs.lake.query import records
from jobs.lake.settings import Settings, held_set
from jobs.report.identity_model import IdentityModel, read_models
from jobs.report.identity_suspects import Suspect, suspects

log = logging.getLogger("bespoke")

BIN = 2.0
"""Bits that one column of the histogram of weights is wide."""
NIGHTS = 30
"""Nights of history that are shown."""

_SIZES = """
    SELECT records, count(*) AS persons FROM identity.persons WHERE records > 0
    GROUP BY 1 ORDER BY 1
"""
_KINDS = "SELECT kind, records > 0 AS recorded, count(*) AS n FROM identity.persons GROUP BY ALL"
_AS_OF = "SELECT max(as_of) AS as_of FROM identity.persons"
_LINKS = """
    SELECT coalesce(evidence, 'not said') AS evidence, count(*) AS n FROM identity.links
    WHERE left_id <> right_id GROUP BY 1 ORDER BY 2 DESC, 1
"""
_WEIGHTS = """
    SELECT floor(weight / $1) * $1 AS low, loaded_on = max(loaded_on) OVER () AS last,
        count(*) AS pairs, count_if(weight > $2) AS above
    FROM identity.matches
    WHERE weight IS NOT NULL AND model = (SELECT max(model) FROM identity.matches)
    GROUP BY 1, loaded_on ORDER BY 1
"""
_TYPES = """
    WITH own AS (
        SELECT DISTINCT i.identifier, i.type, i.person_id, i.shared, p.kind
        FROM identity.identifiers i JOIN identity.persons p USING (person_id)
    ), held AS (
        SELECT type, person_id, count(*) AS n FROM own WHERE kind = 'known' AND NOT shared
        GROUP BY ALL
    )
    SELECT type, (SELECT count(*) FROM own o WHERE o.type = t.type) AS identifiers,
        (SELECT count(*) FROM own o WHERE o.type = t.type AND o.shared) AS shared,
        count(h.person_id) AS persons, avg(h.n) AS mean, max(h.n) AS most
    FROM (SELECT DISTINCT type FROM own) t LEFT JOIN held h USING (type)
    GROUP BY type ORDER BY persons DESC, type
"""
_ACTIVITY = """
    WITH used AS (
        SELECT identifier, split_part(identifier, ':', 1) AS type, last_event_at AS at, events
        FROM gold.visits
        WHERE starts_with(identifier, 'device:') OR starts_with(identifier, 'cookie:')
    ), known AS (
        SELECT i.identifier, i.valid_from, i.valid_to FROM identity.identifiers i
        JOIN identity.persons p USING (person_id) WHERE p.kind = 'known'
    )
    SELECT type, sum(events)::BIGINT AS events,
        coalesce(sum(events) FILTER (WHERE k.identifier IS NOT NULL), 0)::BIGINT AS resolved
    FROM used u LEFT JOIN known k ON k.identifier = u.identifier
        AND coalesce(k.valid_from <= u.at, true) AND coalesce(u.at < k.valid_to, true)
    GROUP BY 1 ORDER BY 1
"""
_REVIEW = "SELECT reason, count(*) AS pairs FROM identity.review GROUP BY 1 ORDER BY 2 DESC, 1"
_HOUSEHOLDS = """
    SELECT members, count(DISTINCT household_id) AS households FROM identity.households
    GROUP BY 1 ORDER BY 1
"""
_HISTORY = """
    SELECT as_of, event, count(*) AS persons FROM identity.history GROUP BY ALL ORDER BY 1
"""
_NIGHTS = """
    SELECT as_of, started_at, outputs FROM ops.runs
    WHERE job = 'persons' AND state = 'succeeded' ORDER BY started_at
"""
_CLUSTERS = """
    SELECT count(*) AS persons, sum(records) AS records, count_if(records > 1) AS joined,
        sum(records) FILTER (WHERE records > 1) AS together
    FROM identity.persons WHERE records > 0
"""
_NEW = """
    WITH held AS (
        SELECT left_id AS value, loaded_on FROM identity.links
        WHERE starts_with(left_id, 'email:') OR starts_with(left_id, 'phone:')
        UNION ALL
        SELECT right_id, loaded_on FROM identity.links
        WHERE starts_with(right_id, 'email:') OR starts_with(right_id, 'phone:')
    ), seen AS (SELECT value, min(loaded_on) AS first, max(loaded_on) AS last FROM held GROUP BY 1)
    SELECT count_if(first = $1) AS new, count_if(last = $1) AS told FROM seen
"""


@dataclass(frozen=True)
class Clusters:
    """Persons with records.

    Attributes
    ----------
    as_of : date
        The night.
    persons, records : int
        How many.
    together : int
        Records of persons who have more than one.
    """

    as_of: date
    persons: int
    records: int
    together: int

    @property
    def mean(self) -> float | None:
        """Records a person."""
        return self.records / self.persons if self.persons else None

    @property
    def match_rate(self) -> float | None:
        """Share of the records that are not alone."""
        return self.together / self.records if self.records else None


@dataclass(frozen=True)
class Weights:
    """How many pairs have which weight: lower ends of the columns, pairs, and those of the night.

    Attributes
    ----------
    lows : tuple of float
        Lower end of each column, ``BIN`` apart.
    pairs, last : tuple of int
        Pairs of all nights, and of the last one that weighed any.
    above : int
        Pairs that weigh more than joining takes.
    """

    lows: tuple[float, ...]
    pairs: tuple[int, ...]
    last: tuple[int, ...]
    above: int = 0

    @property
    def drift(self) -> float | None:
        """PSI of the last night's weights against those of the nights before; None with one."""
        before = [a - b for a, b in zip(self.pairs, self.last, strict=True)]
        return psi(before, self.last) if sum(before) and sum(self.last) else None


@dataclass(frozen=True)
class IdentityFacts:
    """What the page says.

    Attributes
    ----------
    made_at : datetime
        When it was read (UTC).
    source : str or None
        The source set.
    as_of : date or None
        The night whose persons they are; None before the first.
    now, before : Clusters or None
        Persons with records, now and on the night before, if that is kept.
    sizes : list of (int, int)
        Records to the number of persons with so many.
    kinds : dict of str to int
        recorded, unrecorded (known by a number only) and anonymous persons.
    links : list of (str, int)
        Feed kind to the pairs of identifiers that it showed.
    weights : Weights
        Of the pairs of records.
    types : list of dict
        Type of identifier: ``identifiers``, ``shared``, ``persons`` who have one, ``mean``,
        ``most``.
    activity : list of (str, int, int)
        device or cookie, events by it, and those whose person is known.
    review, households : list
        Reason to pairs; members to households.
    history : list of (date, str, int)
        Night, event, persons.
    new_values : (int, int)
        Emails and phones that the last night was the first to tell, and all that it told.
    suspects : list of Suspect
        Persons who may be two.
    models : list of IdentityModel or None
        None where MLflow does not answer.
    limits : IdentitySettings
        Of the night.
    """

    made_at: datetime
    source: str | None
    as_of: date | None
    now: Clusters | None
    before: Clusters | None
    sizes: list[tuple[int, int]]
    kinds: dict[str, int]
    links: list[tuple[str, int]]
    weights: Weights
    types: list[dict[str, Any]]
    activity: list[tuple[str, int, int]]
    review: list[tuple[str, int]]
    households: list[tuple[int, int]]
    history: list[tuple[date, str, int]]
    new_values: tuple[int, int]
    suspects: list[Suspect]
    models: list[IdentityModel] | None
    limits: IdentitySettings

    @property
    def model(self) -> IdentityModel | None:
        """The model in use."""
        return next((m for m in self.models or () if m.in_use), None)


def gather(home: Path, now: datetime, settings: Settings) -> IdentityFacts:
    """Read the facts of a home.

    Parameters
    ----------
    home : Path
        Folder of all data; it may be empty.
    now : datetime
        When the page is made.
    settings : Settings
        Where models are tracked, and the limits of identity.
    """
    lake = lake_root(home)
    as_of = next((row["as_of"] for row in records(_AS_OF, lake)), None)
    kinds: dict[str, int] = {}
    for row in records(_KINDS, lake):
        known = "recorded" if row["recorded"] else "unrecorded"
        name = known if row["kind"] == "known" else "anonymous"
        kinds[name] = kinds.get(name, 0) + row["n"]
    told = next(iter(records(_NEW, lake, [as_of])), {}) if as_of else {}
    return IdentityFacts(
        made_at=now,
        source=held_set(home),
        as_of=as_of,
        now=_clusters(lake, as_of, None),
        before=_before(lake, as_of),
        sizes=_pairs(records(_SIZES, lake)),
        kinds=kinds,
        links=_pairs(records(_LINKS, lake)),
        weights=_weights(records(_WEIGHTS, lake, [BIN, settings.identity.matching.accept])),
        types=records(_TYPES, lake),
        activity=[(r["type"], r["events"], r["resolved"]) for r in records(_ACTIVITY, lake)],
        review=_pairs(records(_REVIEW, lake)),
        households=_pairs(records(_HOUSEHOLDS, lake)),
        history=[(r["as_of"], r["event"], r["persons"]) for r in records(_HISTORY, lake)],
        new_values=(told.get("new") or 0, told.get("told") or 0),
        suspects=suspects(lake, settings.identity),
        models=_models(home, settings),
        limits=settings.identity,
    )


def psi(before: Sequence[int], now: Sequence[int]) -> float:
    """Return the population stability index of two counts over the same columns.

    ``sum((q - p) * ln(q / p))`` over the shares ``p`` before and ``q`` now; half a pair is added
    to each column, so that an empty one is not infinite. Below 0.1 little has changed, above 0.25
    much (Siddiqi 2006).

    Examples
    --------
    >>> round(psi([10, 10], [10, 10]), 3), round(psi([90, 10], [50, 50]), 2) > 0.25
    (0.0, True)
    """
    shares = []
    for counts in (before, now):
        total = sum(counts) + 0.5 * len(counts)
        shares.append([(count + 0.5) / total for count in counts])
    return float(sum((q - p) * math.log(q / p) for p, q in zip(*shares, strict=True)))


def _weights(rows: Sequence[Mapping[str, Any]]) -> Weights:
    if not rows:
        return Weights((), (), ())
    first, end = rows[0]["low"], rows[-1]["low"]
    lows = tuple(first + BIN * step for step in range(round((end - first) / BIN) + 1))
    every, last = dict.fromkeys(lows, 0), dict.fromkeys(lows, 0)
    for row in rows:
        every[row["low"]] += row["pairs"]
        last[row["low"]] += row["pairs"] if row["last"] else 0
    above = sum(row["above"] for row in rows)
    return Weights(lows, tuple(every.values()), tuple(last.values()), above)


def _clusters(lake: Folder, as_of: date | None, version: int | None) -> Clusters | None:
    versions = None if version is None else {"identity.persons": version}
    row = next(iter(records(_CLUSTERS, lake, versions=versions)), None)
    if as_of is None or row is None or not row["persons"]:
        return None
    return Clusters(as_of, row["persons"], int(row["records"]), int(row["together"] or 0))


def _before(lake: Folder, as_of: date | None) -> Clusters | None:
    """Persons as the night before found them, as far as that version is kept."""
    nights = [
        (row["as_of"], dict(row["outputs"] or {}).get("identity.persons"))
        for row in records(_NIGHTS, lake)
        if as_of is not None and row["as_of"] < as_of
    ]
    for night, version in sorted(((n, v) for n, v in nights if v is not None))[-1:]:
        try:
            return _clusters(lake, night, version)
        except Exception as error:
            # Vacuumed, or of another form since: then there is nothing to hold against.
            log.info("identity.persons of %s cannot be read: %s", night, first_line(error))
    return None


def _models(home: Path, settings: Settings) -> list[IdentityModel] | None:
    try:
        return read_models(home, settings.models.tracking_uri)
    except Exception as error:
        # Of whatever kind: MLflow's stores raise what their libraries do.
        why = without_password(first_line(error))
        log.warning("the identity page lacks the model: MLflow does not answer: %s", why)
        return None


def _pairs(rows: Sequence[Mapping[str, Any]]) -> list[tuple[Any, int]]:
    return [tuple(row.values()) for row in rows]
