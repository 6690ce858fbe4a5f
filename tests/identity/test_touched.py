"""Touched: resolving what a night bears on gives what resolving all does."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pyspark.sql import SparkSession

from jobs.identity import persons as persons_job
from jobs.identity.persons import persons
from jobs.identity.touched import Touched, touched
from jobs.lake.tables.identity import IDENTIFIERS, LINKS, PERSONS, SIGHTINGS
from jobs.lake.tables.matching import DECISIONS, MATCHES, NAMES, REVIEW
from jobs.lake.tables.silver import CUSTOMERS
from tests.identity.limits import few_holders
from tests.rows import dicts, rows

pytestmark = pytest.mark.slow

FIRST = date(2026, 3, 1)
LIMITS = few_holders(4, links=3, records=3)
WHOLE = LIMITS.model_copy(update={"resolved_whole": 10**9})
IN_PARTS = LIMITS.model_copy(update={"resolved_whole": 0})
NIGHTS = 4
OUT = (NAMES, IDENTIFIERS, PERSONS, REVIEW)
Row = dict[str, Any]


class Town:
    """What nights bring of people in many houses; on each night some of the houses are met."""

    def __init__(self, seed: int, houses: int) -> None:
        self.chance, self.houses = random.Random(seed), houses
        self.links: dict[tuple[str, str], Row] = {}
        self.matches: dict[tuple[str, str], Row] = {}
        self.sightings: list[Row] = []
        self.decisions: list[Row] = []

    def night(self, day: date) -> None:
        """Add what one night brings."""
        for house in range(self.houses):
            if self.chance.random() < (0.8 if day == FIRST else 0.1):
                self._house(house, day)
        self._decided(day)

    def _house(self, house: int, day: date) -> None:
        chance = self.chance
        records = [f"record:crm:{house}-{n}" for n in range(4)]
        logins = [f"login:{house}-{n}" for n in range(2)]
        weak = [f"{kind}:{house}" for kind in ("email", "phone", "device")]
        weak += [f"cookie:{house}-{n}" for n in range(2)]
        # Of the street: an address of many, and a tablet that goes round.
        far = [f"email:street-{house // 8}", f"device:street-{house // 8}"]
        nodes = [*records, *logins, f"customer_no:{house}", *weak, *far]
        for _ in range(chance.randint(1, 5)):
            self._link(chance.choice(nodes), chance.choice(nodes), day)
        for _ in range(chance.randint(0, 3)):
            one, other = chance.sample(records, 2)
            if chance.random() < 0.1:
                other = f"record:crm:{(house + 1) % self.houses}-0"
            self._match(min(one, other), max(one, other), day)
        for _ in range(chance.randint(0, 2)):
            device = chance.choice([None, f"device:{house}", far[1]])
            cookie = chance.choice([None, f"cookie:{house}-0", f"cookie:{house}-1"])
            self._session(device, cookie, chance.choice([None, *logins]), day)

    def _link(self, one: str, other: str, day: date) -> None:
        pair = min(one, other), max(one, other)
        at = datetime(day.year, day.month, day.day, self.chance.randint(0, 23), tzinfo=UTC)
        known = self.links.get(pair, {"first_seen": at, "last_seen": at})
        self.links[pair] = {
            "left_id": pair[0],
            "right_id": pair[1],
            "first_seen": min(known["first_seen"], at),
            "last_seen": max(known["last_seen"], at),
            "loaded_on": day,
        }

    def _match(self, one: str, other: str, day: date) -> None:
        for record in (one, other):
            self._link(record, record, day)
        ends = one.removeprefix("record:"), other.removeprefix("record:")
        self.matches[ends] = {
            "left_id": ends[0],
            "right_id": ends[1],
            "weight": self.chance.choice([None, -9.0, -5.0, -1.0, 2.0, 5.0, 9.0, 14.0]),
            "contradicting": self.chance.random() < 0.2,
            "comparison": "email equal",
            "model": 1,
            "loaded_on": day,
        }

    def _session(
        self, device: str | None, cookie: str | None, login: str | None, day: date
    ) -> None:
        nodes = [node for node in (device, cookie, login) if node]
        if device is None and cookie is None:
            return
        for one in nodes:
            for other in nodes:
                if one < other or len(nodes) == 1:
                    self._link(one, other, day)
        start = datetime(day.year, day.month, day.day, self.chance.randint(0, 20), tzinfo=UTC)
        self.sightings.append(
            {
                "device": device,
                "cookie": cookie,
                "session_id": f"s{len(self.sightings)}",
                "known_as": login,
                "first_seen": start,
                "last_seen": start + timedelta(minutes=self.chance.randint(0, 90)),
                "loaded_on": day,
            }
        )

    def _decided(self, day: date) -> None:
        """Somebody decides on a house, says that an address means nobody, and takes one back."""
        house, kind = self.chance.randrange(self.houses), self.chance.choice(["merge", "split"])
        at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        base = {"why": "seen", "decided_by": "ann", "recorded_at": at}
        sides = {
            "left_ids": [f"record:crm:{house}-0"],
            "right_ids": [f"record:crm:{house}-1"],
        }
        address = f"email:{self.chance.randrange(self.houses)}"
        new: list[Row] = [
            {"kind": kind, **sides},
            {"kind": "block", "left_ids": [address], "right_ids": []},
        ]
        if self.decisions:
            taken = self.chance.choice(self.decisions)["decision_id"]
            new.append({"kind": "withdraw", "withdraws": taken, "left_ids": [], "right_ids": []})
        for row in new:
            self.decisions.append(base | row | {"decision_id": f"d{len(self.decisions):03}"})


def resolved(
    spark: SparkSession, town: Town, before: dict[str, list[Row]], day: date, limits: Any
) -> dict[str, list[Row]]:
    """Tables after a night, from those before it."""
    given = (
        (LINKS, list(town.links.values())),
        (CUSTOMERS, []),
        (MATCHES, list(town.matches.values())),
        (SIGHTINGS, town.sightings),
        (DECISIONS, town.decisions),
        *((table, before[table.id]) for table in OUT),
    )
    frames = persons(
        *(rows(spark, table, values) for table, values in given), as_of=day, settings=limits
    )
    found = {t.id: dicts(t.conform(f)) for t, f in zip(OUT, frames, strict=True)}
    kept = {row["identifier"]: row for row in (*before[NAMES.id], *found[NAMES.id])}
    return found | {NAMES.id: sorted(kept.values(), key=lambda row: row["identifier"])}


def told(tables: dict[str, list[Row]]) -> dict[str, list[str]]:
    """What is to be the same: all but how it was worked out."""
    hidden = ("part", "resolved_by")
    return {
        name: sorted(str({k: v for k, v in row.items() if k not in hidden}) for row in found)
        for name, found in tables.items()
    }


@pytest.mark.parametrize("seed", [1, 2])
def test_what_a_night_bears_on_is_resolved_as_the_whole(
    spark: SparkSession, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    shares = []

    def counted(*given: Any) -> Touched:
        found = touched(*given[:-1], replace(given[-1], most=10**9))
        assert found is not None
        shares.append(found.nodes.count() / len(in_parts[IDENTIFIERS.id]))
        return found

    monkeypatch.setattr(persons_job, "touched", counted)
    town = Town(seed, houses=100)
    whole: dict[str, list[Row]] = defaultdict(list)
    in_parts: dict[str, list[Row]] = defaultdict(list)
    for number in range(NIGHTS):
        day = FIRST + timedelta(days=number)
        town.night(day)
        whole = resolved(spark, town, whole, day, WHOLE)
        in_parts = resolved(spark, town, in_parts, day, IN_PARTS)
        assert told(in_parts) == told(whole), f"on night {number}"
    assert len(shares) == NIGHTS - 1
    assert max(shares) < 0.7
    # The same night again changes nothing.
    assert told(resolved(spark, town, in_parts, day, IN_PARTS)) == told(whole)
