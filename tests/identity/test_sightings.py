"""Sightings: which sessions a night's rows show, and that nights add up."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from jobs.identity.settings import IdentitySettings
from jobs.identity.sightings import sightings
from jobs.identity.spans import timed
from jobs.lake.tables.identity import IDENTIFIERS, SIGHTINGS
from jobs.lake.tables.silver import EVENTS, ORDER_LINES
from tests.rows import dicts, rows

NIGHT, NEXT = date(2026, 3, 1), date(2026, 3, 2)
BROWSED = {"device_id": "d", "cookie_id": "c", "session_id": "s"}


def run(
    spark: SparkSession,
    events: list[dict[str, Any]],
    lines: list[dict[str, Any]] | None = None,
    as_of: date = NIGHT,
) -> DataFrame:
    """Run the job on hand-written rows."""
    frames = rows(spark, EVENTS, events), rows(spark, ORDER_LINES, lines or [])
    return SIGHTINGS.conform(sightings(*frames, as_of=as_of))


def test_a_session_is_folded_by_who_was_logged_in(spark: SparkSession) -> None:
    found = run(
        spark,
        [
            BROWSED | {"occurred_at": "2026-03-01 10:00"},
            BROWSED | {"occurred_at": "2026-03-01 10:05"},
            BROWSED | {"occurred_at": "2026-03-01 10:10", "login": "ann", "customer_no": "7"},
            BROWSED | {"occurred_at": "2026-03-01 10:20", "customer_no": "7"},
            {"login": "ann", "session_id": "s", "occurred_at": "2026-03-01 10:30"},
        ],
    )
    assert dicts(found) == [
        {
            "device": "device:d",
            "cookie": "cookie:c",
            "session_id": "s",
            "known_as": known,
            "first_seen": datetime.fromisoformat(f"2026-03-01 10:{first}"),
            "last_seen": datetime.fromisoformat(f"2026-03-01 10:{last}"),
            "loaded_on": NIGHT,
        }
        for known, first, last in (
            (None, "00", "05"),
            ("customer_no:7", "20", "20"),
            ("login:ann", "10", "10"),
        )
    ]


def test_without_a_session_the_hour_is_one(spark: SparkSession) -> None:
    found = run(
        spark,
        [
            {"cookie_id": "c", "session_id": "", "occurred_at": "2026-03-01 10:59"},
            {"cookie_id": "c", "occurred_at": "2026-03-01 11:00"},
        ],
        [{"device_id": "d", "customer_no": "7", "ordered_at": "2026-03-01 23:30"}],
    )
    assert dicts(found, "session_id", "device", "cookie", "known_as") == [
        {
            "session_id": f"2026-03-01T{hour}",
            "device": device,
            "cookie": cookie,
            "known_as": known,
        }
        for hour, device, cookie, known in (
            (10, None, "cookie:c", None),
            (11, None, "cookie:c", None),
            (23, "device:d", None, "customer_no:7"),
        )
    ]


def test_two_nights_say_what_one_says(spark: SparkSession) -> None:
    """A session that began before midnight is one, in whatever order its nights come."""
    first = [
        BROWSED | {"occurred_at": "2026-03-01 23:50"},
        BROWSED | {"session_id": "b", "login": "bob", "occurred_at": "2026-03-01 12:00"},
        BROWSED | {"session_id": "a", "login": "ann", "occurred_at": "2026-02-01 12:00"},
    ]
    second = [BROWSED | {"login": "ann", "occurred_at": "2026-03-02 00:10"}]
    known = [
        {"identifier": f"login:{name}", "type": "login", "person_id": name, "shared": False}
        for name in ("ann", "bob")
    ] + [
        {
            "identifier": f"{kind}:{kind[0]}",
            "type": kind,
            "person_id": "p_x",
            "shared": True,
            "first_seen": "2026-02-01 12:00",
            "last_seen": "2026-03-02 00:10",
        }
        for kind in ("device", "cookie")
    ]
    people = rows(spark, IDENTIFIERS, known).drop("valid_from", "valid_to")
    nights = [run(spark, first), run(spark, second, as_of=NEXT)]
    once, *others = (
        dicts(timed(people, seen, IdentitySettings()))
        for seen in (
            run(spark, [*first, *second], as_of=NEXT),
            nights[0].unionByName(nights[1]),
            nights[1].unionByName(nights[0]).unionByName(nights[1]),
        )
    )
    assert all(other == once for other in others)
    before_midnight = datetime.fromisoformat("2026-03-01 23:50")
    assert [row["person_id"] for row in once if row["valid_from"] == before_midnight] == [
        "ann",
        "ann",
    ]
