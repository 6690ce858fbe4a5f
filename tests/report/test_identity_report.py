"""The identity page: figures of hand-made tables, and nothing personal."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from jobs.lake.settings import settings
from jobs.lake.store import Lake
from jobs.lake.tables import TABLES
from jobs.report.identity_facts import BIN, IdentityFacts, Weights, gather, psi
from jobs.report.identity_model import read_models
from jobs.report.identity_report import headline, page, warnings
from jobs.report.identity_suspects import suspect, weakest_links
from tests.report.identity_lake import AT, NIGHT, SEEN, IdentityLake

Read = Callable[[], IdentityFacts]


@pytest.fixture
def read(own_home: Path) -> Read:
    return lambda: gather(own_home, datetime(2026, 6, 21, 6, tzinfo=UTC), settings())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> IdentityLake:
    return IdentityLake.made(tmp_path_factory.mktemp("identity") / "home")


@pytest.fixture
def filled(made: IdentityLake, own_home: Path) -> IdentityLake:
    return made.copied(own_home)


def test_an_empty_home_says_that_there_is_nothing_yet(read: Read) -> None:
    facts = read()
    assert headline(facts) == "No records have been put together yet"
    assert "Nothing yet" in page(facts)


def test_records_persons_and_the_match_rate_are_counted(filled: IdentityLake, read: Read) -> None:
    facts = read()
    sizes = filled.people["who"].value_counts()
    together = int(sizes[sizes > 1].sum())
    assert facts.now is not None
    assert (facts.now.records, facts.now.persons) == (len(filled.people), len(sizes))
    assert facts.now.match_rate == pytest.approx(together / len(filled.people))
    assert facts.sizes == [(n, int((sizes == n).sum())) for n in sorted(sizes.unique())]
    assert sum(facts.weights.pairs) == len(filled.matches)


def test_weights_lie_in_columns_from_their_lower_end_up(lake: Lake, read: Read) -> None:
    lake.append_rows(
        TABLES["identity.matches"],
        [
            {"left_id": "a", "right_id": str(n), "weight": weight, "probability": 0.5}
            | {"model": 1, "loaded_on": NIGHT - timedelta(days=n), "version": "1"}
            for n, weight in enumerate([-0.1, 0.0, 1.999, 6.0])
        ],
    )
    found = read().weights
    assert (found.lows, found.pairs) == ((-2, 0, 2, 4, 6), (1, 2, 0, 0, 1))
    assert found.last == (1, 0, 0, 0, 0)
    assert found.above == 1


def test_anonymous_activity_is_somebodys_within_the_time_that_it_was(
    lake: Lake, read: Read
) -> None:
    day = timedelta(days=1)
    known = {"kind": "known", "records": 1, "identifiers": 1, "as_of": NIGHT} | SEEN
    lake.append_rows(
        TABLES["identity.persons"],
        [known | {"person_id": "p"}, known | {"person_id": "q", "kind": "anonymous"}],
    )
    own = {"identifier": "device:1", "type": "device", "shared": False} | SEEN
    lake.append_rows(
        TABLES["identity.identifiers"],
        [
            own | {"person_id": "p", "valid_from": AT - day, "valid_to": AT},
            own | {"person_id": "q", "valid_from": AT, "valid_to": None},
        ],
    )
    counts = dict.fromkeys(["product_views", "searches", "cart_adds", "dwell_ms"], 0)
    lake.append_rows(
        TABLES["gold.visits"],
        [
            {"identifier": name, "session_id": str(at), "event_date": NIGHT, "events": n}
            | {"last_event_at": at, "loaded_on": NIGHT}
            | counts
            for name, at, n in [
                ("device:1", AT - day, 3),
                ("device:1", AT, 5),
                ("device:2", AT, 2),
                ("login:a", AT, 9),
            ]
        ],
    )
    assert read().activity == [("device", 10, 3)]


def test_the_night_before_is_held_against(filled: IdentityLake, lake: Lake, read: Read) -> None:
    before = lake.version(TABLES["identity.persons"])
    ran = {"dag": "nightly", "job": "persons", "state": "succeeded", "started_at": AT}
    lake.append_rows(
        TABLES["ops.runs"],
        [
            ran
            | {"run_id": "n", "as_of": NIGHT - timedelta(days=1)}
            | {"outputs": [("identity.persons", before)]}
        ],
    )
    more = {"person_id": "p_new", "kind": "known", "records": 4, "identifiers": 0}
    filled.add("identity.persons", [more | SEEN | {"as_of": NIGHT}])
    facts = read()
    assert facts.before is not None
    assert facts.now is not None
    assert facts.now.records == facts.before.records + 4
    assert facts.before.as_of == date(2026, 6, 19)


def test_the_model_is_read_without_mlflow(filled: IdentityLake, own_home: Path) -> None:
    (model,) = read_models(own_home, None)
    assert (model.version, model.in_use, model.trained_until) == (1, True, str(NIGHT))
    assert model.trained_on == len(filled.people)
    assert model.rules == ("email", "phone+last_name")


def test_a_model_that_has_seen_less_than_half_is_to_be_trained_anew(
    filled: IdentityLake, read: Read
) -> None:
    facts = read()
    assert warnings(facts) == []
    assert facts.models is not None
    old = [replace(facts.models[0], trained_on=len(filled.people) // 2 - 1)]
    assert "bespoke identity train" in warnings(replace(facts, models=old))[0]


def test_nothing_personal_stands_on_the_page(filled: IdentityLake, read: Read) -> None:
    said = page(read())
    assert not {value for value in filled.values() if value in said}
    assert not re.search(r"https?://", said)


def test_a_person_whose_records_contradict_each_other_is_suspicious(
    filled: IdentityLake, read: Read
) -> None:
    left, right, _ = filled.pairs(one=True)[0]
    filled.lake.update_rows(
        TABLES["identity.matches"],
        f"left_id = '{left}' AND right_id = '{right}'",
        {"contradicting": "true"},
    )
    first = read().suspects[0]
    assert first.person_id == filled.person(left)
    assert "contradicts" in first.reasons[0]
    assert f"bespoke identity explain {first.person_id}" in page(read())


def test_the_weakest_link_is_that_of_the_strongest_way() -> None:
    edges = [
        {"person_id": "p", "l": "a", "r": "b", "bits": 9.0},
        {"person_id": "p", "l": "b", "r": "c", "bits": 4.0},
        {"person_id": "p", "l": "a", "r": "c", "bits": -7.0},
        {"person_id": "q", "l": "d", "r": "e", "bits": 1.5},
    ]
    assert weakest_links(edges) == {"p": 4.0, "q": 1.5}


def test_what_speaks_against_a_person_adds_up() -> None:
    sound = suspect("p", 3, 12.0, 0, {"login": 2}, 1)
    assert (sound.score, sound.reasons) == (0.0, ())
    worse = suspect("p", 16, -1.0, 9, {"login": 3}, 2)
    # Three contradictions, seven bits too few, a birthday, a login and one doubling.
    assert worse.score == pytest.approx(12 + 7 + 2 + 1 + 1)
    assert len(worse.reasons) == 5


def test_drift_is_none_where_nothing_moved_and_grows_with_what_did() -> None:
    assert psi([10, 20, 30], [10, 20, 30]) == pytest.approx(0)
    assert psi([100, 0], [0, 100]) > psi([100, 100], [80, 120]) > 0
    assert Weights((0.0, BIN), (5, 5), (5, 5)).drift is None
    assert Weights((0.0, BIN), (1_000, 1_000), (500, 500)).drift == pytest.approx(0, abs=1e-3)


def test_another_distribution_of_the_night_is_told(filled: IdentityLake, read: Read) -> None:
    moved = Weights((0.0, BIN), (1_000, 1_000), (0, 900))
    assert "PSI" in warnings(replace(read(), weights=moved))[0]
    few = Weights((0.0, BIN), (1_000, 20), (0, 20))
    assert warnings(replace(read(), weights=few)) == []
