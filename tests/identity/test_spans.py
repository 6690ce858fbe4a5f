"""Spans: whose a device or a cookie was at which time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs.identity.resolve import with_person
from jobs.identity.settings import DeviceType, Identifiers, IdentitySettings, SpanSettings
from jobs.identity.spans import timed
from jobs.lake.tables.identity import IDENTIFIERS, SIGHTINGS
from jobs.lake.tables.silver import EVENTS
from tests.rows import rows

SPANS = SpanSettings(backward_days=10, timeout_minutes=30, handover_chance=0.4)
DAYS = Identifiers(device=DeviceType(days=60), cookie=DeviceType(days=20))
LIMITS = IdentitySettings(identifiers=DAYS, spans=SPANS)
PEOPLE = {"login:ann": "ann", "login:bob": "bob", "login:cyd": "cyd", "customer_no:1": "ann"}
NOBODY = "nobody"


def limited(**spans: int) -> IdentitySettings:
    """Return the settings with other limits of spans."""
    return LIMITS.model_copy(update={"spans": SPANS.model_copy(update=spans)})


class Use(NamedTuple):
    """One sighting: times as ``day hour:minute`` of March."""

    session: str
    who: str | None
    begin: str
    end: str
    device: str | None = "d"
    cookie: str | None = None


def moment(text: str) -> datetime:
    """``9 10:30`` is the ninth of March; days go on beyond the month."""
    day, _, clock = text.partition(" ")
    hour, _, minute = (clock or "0:0").partition(":")
    return datetime(2026, 3, 1, tzinfo=UTC) + timedelta(
        days=int(day) - 1, hours=int(hour), minutes=int(minute)
    )


def frames(
    spark: SparkSession, uses: Sequence[Use], **present: dict[str, Any]
) -> tuple[DataFrame, DataFrame]:
    """Identifiers as they are resolved without time, and the sightings."""
    seen = [
        {
            "device": use.device and f"device:{use.device}",
            "cookie": use.cookie and f"cookie:{use.cookie}",
            "session_id": use.session,
            "known_as": use.who and f"login:{use.who}",
            "first_seen": moment(use.begin),
            "last_seen": moment(use.end),
        }
        for use in uses
    ]
    weak: dict[str, list[dict[str, Any]]] = {}
    for row in seen:
        for name in (row["device"], row["cookie"]):
            if name:
                weak.setdefault(str(name), []).append(row)
    known = [
        {"identifier": name, "type": name.partition(":")[0], "person_id": person, "shared": False}
        for name, person in PEOPLE.items()
    ]
    for name, of_it in weak.items():
        users = {PEOPLE[str(row["known_as"])] for row in of_it if row["known_as"]}
        known.append(
            {
                "identifier": name,
                "type": name.partition(":")[0],
                "person_id": min(users) if len(users) == 1 else f"p_{name}",
                "shared": len(users) > 1,
                "first_seen": min(row["first_seen"] for row in of_it),
                "last_seen": max(row["last_seen"] for row in of_it),
            }
            | present.get(name.replace(":", "_"), {})
        )
    return rows(spark, IDENTIFIERS, known).drop("valid_from", "valid_to"), rows(
        spark, SIGHTINGS, seen
    )


def spans(found: DataFrame) -> dict[str, list[tuple[str, datetime | None, datetime | None]]]:
    """Persons and bounds of each device and cookie, in order."""
    of: dict[str, list[tuple[str, datetime | None, datetime | None]]] = {}
    for row in found.where("type IN ('device', 'cookie')").orderBy("valid_from").collect():
        bounds = (at and at.replace(tzinfo=UTC) for at in (row.valid_from, row.valid_to))
        person = NOBODY if row.person_id.startswith("p_") else row.person_id
        of.setdefault(row.identifier, []).append((person, *bounds))
    return of


def found(spark: SparkSession, *uses: Use, **present: dict[str, Any]) -> dict[str, Any]:
    """Spans of every device and cookie."""
    return spans(timed(*frames(spark, uses, **present), LIMITS))


def whose(spark: SparkSession, uses: Sequence[Use], at: str, identifier: str = "device:d") -> Any:
    """Whose something is that is done at a time."""
    people = timed(*frames(spark, uses), LIMITS)
    event = {"identifier": identifier, "occurred_at": moment(at)}
    (row,) = with_person(rows(spark, EVENTS, [event]), people, "occurred_at").collect()
    return NOBODY if row.person_id and row.person_id.startswith("p_") else row.person_id


def test_a_device_of_one_person_keeps_its_one_row(spark: SparkSession) -> None:
    uses = [Use("1", None, "1", "1"), Use("2", "ann", "5", "5"), Use("3", None, "20", "20")]
    assert found(spark, *uses) == {"device:d": [("ann", None, None)]}


def test_a_device_without_a_login_keeps_its_person(spark: SparkSession) -> None:
    shared = {"person_id": "somebody", "shared": False}
    assert found(spark, Use("1", None, "1", "90"), device_d=shared) == {
        "device:d": [("somebody", None, None)]
    }


TABLET = [
    Use("1", None, "1 10:00", "1 10:10"),
    Use("1", "ann", "1 10:10", "1 10:30"),
    Use("2", "bob", "2 10:00", "2 10:30"),
    Use("2", None, "2 10:40", "2 10:45"),
    Use("3", None, "3 10:00", "3 10:10"),
    Use("4", "ann", "4 10:00", "4 10:30"),
    Use("5", None, "4 10:35", "4 10:50"),
]


def test_a_shared_tablet_is_whose_session_it_is(spark: SparkSession) -> None:
    assert found(spark, *TABLET)["device:d"] == [
        ("ann", moment("1 10:00"), moment("1 11:00")),
        ("bob", moment("2 10:00"), moment("2 11:15")),
        (NOBODY, moment("3 10:00"), moment("3 10:40")),
        ("ann", moment("4 10:00"), moment("4 10:35")),
        (NOBODY, moment("4 10:35"), moment("4 11:20")),
    ]


@pytest.mark.parametrize(
    ("at", "who"),
    [
        ("1 10:05", "ann"),  # before the login, in its session
        ("2 10:42", "bob"),
        ("3 10:05", NOBODY),  # between ann's and bob's, a session without a login
        ("3 20:00", None),  # nothing was seen then
    ],
)
def test_what_is_done_on_a_shared_tablet(spark: SparkSession, at: str, who: str | None) -> None:
    assert whose(spark, TABLET, at) == who


SOLD = [
    Use("0", None, "1", "1"),
    Use("1", "ann", "2", "2 1:00"),
    Use("2", None, "3", "3"),
    Use("3", "ann", "4", "4 1:00"),
    Use("4", None, "9", "9"),
    Use("5", None, "12", "12"),
    Use("5", "bob", "12 1:00", "12 2:00"),
    Use("6", None, "13", "13"),
    Use("7", "bob", "14", "14 1:00"),
    Use("8", None, "30", "30"),
]


def test_a_device_sold_on_is_first_one_s_then_the_other_s(spark: SparkSession) -> None:
    assert found(spark, *SOLD)["device:d"] == [
        ("ann", moment("2") - timedelta(days=10), moment("4 1:30")),
        (NOBODY, moment("9"), moment("9 0:30")),
        ("bob", moment("12"), moment("14 1:00") + timedelta(days=60)),
    ]


def test_one_login_of_another_is_no_sale(spark: SparkSession) -> None:
    uses = [use for use in SOLD if use.session != "7"]
    assert found(spark, *uses)["device:d"] == [
        (NOBODY, moment("1"), moment("1 0:30")),
        ("ann", moment("2"), moment("2 1:30")),
        (NOBODY, moment("3"), moment("3 0:30")),
        ("ann", moment("4"), moment("4 1:30")),
        (NOBODY, moment("9"), moment("9 0:30")),
        ("bob", moment("12"), moment("12 2:30")),
        (NOBODY, moment("13"), moment("30 0:30")),
    ]


def test_the_past_is_joined_within_its_window_only(spark: SparkSession) -> None:
    uses = [Use("1", None, "1", "1"), Use("2", None, "11", "11"), Use("3", "ann", "20", "20 1:00")]
    assert found(spark, *uses)["device:d"] == [
        (NOBODY, moment("1"), moment("1 0:30")),
        ("ann", moment("20") - timedelta(days=10), moment("20 1:00") + timedelta(days=60)),
    ]


def test_a_cookie_is_not_joined_as_long_as_a_device(spark: SparkSession) -> None:
    uses = [Use("1", "ann", "1", "1 1:00", cookie="c"), Use("2", None, "30", "30", cookie="c")]
    assert found(spark, *uses) == {
        "device:d": [("ann", None, None)],
        "cookie:c": [
            ("ann", moment("1") - timedelta(days=10), moment("1 1:00") + timedelta(days=20)),
            (NOBODY, moment("30"), moment("30 0:30")),
        ],
    }


def test_between_logins_too_far_apart_it_is_nobody_s(spark: SparkSession) -> None:
    long_ago = Use("1", "ann", "1", "1", device=None, cookie="c")
    lately = Use("3", "ann", "90", "90", device=None, cookie="c")
    between = Use("2", None, "40", "40", device=None, cookie="c")
    assert [who for who, *_ in found(spark, long_ago, between, lately)["cookie:c"]] == [
        "ann",
        NOBODY,
        "ann",
    ]
    assert found(spark, long_ago, lately) == {"cookie:c": [("ann", None, None)]}


def test_two_logins_of_one_person_are_one_person(spark: SparkSession) -> None:
    days = ((1, "ann"), (2, "bob"), (3, "ann"))
    identifiers, sightings = frames(
        spark, [Use(str(day), who, str(day), str(day)) for day, who in days]
    )
    person = F.when(F.col("identifier") != "login:cyd", "ann").otherwise("cyd")
    one = identifiers.withColumns({"person_id": person, "shared": F.lit(False)})
    assert spans(timed(one, sightings, LIMITS)) == {"device:d": [("ann", None, None)]}


def test_two_in_one_session_have_the_time_between_them_for_nobody(spark: SparkSession) -> None:
    uses = [
        Use("1", None, "1 10:00", "1 12:00"),
        Use("1", "ann", "1 10:10", "1 10:20"),
        Use("1", "bob", "1 11:00", "1 11:10"),
        Use("2", "ann", "2", "2"),
    ]
    people = timed(*frames(spark, uses), LIMITS)
    events = [
        {"event_id": at, "identifier": "device:d", "occurred_at": moment(f"1 {at}")}
        for at in ("10:05", "11:30", "10:55")
    ]
    resolved = with_person(rows(spark, EVENTS, events), people, "occurred_at")
    told = {row.event_id: row.person_id for row in resolved.collect()}
    assert told.pop("10:55").startswith("p_")
    assert told == {"10:05": "ann", "11:30": "bob"}


def test_while_two_are_at_it_neither_is_meant(spark: SparkSession) -> None:
    uses = [
        Use("1", "ann", "1 10:00", "1 11:00"),
        Use("2", "bob", "1 10:30", "1 12:00"),
        Use("3", "ann", "3", "3"),
    ]
    assert found(spark, *uses)["device:d"] == [
        ("ann", moment("1 10:00"), moment("1 10:30")),
        (NOBODY, moment("1 10:30"), moment("1 11:00") + timedelta(microseconds=1)),
        ("bob", moment("1 11:00") + timedelta(microseconds=1), moment("1 12:30")),
        ("ann", moment("3"), moment("3 0:30")),
    ]


def test_a_cookie_of_a_shared_tablet_is_as_doubtful(spark: SparkSession) -> None:
    """Only ann logged in with the cookie, but bob uses the tablet."""
    uses = [
        Use("1", "ann", "1", "1", cookie="new"),
        Use("2", None, "2", "2", cookie="new"),
        Use("3", "ann", "3", "3", cookie="new"),
        Use("4", "bob", "4", "4", cookie="newer"),
        Use("5", "ann", "5", "5", cookie="newer"),
        Use("6", None, "6", "6", device=None, cookie="new"),
    ]
    assert [who for who, *_ in found(spark, *uses)["cookie:new"]] == [
        "ann",
        NOBODY,
        "ann",
        NOBODY,
    ]


def test_a_cookie_without_a_login_is_whose_the_device_was(spark: SparkSession) -> None:
    uses = [*SOLD, Use("x", None, "3", "3", cookie="c"), Use("y", None, "13", "13", cookie="c")]
    assert found(spark, *uses)["cookie:c"] == [
        ("ann", moment("3"), moment("3 0:30")),
        ("bob", moment("13"), moment("13 0:30")),
    ]


def test_a_crowd_s_device_says_nothing_of_its_cookies(spark: SparkSession) -> None:
    limits = limited(max_users=2)
    logins = [Use(str(n), who, str(n), str(n)) for n, who in enumerate(("ann", "bob", "cyd"), 1)]
    cookie = [
        Use("7", "ann", "7", "7", cookie="c"),
        Use("8", None, "8", "8", cookie="c"),
        Use("9", "ann", "9", "9", cookie="c"),
    ]
    people = spans(timed(*frames(spark, [*logins, *cookie]), limits))
    assert people["cookie:c"] == [("ann", None, None)]


def test_a_public_device_has_one_row(spark: SparkSession) -> None:
    limits = limited(max_spans=4)
    people = timed(*frames(spark, TABLET), limits)
    assert spans(people) == {"device:d": [(NOBODY, None, None)]}
    assert people.where("identifier = 'device:d'").first().shared


def test_rows_are_those_of_the_contract(spark: SparkSession) -> None:
    identifiers, sightings = frames(spark, SOLD)
    people = IDENTIFIERS.conform(timed(identifiers, sightings, LIMITS))
    assert people.where("person_id IS NULL OR first_seen > last_seen").count() == 0
    assert people.where("type = 'login'").count() == identifiers.where("type = 'login'").count()


hours = st.integers(0, 24 * 40)
uses = st.builds(
    lambda session, who, begin, lasting, device, cookie: Use(
        f"{session}",
        who,
        f"{begin // 24 + 1} {begin % 24}:00",
        f"{begin // 24 + 1} {begin % 24}:{lasting}",
        device,
        cookie,
    ),
    st.integers(0, 30),
    st.sampled_from([None, None, "ann", "bob", "cyd"]),
    hours,
    st.integers(0, 59),
    st.sampled_from([None, "d", "e", "f", "g"]),
    st.sampled_from("abcdefgh"),
)


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(uses, min_size=20, max_size=80), st.randoms(use_true_random=False))
def test_spans_never_overlap_and_miss_nothing(
    spark: SparkSession, seen: list[Use], random: Any
) -> None:
    people = spans(timed(*frames(spark, seen), LIMITS))
    turned = [*seen]
    random.shuffle(turned)
    assert spans(timed(*frames(spark, turned), LIMITS)) == people
    wanted = {f"device:{u.device}" for u in seen if u.device} | {f"cookie:{u.cookie}" for u in seen}
    assert set(people) == wanted
    early, late = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    for identifier, found_ones in people.items():
        bounds = [(begin or early, end or late) for _, begin, end in found_ones]
        assert all(begin < end for begin, end in bounds)
        assert all(end <= begin for (_, end), (begin, _) in pairwise(bounds))
        for use in seen:
            if identifier in (f"device:{use.device}", f"cookie:{use.cookie}"):
                for at in (moment(use.begin), moment(use.end)):
                    assert sum(begin <= at < end for begin, end in bounds) == 1
